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
        var reader = new ParkedReader(log);
        int wakes = 0;

        Duel.Run(
            Rounds,
            () => wakes = reader.Wakes,
            () =>
            {
                reader.Push();
                reader.Look();
            },
            () => Publish(log),
            () => reader.Wakes == wakes + 1 && reader.TryRead(out _) ? null : $"Woken {reader.Wakes - wakes} times.");
    }

    [Test]
    public void Arm_EntryIsTakenMeanwhile_IsWokenOrOnTheStack()
    {
        // P (owner): owner := me;             full fence; is it on the stack? then leave it there
        // C (taker): on the stack := no more; full fence; whose is it?        then wake that one
        var log = new EventLog<int>(isSingleWriter: true, maxCapacity: 64);
        var reader = new ParkedReader(log);
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
                taken = log.Waiting.TakeAll();
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
                log.Waiting.WakeAll();
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
            () => log.Impose(Duties.Wake),
            () =>
            {
                for (int i = 0; i < 20; i++)
                {
                    log.Impose(Duties.Settle);
                    log.Relieve(Duties.Settle);
                }
            },
            () => log.Duties == Duties.Wake ? null : $"To be minded: {log.Duties}.");
    }

    [Test]
    public void ProgressWait_SubscriberMovesMeanwhile_IsTold()
    {
        // P (pump):  has moved;          somebody waits?
        // C (waits): push;      barrier; moved far enough?
        var log = new EventLog<int>(isSingleWriter: true, maxCapacity: 64);
        int moved = 0;
        int awaited = 0;
        Task waiting = Task.CompletedTask;

        Duel.Run(
            Rounds,
            () => awaited++,
            () =>
            {
                int round = awaited;
                waiting = ProgressWait<int>.Until(log, () => Volatile.Read(ref moved) >= round, CancellationToken.None);
            },
            () =>
            {
                Duel.DelayStores();
                Volatile.Write(ref moved, awaited);
                log.TellProgress();
            },
            () => SpinWait.SpinUntil(() => waiting.IsCompleted, TimeSpan.FromSeconds(30)) ? null : "It was not told.");
    }

    [Test]
    public void Sweep_SubscriberMovesMeanwhile_WaitIsTold()
    {
        // P (pump):    has moved;                                      does a caller wait?
        // C (sweeper): takes all; not moved; puts back; barrier; has it moved?
        var log = new EventLog<int>(isSingleWriter: true, maxCapacity: 64);
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
                waiting = ProgressWait<int>.Until(log, () => HasMoved(round), CancellationToken.None);
            },
            () =>
            {
                isSweeping = true;
                log.Side.ForProgress.Sweep();
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
                log.TellProgress();
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
    private static void Publish(EventLog<int> log)
    {
        Segment<int> tail = log.TailBeforeClaim();
        long sequence = log.IsSingleWriter ? log.ClaimSingle() : EventLog<int>.CountOf(log.ClaimShared());
        Duel.DelayStores();
        log.Publish(tail, sequence, 0);
        log.WakeReaders();
    }
}
