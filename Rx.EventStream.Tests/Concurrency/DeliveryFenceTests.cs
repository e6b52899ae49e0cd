using Rx.Delivery;
using Rx.Parking;
using Rx.Storage;

namespace Rx.Tests.Concurrency;

/// <summary>Delivery on the publishing thread, where two threads each store and then load: at least one of them must see the other's store.</summary>
[TestFixture]
internal sealed class DeliveryFenceTests
{
    private const int Rounds = 60_000;

    [Test]
    public void Deliver_HoleFilledAsDrainerLeaves_OneThreadDelivers()
    {
        // P (fills the hole): mark := published;  fence;  does a thread drain? then that thread delivers
        // C (drains):         dry; leaves;                mark? then drain again
        var log = new EventLog<int>(isSingleWriter: false, maxCapacity: 64);
        var delivery = InlineDelivery<int>.Create(log, new ParkingLot<int>(log), new ObserverList<int>(log), maxBacklog: 1024);
        var observer = new Recorder<int>();
        delivery.Add(new InlineSubscription<int>(delivery, observer, null));
        var random = new Random(3);
        Segment<int> tail = null!;
        long hole = 0;
        int attempts = 0;

        TightRace.Run(
            Rounds,
            () =>
            {
                tail = log.TailBeforeClaim();
                hole = log.Claims.Claim(1).Count;
                attempts = random.Next(1, 4);
            },
            () =>
            {
                TightRace.DelayStores();
                log.Publish(tail, hole, (int)hole);
                delivery.Deliver(hole);
            },
            () =>
            {
                for (int i = attempts; i > 0; i--)
                {
                    delivery.Deliver(hole);
                }
            },
            () => delivery.Sequence == hole + 1 ? observer.Breach : $"Event {hole} is published, but no thread delivers it.");

        Assert.That(observer.Count, Is.EqualTo(log.NextSequence)); // as many rounds as there was time for
    }

    [Test]
    public void OnNext_TwoPublishersMeetForTheFirstTime_BothEventsAreDelivered()
    {
        // P (publisher): mark := published; contended; process-wide barrier;  does a thread drain? then that thread delivers
        // C (drainer):   leaves, without a fence;                             contended? then drain again
        EventStream<int> stream = null!;
        var observer = new Recorder<int>();
        int before = 0;

        TightRace.Run(
            Rounds / 3,
            () =>
            {
                stream = new EventStream<int>();
                stream.Subscribe(observer);
                stream.OnNext(-1);
                before = observer.Count;
            },
            () =>
            {
                TightRace.DelayStores();
                stream.OnNext(0);
            },
            () => stream.OnNext(1),
            () => observer.Count == before + 2 ? null : $"{observer.Count - before} of 2 events are delivered.");
    }

    [Test]
    public void ReplayAndJoin_EventAsItStartsWaiting_GetsItOnce([Values] bool isSingleWriter)
    {
        // P (publisher):  mark := published;           does a subscription wait? no: not delivered to it
        // C (subscriber): state := Waiting;  barrier;  mark? then take the subscription back
        var log = new EventLog<int>(isSingleWriter, maxCapacity: 64);
        var delivery = InlineDelivery<int>.Create(log, new ParkingLot<int>(log), new ObserverList<int>(log), maxBacklog: 1024);
        delivery.Add(new InlineSubscription<int>(delivery, new Recorder<int>(), null)); // keeps the delivery open
        Recorder<int> observer = null!;
        InlineSubscription<int> subscription = null!;
        int published = 0;

        TightRace.Run(
            Rounds,
            () =>
            {
                observer = new Recorder<int>();
                subscription = new InlineSubscription<int>(delivery, observer, null, log.JoinNext());
            },
            () => subscription.ReplayAndJoin(),
            () =>
            {
                TightRace.DelayStores();
                delivery.Publish(published++, log.Flags);
            },
            () =>
            {
                string? wrong = observer.Events.SequenceEqual([published - 1])
                    ? observer.Breach
                    : $"The observer got [{string.Join(", ", observer.Events)}] instead of event {published - 1}.";
                subscription.Dispose();
                return wrong;
            });
    }

    [Test]
    public void Join_EventAsDeliveryOpens_GetsItAtOnceOrNever([Values] bool isSingleWriter)
    {
        // P (writer):  mark and claim := published;                        delivery handed over? no: not delivered
        // C (joiner):  handed over := yes;           process-wide barrier;  begins at the number of claims
        EventStream<int> stream = null!;
        Recorder<int> observer = null!;
        IDisposable subscription = null!;

        TightRace.Run(
            Rounds,
            () =>
            {
                stream = new EventStream<int>(new EventStreamOptions { SingleWriter = isSingleWriter });
                observer = new Recorder<int>();
            },
            () => subscription = stream.Subscribe(observer),
            () =>
            {
                TightRace.DelayStores();
                stream.OnNext(0);
            },
            () =>
            {
                // The observer joined before the event or after it. Either way, it must not get the event together with the next one.
                int got = observer.Count;
                stream.OnNext(1);
                string? wrong = observer.Events.SequenceEqual(Enumerable.Range(1 - got, 1 + got))
                    ? observer.Breach
                    : $"The observer got [{string.Join(", ", observer.Events)}], {got} of them before the second event.";
                subscription.Dispose();
                return wrong;
            });
    }

    [Test]
    public void Join_StreamEndsAsObserverIsAdded_IsNotifiedOnce([Values] bool isSingleWriter)
    {
        // P (ends):   end := here;                 which observers are in the list?
        // C (joins):  list := list + me;   fence;  has the stream ended?
        EventStream<int> stream = null!;
        Recorder<int> observer = null!;

        TightRace.Run(
            Rounds,
            () =>
            {
                stream = new EventStream<int>(new EventStreamOptions { SingleWriter = isSingleWriter });
                stream.Subscribe(new Recorder<int>());
                observer = new Recorder<int>();
            },
            () => stream.Subscribe(observer),
            () => stream.OnCompleted(),
            () => observer.Terminals == 1 ? observer.Breach : $"The observer got {observer.Terminals} terminal events.");
    }
}
