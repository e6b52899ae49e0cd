using System.Reactive.Linq;

namespace Rx.Tests.Operators;

public sealed class ReadAllAsyncWaitTests
{
    [Test, CancelAfter(30_000)]
    public async Task ReadAllAsync_SourceProducesInSubscribe_LosesNothing(CancellationToken ct)
    {
        var read = new List<int>();
        await foreach (int value in Observable.Range(0, 1000).ReadAllAsync(LagPolicy.Wait(3), ct))
        {
            read.Add(value);
        }

        Assert.That(read, Is.EqualTo(Enumerable.Range(0, 1000)));
    }

    [Test, CancelAfter(30_000)]
    public async Task ReadAllAsync_ReaderStopsEarly_FreesTheSource(CancellationToken ct)
    {
        var ended = new TaskCompletionSource();
        IObservable<int> source = Observable.Range(0, int.MaxValue).Finally(ended.SetResult);
        await foreach (int value in source.ReadAllAsync(LagPolicy.Wait(3), ct))
        {
            if (value == 10)
            {
                break;
            }
        }

        await ended.Task.WaitAsync(ct);
    }
}
