using Rx.Parking;
using Rx.Storage;
using Rx.Tests.Concurrency;

namespace Rx.Tests.Parking;

/// <summary>Parking while an event is published, and the publisher's stores become visible late: only a fence orders its check of the stack
/// after them.</summary>
[TestFixture]
[Category("Slow")]
internal sealed class ParkingFenceTests
{
    private const int Rounds = 60_000;

    [Test]
    public void Recheck_MarkIsVisibleLate_ReaderIsWoken([Values] bool isSingleWriter)
    {
        // P (writer): mark := published;         is a reader parked?
        // C (reader): push;               fence; mark?
        var log = new EventLog<int>(isSingleWriter, maxCapacity: 64);
        var parking = new ParkingLot<int>(log);
        var reader = new ParkedReader(log, parking);
        int wakes = 0;

        TightRace.Run(
            Rounds,
            () => wakes = reader.Wakes,
            () =>
            {
                reader.Push();
                reader.Recheck();
            },
            () => Publish(log, parking),
            () => reader.Wakes == wakes + 1 && reader.TryRead(out _) ? null : $"The reader was woken {reader.Wakes - wakes} times.");
    }

    [Test]
    public void Arm_EntryIsBeingTaken_IsWokenOrOnTheStack()
    {
        // P (owner): owner := me;         full fence; is it on the stack? then leave it there
        // C (taker): taken off the stack; full fence; is there an owner? then wake it
        var log = new EventLog<int>(isSingleWriter: true, maxCapacity: 64);
        var parking = new ParkingLot<int>(log);
        var reader = new ParkedReader(log, parking);
        Waiter? taken = null;
        int wakes = 0;
        bool isOwnerLate = false;

        TightRace.Run(
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
                    TightRace.DelayStores();
                }

                reader.Push();
            },
            () =>
            {
                if (!isOwnerLate)
                {
                    TightRace.DelayStores();
                }

                WaiterStack.WakeChain(taken);
            },
            () =>
            {
                parking.WakeAll(ParkingPlace.Direct);
                return reader.Wakes > wakes ? null : "The reader was neither woken nor on the stack.";
            });
    }

    [Test]
    public void ProgressWait_SubscriberMovesAsItParks_Completes()
    {
        // P (pump):   has moved;          does a caller wait?
        // C (caller): push;      barrier; moved far enough?
        var log = new EventLog<int>(isSingleWriter: true, maxCapacity: 64);
        var parking = new ParkingLot<int>(log);
        int moved = 0;
        int awaited = 0;
        Task waiting = Task.CompletedTask;

        TightRace.Run(
            Rounds,
            () => awaited++,
            () =>
            {
                int round = awaited;
                waiting = ProgressWait<int>.Until(parking, () => Volatile.Read(ref moved) >= round, CancellationToken.None);
            },
            () =>
            {
                TightRace.DelayStores();
                Volatile.Write(ref moved, awaited);
                parking.NotifyProgress();
            },
            () => SpinWait.SpinUntil(() => waiting.IsCompleted, TimeSpan.FromSeconds(30)) ? null : "The wait did not complete.");
    }

    [Test]
    public void Sweep_SubscriberMovesDuringSweep_WaitCompletes()
    {
        // P (pump):    has moved;                                      does a caller wait?
        // C (sweeper): takes all; not moved; puts back; barrier; has it moved?
        var log = new EventLog<int>(isSingleWriter: true, maxCapacity: 64);
        var parking = new ParkingLot<int>(log);
        int moved = 0;
        int awaited = 0;
        int checkedRound = 0;
        bool isSweeping = false;
        Task waiting = Task.CompletedTask;
        var random = new Random(3);

        TightRace.Run(
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
                while (Volatile.Read(ref checkedRound) != round)
                {
                }

                TightRace.DelayStores();
                Volatile.Write(ref moved, round);
                parking.NotifyProgress();
            },
            () => SpinWait.SpinUntil(() => waiting.IsCompleted, TimeSpan.FromSeconds(30)) ? null : "The wait did not complete.");

        bool HasMoved(int round)
        {
            bool hasMoved = Volatile.Read(ref moved) >= round;
            if (isSweeping && Volatile.Read(ref checkedRound) != round)
            {
                // The sweep has taken the entries off the stack. Now the pump moves.
                Volatile.Write(ref checkedRound, round);
                TightRace.Skew(random);
            }

            return hasMoved;
        }
    }

    /// <summary>Claims, and then publishes so that other threads see the mark late.</summary>
    private static void Publish(EventLog<int> log, ParkingLot<int> parking)
    {
        Segment<int> tail = log.TailBeforeClaim();
        long sequence = log.Claim(1);
        TightRace.DelayStores();
        log.Publish(tail, sequence, 0);
        parking.WakeReaders();
    }
}
