using System.Reactive.Disposables;
using System.Reactive.Linq;
using System.Reactive.Subjects;
using Rx.Tests.Contract;

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

    private static LagPolicy[] Policies { get; } =
        [LagPolicy.Unbounded, LagPolicy.Latest, LagPolicy.DropOldest(8), LagPolicy.Fail(8), LagPolicy.Wait(8), LagPolicy.Wait(1)];

    [TestCaseSource(nameof(Policies))]
    public async Task ReadAllAsync_HotSource_SubscribedWhenMoveNextReturns(LagPolicy policy)
    {
        using var source = new Subject<int>();
        await using IAsyncEnumerator<int> events = source.ReadAllAsync(policy).GetAsyncEnumerator();
        Assert.That(source.HasObservers, Is.False, "An enumeration that has not begun has not subscribed.");

        ValueTask<bool> move = events.MoveNextAsync();
        Assert.That(source.HasObservers, Is.True);
        source.OnNext(1);

        Assert.That((await Eventually.Ends(move), events.Current), Is.EqualTo((true, 1)));
    }

    [TestCaseSource(nameof(Policies))]
    public async Task ReadAllAsync_HotSourceWithAStartValue_SubscribedWhenMoveNextReturns(LagPolicy policy)
    {
        using var source = new Subject<int>();
        await using IAsyncEnumerator<int> events = source.StartWith(0).ReadAllAsync(policy).GetAsyncEnumerator();

        ValueTask<bool> move = events.MoveNextAsync();

        Assert.That(source.HasObservers, Is.True);
        Assert.That((await Eventually.Ends(move), events.Current), Is.EqualTo((true, 0)));
        source.OnNext(1);
        Assert.That((await Eventually.Ends(events.MoveNextAsync()), events.Current), Is.EqualTo((true, 1)));
    }

    [TestCaseSource(nameof(Policies))]
    public async Task ReadAllAsync_SubscribeThrows_ThrowsIt(LagPolicy policy)
    {
        var error = new InvalidOperationException();
        await using IAsyncEnumerator<int> events = new ThrowingSource(error).ReadAllAsync(policy).GetAsyncEnumerator();

        Assert.That(async () => await Eventually.Ends(events.MoveNextAsync()), Throws.Exception.SameAs(error));
    }

    [TestCaseSource(nameof(Policies))]
    public async Task ReadAllAsync_AnyPolicy_SubscribesInTheCallersContext(LagPolicy policy)
    {
        var local = new AsyncLocal<int> { Value = 7 };
        int seen = 0;
        IObservable<int> source = Observable.Create<int>(observer =>
        {
            seen = local.Value;
            observer.OnCompleted();
            return Disposable.Empty;
        });
        await using IAsyncEnumerator<int> events = source.ReadAllAsync(policy).GetAsyncEnumerator();

        Assert.That(await Eventually.Ends(events.MoveNextAsync()), Is.False);
        Assert.That(seen, Is.EqualTo(7));
    }

    [Test]
    public async Task ReadAllAsync_CancelledWhileTheSourceWaits_Unsubscribes()
    {
        using var cancellation = new CancellationTokenSource();
        var ended = new TaskCompletionSource();
        IObservable<int> source = Observable.Range(0, int.MaxValue).Finally(ended.SetResult);
        Assert.That(
            async () =>
            {
                await foreach (int value in source.ReadAllAsync(LagPolicy.Wait(3), cancellation.Token))
                {
                    await cancellation.CancelAsync();
                }
            },
            Throws.InstanceOf<OperationCanceledException>().With.Property("CancellationToken").EqualTo(cancellation.Token));

        await Eventually.Ends(ended.Task);
    }

    /// <summary>As with the policies that do not wait.</summary>
    [Test]
    public void ReadAllAsync_UnsubscribingThrows_ThatExceptionComesOut([Values] bool waits)
    {
        IObservable<int> source = Observable.Create<int>(static observer =>
        {
            observer.OnNext(1);
            return Disposable.Create(static () => throw new TimeoutException());
        });

        Assert.That(
            async () =>
            {
                await foreach (int value in source.ReadAllAsync(waits ? LagPolicy.Wait(3) : LagPolicy.Unbounded))
                {
                    break;
                }
            },
            Throws.TypeOf<TimeoutException>());
    }

    /// <summary>More publishers than the pool has threads at once wait for their readers, which the pool runs.</summary>
    [Test, CancelAfter(60_000)]
    public async Task ReadAllAsync_ManyWaitingSources_LeaveThePoolFree(CancellationToken ct)
    {
        int[] counts = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(
            async () =>
            {
                int count = 0;
                await foreach (int value in Observable.Range(0, 100).ReadAllAsync(LagPolicy.Wait(2), ct))
                {
                    count++;
                    await Task.Yield();
                }

                return count;
            },
            ct)));

        Assert.That(counts, Is.All.EqualTo(100));
    }

    private sealed class ThrowingSource(Exception error) : IObservable<int>
    {
        public IDisposable Subscribe(IObserver<int> observer) => throw error;
    }
}
