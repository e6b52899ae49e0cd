using System.Reactive.Concurrency;

namespace Rx.Tests.Delivery;

public sealed class SynchronousSchedulerTests
{
    /// <summary>Some 15,000 batches: nested in each other they would end the process.</summary>
    [Test]
    public void ObserveOn_SchedulerRunsActionsAtOnce_LongBacklogDoesNotGrowTheStack()
    {
        const int Count = 1_000_000;
        IScheduler atOnce = ImmediateScheduler.Instance.Catch<Exception>(_ => false);
        using var stream = new EventStream<int>();
        EventPosition<int> start = stream.GetNextPosition();
        for (int i = 0; i < Count; i++)
        {
            stream.OnNext(i);
        }

        int next = 0;
        using IDisposable subscription = start.AsObservable().ObserveOn(atOnce).Subscribe(value =>
        {
            if (value == next)
            {
                next++;
            }
        });

        Assert.That(next, Is.EqualTo(Count));
    }
}
