using System.Diagnostics;
using System.Reactive.Concurrency;
using System.Reactive.Disposables;

namespace Rx.Tests.Concurrency;

/// <summary>Another thread may dispose a subscription while it is still starting.</summary>
[TestFixture]
internal sealed class DisposeAtStartTests
{
    private static readonly TimeSpan _duration = TimeSpan.FromSeconds(2);

    [Test]
    public void Dispose_WhileSubscriptionParks_ReturnsItsLease([Values] bool singleWriter, [Values(1, 2, 64)] int capacity)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = singleWriter, SegmentCapacity = capacity });
        bool isOver = false;
        Thread[] disposers = [NewDisposer(), NewDisposer()];
        Array.ForEach(disposers, d => d.Start());
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < _duration)
        {
            for (int i = 0; i < 100; i++)
            {
                stream.ObserveOn(new NeverScheduler()).Subscribe(_ => { });
            }

            Thread.Yield();
        }

        Volatile.Write(ref isOver, true);
        Array.ForEach(disposers, d => d.Join());
        foreach (EventSubscription subscription in stream.Subscriptions)
        {
            subscription.Dispose();
        }

        for (int i = 0; i < 4 * capacity; i++)
        {
            stream.OnNext(i);
        }

        Assert.That(stream.Subscriptions, Is.Empty);
        Assert.That(stream.Log.CountSegments(), Is.LessThanOrEqualTo(2), "Every segment but the newest is closed.");

        Thread NewDisposer() => new(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                foreach (EventSubscription subscription in stream.Subscriptions)
                {
                    subscription.Dispose();
                }
            }
        })
        { IsBackground = true };
    }

    private sealed class NeverScheduler : LocalScheduler
    {
        public override IDisposable Schedule<TState>(TState state, TimeSpan dueTime, Func<IScheduler, TState, IDisposable> action) =>
            Disposable.Empty;
    }
}
