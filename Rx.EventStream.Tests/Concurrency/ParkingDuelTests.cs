using Rx.Parking;
using Rx.Delivery;
using Rx.Storage;

namespace Rx.Tests.Concurrency;

/// <summary>Parking against publishing where the publisher's stores are seen late: only a fence keeps its look at the stack behind them.</summary>
[TestFixture]
internal sealed class ParkingDuelTests
{
    private const int Rounds = 60_000;

    [Test]
    public void Look_MarkIsSeenLate_NobodySleepsBesideTheEvent([Values] bool isSingleWriter)
    {
        // P (writer): mark := published;         is somebody parked?
        // C (reader): push;               fence; mark?
        var log = new EventLog<int>(isSingleWriter, maxCapacity: 64);
        var parking = new ParkingLot<int>(log);
        var reader = new ParkedReader(log, parking);
        int wakes = 0;

        Duel.Run(
            Rounds,
            () => wakes = reader.Wakes,
            () =>
            {
                reader.Push();
                reader.Look();
            },
            () => Publish(log, parking),
            () => reader.Wakes == wakes + 1 && reader.TryRead(out _) ? null : $"Woken {reader.Wakes - wakes} times.");
    }

    [Test]
    public void Arm_EntryIsTakenMeanwhile_IsWokenOrOnTheStack()
    {
        // P (owner): owner := me;             full fence; is it on the stack? then leave it there
        // C (taker): on the stack := no more; full fence; whose is it?        then wake that one
        var log = new EventLog<int>(isSingleWriter: true, maxCapacity: 64);
        var parking = new ParkingLot<int>(log);
        var reader = new ParkedReader(log, parking);
        Waiter? taken = null;
        int wakes = 0;
        bool isOwnerLate = false;

        Duel.Run(
            Rounds,
            () =>
            {
                isOwnerLate = !isOwnerLate;
                reader.Push();
                reader.Waiter.Disarm();
                taken = StackAt<int>.Get(parking, ParkingPlace.Direct).TakeAll();
                wakes = reader.Wakes;
            },
            () =>
            {
                if (isOwnerLate)
                {
                    Duel.DelayStores();
                }

                reader.Push();
            },
            () =>
            {
                if (!isOwnerLate)
                {
                    Duel.DelayStores();
                }

                WaiterStack.WakeChain(taken);
            },
            () =>
            {
                parking.WakeAll(ParkingPlace.Direct);
                return reader.Wakes > wakes ? null : "Neither woken nor on the stack.";
            });
    }

    [Test]
    public void Impose_OwnerSettlesMeanwhile_NoDutyIsLost()
    {
        EventLog<int> log = null!;

        Duel.Run(
            Rounds,
            () => log = new EventLog<int>(isSingleWriter: true, maxCapacity: 64),
            () => log.SetFlag(PublishFlags.HasWaiters),
            () =>
            {
                for (int i = 0; i < 20; i++)
                {
                    log.SetFlag(PublishFlags.PublishedInside);
                    log.ClearFlag(PublishFlags.PublishedInside);
                }
            },
            () => log.Flags == (PublishFlags.HasWaiters | PublishFlags.HandOverPending) ? null : $"To be minded: {log.Flags}.");
    }

    [Test]
    public void ProgressWait_SubscriberMovesMeanwhile_IsTold()
    {
        // P (pump):  has moved;          somebody waits?
        // C (waits): push;      barrier; moved far enough?
        var log = new EventLog<int>(isSingleWriter: true, maxCapacity: 64);
        var parking = new ParkingLot<int>(log);
        int moved = 0;
        int awaited = 0;
        Task waiting = Task.CompletedTask;

        Duel.Run(
            Rounds,
            () => awaited++,
            () =>
            {
                int round = awaited;
                waiting = ProgressWait<int>.Until(parking, () => Volatile.Read(ref moved) >= round, CancellationToken.None);
            },
            () =>
            {
                Duel.DelayStores();
                Volatile.Write(ref moved, awaited);
                parking.NotifyProgress();
            },
            () => SpinWait.SpinUntil(() => waiting.IsCompleted, TimeSpan.FromSeconds(30)) ? null : "It was not told.");
    }

    [Test]
    public void Sweep_SubscriberMovesMeanwhile_WaitIsTold()
    {
        // P (pump):    has moved;                                      does a caller wait?
        // C (sweeper): takes all; not moved; puts back; barrier; has it moved?
        var log = new EventLog<int>(isSingleWriter: true, maxCapacity: 64);
        var parking = new ParkingLot<int>(log);
        int moved = 0;
        int awaited = 0;
        int looked = 0;
        bool isSweeping = false;
        Task waiting = Task.CompletedTask;
        var random = new Random(3);

        Duel.Run(
            Rounds,
            () =>
            {
                int round = ++awaited;
                waiting = ProgressWait<int>.Until(parking, () => HasMoved(round), CancellationToken.None);
            },
            () =>
            {
                isSweeping = true;
                StackAt<int>.Get(parking, ParkingPlace.Progress).Sweep();
                isSweeping = false;
            },
            () =>
            {
                int round = awaited;
                while (Volatile.Read(ref looked) != round)
                {
                }

                Duel.DelayStores();
                Volatile.Write(ref moved, round);
                parking.NotifyProgress();
            },
            () => SpinWait.SpinUntil(() => waiting.IsCompleted, TimeSpan.FromSeconds(30)) ? null : "It was not told.");

        bool HasMoved(int round)
        {
            bool hasMoved = Volatile.Read(ref moved) >= round;
            if (isSweeping && Volatile.Read(ref looked) != round)
            {
                // The entries are off the stack: now the pump moves.
                Volatile.Write(ref looked, round);
                Duel.Skew(random);
            }

            return hasMoved;
        }
    }

    /// <summary>Claims, and then publishes so that others see it late.</summary>
    private static void Publish(EventLog<int> log, ParkingLot<int> parking)
    {
        Segment<int> tail = log.TailBeforeClaim();
        long sequence = log.Claim(1);
        Duel.DelayStores();
        log.Publish(tail, sequence, 0);
        parking.WakeReaders();
    }
}
