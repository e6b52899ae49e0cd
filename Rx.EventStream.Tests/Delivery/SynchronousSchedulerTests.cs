using System.Reactive.Concurrency;

namespace Rx.Tests.Delivery;

public sealed class SynchronousSchedulerTests
{
    /// <summary>About 15,000 batches. If each ran inside the previous one, the stack would overflow and end the process.</summary>
    [Test]
    public void ObserveOn_SynchronousScheduler_LongBacklogKeepsStackFlat()
    {
        const int Count = 1_000_000;
        IScheduler synchronous = ImmediateScheduler.Instance.Catch<Exception>(_ => false);
        using var stream = new EventStream<int>();
        EventPosition<int> start = stream.GetNextPosition();
        for (int i = 0; i < Count; i++)
        {
            stream.OnNext(i);
        }

        int next = 0;
        using IDisposable subscription = start.AsObservable().ObserveOn(synchronous).Subscribe(value =>
        {
            if (value == next)
            {
                next++;
            }
        });

        Assert.That(next, Is.EqualTo(Count));
    }
}
