using System.Reactive.Concurrency;
using System.Runtime.CompilerServices;
using Rx.Delivery;
using Rx.Parking;
using Rx.Storage;

namespace Rx.Tests.Concurrency;

/// <summary>A late subscriber that has replayed, and that the draining thread then admits, step by step.</summary>
[TestFixture]
internal sealed class JoinerAdmissionTests
{
    [Test]
    public void AdmitOwned_JoinerHasReadEvent_DoesNotGetItAgain()
    {
        // D (drains, at event 0): S waits, at 0                                 admits S
        // S (subscriber):                       sees 0, goes on, reads 0, waits again, at 1
        var log = new EventLog<int>(isSingleWriter: false, maxCapacity: 64);
        var delivery = InlineDelivery<int>.Create(log, new ParkingLot<int>(log), new ObserverList<int>(log), maxBacklog: 1024);
        Cursor<int> start = log.JoinNext();
        var observer = new Recorder<int>();
        Publish(log, 0);
        var subscription = new InlineSubscription<int>(delivery, observer, null, start);
        subscription.ReplayAndJoin();
        Assert.That(observer.Events, Is.EqualTo(new[] { 0 }));

        IObserver<int>? admitted = Step<int>.AdmitOwned(subscription, 0);

        Assert.That(admitted, Is.Null, "The subscriber has had event 0.");
        Publish(log, 1);
        delivery.Deliver(0);
        Assert.That(observer.Events, Is.EqualTo(new[] { 0, 1 }), "The next event follows.");
    }

    [Test]
    public void AdmitOwned_JoinerHasReadLaterEvents_GetsNoneTwice()
    {
        var log = new EventLog<int>(isSingleWriter: false, maxCapacity: 64);
        var delivery = InlineDelivery<int>.Create(log, new ParkingLot<int>(log), new ObserverList<int>(log), maxBacklog: 1024);
        Cursor<int> start = log.JoinNext();
        var observer = new Recorder<int>();
        Publish(log, 0);
        Publish(log, 1);
        Publish(log, 2);
        var subscription = new InlineSubscription<int>(delivery, observer, null, start);
        subscription.ReplayAndJoin();

        for (int sequence = 0; sequence < 3; sequence++)
        {
            // What the drainer does if it checked the state before the subscriber read on.
            Step<int>.AdmitOwned(subscription, sequence)?.OnNext(sequence);
        }

        delivery.Publish(3, log.Flags);
        Assert.That(observer.Events, Is.EqualTo(new[] { 0, 1, 2, 3 }));
    }

    [Test]
    public void HasConsumed_JoinerWaitsBehindTheDelivery_IsFalse([Values] bool isSingleWriter)
    {
        var log = new EventLog<int>(isSingleWriter, maxCapacity: 64);
        var delivery = InlineDelivery<int>.Create(log, new ParkingLot<int>(log), new ObserverList<int>(log), maxBacklog: 1024);
        delivery.Add(new InlineSubscription<int>(delivery, new Recorder<int>(), null));
        var observer = new Recorder<int>();
        var subscription = new InlineSubscription<int>(delivery, observer, null, log.JoinNext());
        delivery.Publish(0, log.Flags);
        subscription.TryWait(); // as one that leaves the rest to a drainer

        Assert.That(subscription.HasConsumed(1), Is.False, "It has yet to replay event 0.");

        delivery.Add(subscription);
        delivery.Publish(1, log.Flags);
        Assert.That(observer.Events, Is.EqualTo(new[] { 0, 1 }));
        Assert.That(subscription.HasConsumed(2), Is.True);
    }

    [Test]
    public void Lag_EventBetweenCreationAndJoin_IsZero([Values] bool isSingleWriter)
    {
        var log = new EventLog<int>(isSingleWriter, maxCapacity: 64);
        var delivery = InlineDelivery<int>.Create(log, new ParkingLot<int>(log), new ObserverList<int>(log), maxBacklog: 1024);
        var subscription = new InlineSubscription<int>(delivery, new Recorder<int>(), null);
        delivery.Publish(0, log.Flags); // before the subscription joins, so it does not get the event
        delivery.Add(subscription);

        Assert.That((subscription.Lag, subscription.Delivered), Is.EqualTo((0L, 0L)), "The subscription joined after the event.");
    }

    [Test]
    public void OnNext_OtherObserversEventLoopDisposed_StillDelivers([Values] bool isGoneFirst)
    {
        using var stream = new EventStream<int>();
        using var loop = new EventLoopScheduler();
        var gone = new EventLoopScheduler();
        var observer = new Recorder<int>();
        if (isGoneFirst)
        {
            stream.ObserveOn(gone).Subscribe(new Recorder<int>());
        }

        stream.ObserveOn(loop).Subscribe(observer);
        if (!isGoneFirst)
        {
            stream.ObserveOn(gone).Subscribe(new Recorder<int>());
        }

        gone.Dispose();
        for (int i = 0; i < 3; i++)
        {
            try
            {
                stream.OnNext(i);
            }
            catch (ObjectDisposedException)
            {
                // Another test covers whether the publisher gets this exception. Here, the other observers must not miss an event.
            }
        }

        Race.Await(() => observer.Count == 3, "the events of the other observer");
    }

    private static void Publish(EventLog<int> log, int value)
    {
        Segment<int> tail = log.TailBeforeClaim();
        log.Publish(tail, log.Claims.Claim(1).Count, value);
    }

    /// <summary>The step after the check of the state, so that a test can act between the two.</summary>
    private static class Step<T>
    {
        [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "AdmitOwned")]
        public static extern IObserver<T>? AdmitOwned(InlineSubscription<T> subscription, long sequence);
    }
}
