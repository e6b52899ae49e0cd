using Rx.Parking;
using Rx.Delivery;
using Rx.Storage;

namespace Rx.Tests.Concurrency;

/// <summary>The places of the delivery on the publishing thread where both sides store and then load: one of them must see the other.</summary>
[TestFixture]
internal sealed class DeliveryDuelTests
{
    private const int Rounds = 60_000;

    [Test]
    public void TryDrain_HoleIsFilledAsTheDelivererLeavesIt_OneOfThemGoesOn()
    {
        // P (fills the hole): mark := published;  fence;  is somebody delivering? then it is theirs
        // C (delivers):       dry; gives up;              mark? then take it up again
        var log = new EventLog<int>(isSingleWriter: false, maxCapacity: 64);
        var delivery = InlineDelivery<int>.Create(log, new ParkingLot<int>(log));
        var observer = new Recorder<int>();
        delivery.Join(new InlineSubscription<int>(delivery, log, observer, null));
        var random = new Random(3);
        Segment<int> tail = null!;
        long hole = 0;
        int looks = 0;

        Duel.Run(
            Rounds,
            () =>
            {
                tail = log.TailBeforeClaim();
                hole = log.Claims.Claim(1).Count;
                looks = random.Next(1, 4);
            },
            () =>
            {
                Duel.DelayStores();
                log.Publish(tail, hole, (int)hole);
                delivery.TryDrain(hole);
            },
            () =>
            {
                for (int i = looks; i > 0; i--)
                {
                    delivery.TryDrain(hole);
                }
            },
            () => delivery.Sequence == hole + 1 ? observer.Breach : $"Event {hole} lies there, and nobody is at it.");

        Assert.That(observer.Count, Is.EqualTo(Rounds));
    }

    [Test]
    public void ReplayAndJoin_EventJustAsItHandsOver_GetsItOnce([Values] bool isSingleWriter)
    {
        // P (publisher):  mark := published;           who waits? none: not delivered to it
        // C (subscriber): state := Waiting;  barrier;  mark? then take the subscription back
        var log = new EventLog<int>(isSingleWriter, maxCapacity: 64);
        var delivery = InlineDelivery<int>.Create(log, new ParkingLot<int>(log));
        delivery.Join(new InlineSubscription<int>(delivery, log, new Recorder<int>(), null)); // keeps the delivery open
        Recorder<int> observer = null!;
        InlineSubscription<int> subscription = null!;
        int published = 0;

        Duel.Run(
            Rounds,
            () =>
            {
                observer = new Recorder<int>();
                subscription = new InlineSubscription<int>(delivery, log, observer, null, log.JoinNext());
            },
            () => subscription.ReplayAndJoin(),
            () =>
            {
                Duel.DelayStores();
                delivery.Publish(published++, log.Flags);
            },
            () =>
            {
                string? wrong = observer.Events.SequenceEqual([published - 1])
                    ? observer.Breach
                    : $"It got [{string.Join(", ", observer.Events)}] of event {published - 1}.";
                subscription.Dispose();
                return wrong;
            });
    }

    [Test]
    public void Join_EventJustAsTheDeliveryOpens_OwesNothing([Values] bool isSingleWriter)
    {
        // P (writer):  mark and claim := published;                        delivery handed over? no: nobody's event
        // C (joiner):  handed over := yes;           process-wide barrier;  where the claims are now, it begins
        EventStream<int> stream = null!;
        Recorder<int> observer = null!;
        IDisposable subscription = null!;

        Duel.Run(
            Rounds,
            () =>
            {
                stream = new EventStream<int>(new EventStreamOptions { SingleWriter = isSingleWriter });
                observer = new Recorder<int>();
            },
            () => subscription = stream.Subscribe(observer),
            () =>
            {
                Duel.DelayStores();
                stream.OnNext(0);
            },
            () =>
            {
                // It joined before the event or behind it. What it must not do is to get it with the next one.
                int got = observer.Count;
                stream.OnNext(1);
                string? wrong = observer.Events.SequenceEqual(Enumerable.Range(1 - got, 1 + got))
                    ? observer.Breach
                    : $"It got [{string.Join(", ", observer.Events)}], {got} of them at once.";
                subscription.Dispose();
                return wrong;
            });
    }

    [Test]
    public void Join_EndJustAsItIsListed_IsTold([Values] bool isSingleWriter)
    {
        // P (ends):   end := here;             who is listed?
        // C (joins):  listed := me;    fence;  has it ended?
        EventStream<int> stream = null!;
        Recorder<int> observer = null!;

        Duel.Run(
            Rounds,
            () =>
            {
                stream = new EventStream<int>(new EventStreamOptions { SingleWriter = isSingleWriter });
                stream.Subscribe(new Recorder<int>());
                observer = new Recorder<int>();
            },
            () => stream.Subscribe(observer),
            () => stream.OnCompleted(),
            () => observer.Terminals == 1 ? observer.Breach : $"It was told {observer.Terminals} times.");
    }
}
