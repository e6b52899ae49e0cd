using Rx.Parking;
using System.Reactive.Concurrency;
using System.Runtime.CompilerServices;
using Rx.Delivery;
using Rx.Storage;

namespace Rx.Tests.Concurrency;

/// <summary>A subscriber that has replayed and hands itself over to those who publish, in steps.</summary>
[TestFixture]
internal sealed class HandOverTests
{
    [Test]
    public void AdmitOwned_SubscriberReadTheEventMeanwhile_IsNotGivenItAgain()
    {
        // D (delivers event 0): it waits, at 0                            takes it in
        // S (subscriber):                       sees 0, takes itself back, reads 0, waits again, at 1
        var log = new EventLog<int>(isSingleWriter: false, maxCapacity: 64);
        var delivery = InlineDelivery<int>.Create(log, new ParkingLot<int>(log));
        Cursor<int> start = log.JoinNext();
        var observer = new Recorder<int>();
        Publish(log, 0);
        var subscription = new InlineSubscription<int>(delivery, log, observer, null, start);
        subscription.ReplayAndJoin();
        Assert.That(observer.Events, Is.EqualTo(new[] { 0 }));

        IObserver<int>? taken = Step<int>.AdmitOwned(subscription, 0);

        Assert.That(taken, Is.Null, "It has had event 0.");
        Publish(log, 1);
        delivery.TryDrain(0);
        Assert.That(observer.Events, Is.EqualTo(new[] { 0, 1 }), "And it goes on with the next one.");
    }

    [Test]
    public void AdmitOwned_SubscriberReadBeyondTheEvent_IsGivenNoneTwice()
    {
        var log = new EventLog<int>(isSingleWriter: false, maxCapacity: 64);
        var delivery = InlineDelivery<int>.Create(log, new ParkingLot<int>(log));
        Cursor<int> start = log.JoinNext();
        var observer = new Recorder<int>();
        Publish(log, 0);
        Publish(log, 1);
        Publish(log, 2);
        var subscription = new InlineSubscription<int>(delivery, log, observer, null, start);
        subscription.ReplayAndJoin();

        for (int sequence = 0; sequence < 3; sequence++)
        {
            // What a walk does whose look at the state came before the subscriber read on.
            Step<int>.AdmitOwned(subscription, sequence)?.OnNext(sequence);
        }

        delivery.Publish(3, log.Flags);
        Assert.That(observer.Events, Is.EqualTo(new[] { 0, 1, 2, 3 }));
    }

    [Test]
    public void Lag_EventBetweenMakingAndListing_IsZero([Values] bool isSingleWriter)
    {
        var log = new EventLog<int>(isSingleWriter, maxCapacity: 64);
        var delivery = InlineDelivery<int>.Create(log, new ParkingLot<int>(log));
        var subscription = new InlineSubscription<int>(delivery, log, new Recorder<int>(), null);
        delivery.Publish(0, log.Flags); // nobody is listed, so nobody gets it
        delivery.Join(subscription);

        Assert.That((subscription.Lag, subscription.Delivered), Is.EqualTo((0L, 0L)), "Nothing is owed to it.");
    }

    [Test]
    public void OnNext_EventLoopOfAnotherObserverIsGone_OthersStillGetTheEvent([Values] bool isGoneFirst)
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
                // That the publisher hears of it is for the contract to say; that the others suffer is not.
            }
        }

        Race.Await(() => observer.Count == 3, "the events of the other observer");
    }

    private static void Publish(EventLog<int> log, int value)
    {
        Segment<int> tail = log.TailBeforeClaim();
        log.Publish(tail, log.Claims.Claim(1).Count, value);
    }

    /// <summary>The step behind the look at the state, so that something can come between.</summary>
    private static class Step<T>
    {
        [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "AdmitOwned")]
        public static extern IObserver<T>? AdmitOwned(InlineSubscription<T> subscription, long sequence);
    }
}
