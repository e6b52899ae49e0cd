using System.Reactive.Concurrency;
using System.Reactive.Disposables;
using System.Runtime.ExceptionServices;
using Rx.Storage;

namespace Rx.Delivery;

/// <summary>The pumps of one stream on one event loop or synchronization context, which share its actions and take turns event by
/// event.</summary>
/// <remarks>
/// Batches of single pumps would show several events to one observer before the next observer has had the first of them. With Rx each
/// observer has an action for each event, and the scheduler's queue makes them take turns. A lane has that queue itself, so that one action
/// delivers a batch to each of its observers, in the order that Rx would give.
/// <para>A publisher wakes pumps one by one, in subscription order, after it has published one event or several. So an action that runs at that
/// moment may find one pump ready, and another still parked whose turn comes first; <see cref="TakeNext"/> then runs that one first.</para>
/// </remarks>
internal sealed class SchedulerLane<T>(object key, IScheduler scheduler)
{
    private readonly UninterruptibleLock _gate = new();

    /// <summary>The pumps that have not left, in subscription order. Under the lock.</summary>
    private readonly List<LanePump<T>> _pumps = [];

    /// <summary>The pumps that have something to deliver, in the order of their turns. Under the lock.</summary>
    private readonly LinkedList<LanePump<T>> _turns = [];

    /// <summary>Pumps whose turn comes before those in <see cref="_turns"/>. Under the lock.</summary>
    private readonly LinkedList<LanePump<T>> _first = [];

    /// <summary>No pump without a turn stands before this event. Under the lock.</summary>
    private long _leastIdle = long.MaxValue;

    /// <summary>Whether an action is scheduled, or runs. Under the lock.</summary>
    private bool _isActive;

    /// <summary>What was scheduled last, to be cancelled. Written by the thread that schedules, read by the thread that disposes the last
    /// pump; both plain: a cancellation that misses costs an action that finds no pump.</summary>
    private IDisposable? _scheduled;

    private SchedulingState _scheduling;

    /// <summary>What pumps must have in common to share the lane.</summary>
    internal object Key => key;

    internal void Add(LanePump<T> pump)
    {
        using (_gate.Enter())
        {
            // Two threads may subscribe at once, and arrive here in another order than in the list of subscriptions.
            int place = _pumps.Count;
            while (place > 0 && _pumps[place - 1].Number > pump.Number)
            {
                place--;
            }

            _pumps.Insert(place, pump);
            _leastIdle = 0;
        }
    }

    /// <summary>Takes a pump out; true if it was in, and none is left.</summary>
    internal bool Remove(LanePump<T> pump)
    {
        using (_gate.Enter())
        {
            return _pumps.Remove(pump) && _pumps.Count == 0;
        }
    }

    /// <summary>Cancels what is scheduled if every pump has left; none joins any more.</summary>
    internal void CancelIfEmpty()
    {
        bool isEmpty;
        using (_gate.Enter())
        {
            isEmpty = _pumps.Count == 0;
        }

        if (isEmpty)
        {
            _scheduled?.Dispose(); // plain: see the field
        }
    }

    /// <summary>Gives a turn to a pump that has become ready. Throws what the scheduler throws; the caller then ends the pump.</summary>
    internal void Request(LanePump<T> pump)
    {
        using (_gate.Enter())
        {
            if (!pump.IsScheduled)
            {
                return; // too late: the lane has given it this turn already
            }

            InsertLocked(_turns, pump);
            if (_isActive)
            {
                return;
            }

            _isActive = true;
        }

        if (!TrySchedule(pump, out Exception error, out _))
        {
            ExceptionDispatchInfo.Throw(error);
        }
    }

    /// <summary>Gives a pump its next turn: after the others, if it has had one; where it would be, if it was woken too early for an event, and
    /// found none.</summary>
    private void AddLocked(LanePump<T> pump, bool hasDelivered)
    {
        if (!hasDelivered)
        {
            InsertLocked(_turns, pump);
        }
        else if (!pump.HasTurn)
        {
            _turns.AddLast(pump.Turn);
        }
    }

    /// <summary>Gives a pump that was woken its turn: where it would be had it been woken when its event was published. A pump that ran at that
    /// moment found the event in the log, and may have taken its next turn already.</summary>
    private static void InsertLocked(LinkedList<LanePump<T>> turns, LanePump<T> pump)
    {
        if (pump.HasTurn)
        {
            return;
        }

        LinkedListNode<LanePump<T>>? before = turns.Last;
        while (before is not null && pump.ComesBefore(before.Value))
        {
            before = before.Previous;
        }

        if (before is null)
        {
            turns.AddFirst(pump.Turn);
        }
        else
        {
            turns.AddAfter(before, pump.Turn);
        }
    }

    /// <summary>Schedules an action. If the scheduler throws, ends the pumps that have a turn, but for one whose caller does so.</summary>
    private bool TrySchedule(LanePump<T>? but, out Exception error, out bool hasEndedPumps)
    {
        hasEndedPumps = false;
        error = null!;
        try
        {
            _scheduled = scheduler.Schedule(this, static (_, lane) =>
            {
                lane.Run();
                return Disposable.Empty;
            });
            return true;
        }
        catch (Exception thrown)
        {
            error = thrown;
        }

        LanePump<T>[] relying;
        using (_gate.Enter())
        {
            relying = [.. _first, .. _turns];
            _first.Clear();
            _turns.Clear();
            _isActive = false;
        }

        foreach (LanePump<T> pump in relying)
        {
            hasEndedPumps |= pump != but && pump.TryEndScheduled(error);
        }

        return false;
    }

    /// <remarks>A context that runs callbacks at once would nest one action in the other without end; such an action returns, and the loop
    /// that scheduled it continues. See <see cref="SchedulerPump{T}"/>.</remarks>
    private void Run()
    {
        if (_scheduling.TryNoteInside())
        {
            return;
        }

        do
        {
            try
            {
                if (!RunBatches())
                {
                    return;
                }
            }
            catch (Exception thrown)
            {
                // The other observers go on in an action of their own. If that fails too, each of them has ended with that exception.
                if (HasTurns())
                {
                    TrySchedule(null, out _, out _);
                }

                ExceptionDispatchInfo.Throw(thrown);
            }

            bool isScheduled;
            bool hasEndedPumps;
            Exception error;
            _scheduling.Enter();
            try
            {
                isScheduled = TrySchedule(null, out error, out hasEndedPumps);
            }
            finally
            {
                _scheduling.Leave();
            }

            if (!isScheduled)
            {
                if (hasEndedPumps)
                {
                    ExceptionDispatchInfo.Throw(error);
                }

                return; // the scheduler was disposed after the observers
            }
        }
        while (_scheduling.HasRun);
    }

    /// <summary>Lets the pumps take turns, until one of them has had a batch; false if none has anything left to deliver.</summary>
    private bool RunBatches()
    {
        int round = 0;
        int left = 0;
        while (TakeNext(ref round, ref left, out int maxCount) is { } pump)
        {
            long before = pump.Sequence;
            if (pump.RunInLane(maxCount))
            {
                using (_gate.Enter())
                {
                    AddLocked(pump, hasDelivered: pump.Sequence != before);
                }
            }
            else
            {
                using (_gate.Enter())
                {
                    _leastIdle = Math.Min(_leastIdle, pump.Sequence);
                }
            }
        }

        return HasTurns();
    }

    /// <summary>Whether a pump has a turn; if not, the next request schedules an action.</summary>
    private bool HasTurns()
    {
        using (_gate.Enter())
        {
            _isActive = _turns.Count + _first.Count > 0;
            return _isActive;
        }
    }

    /// <summary>Takes the pump whose turn it is, and says how many events it may deliver; null if none has a turn, or the action has
    /// delivered a batch.</summary>
    /// <param name="round">How many rounds have ended.</param>
    /// <param name="left">How many turns are left of this round.</param>
    /// <param name="maxCount">The most events to deliver now: one, unless the pump is alone, or has nothing to deliver at this moment.</param>
    private LanePump<T>? TakeNext(ref int round, ref int left, out int maxCount)
    {
        using (_gate.Enter())
        {
            maxCount = 1;
            if (_first.First is { } first)
            {
                _first.RemoveFirst();
                return first.Value;
            }

            if (left-- == 0)
            {
                round++;
                left = _turns.Count - 1;
            }

            if (_turns.First is not { Value: var pump } || round > pump.MaxBatch)
            {
                return null;
            }

            _turns.RemoveFirst();
            if (_pumps.Count == 1)
            {
                maxCount = pump.MaxBatch;
                round = int.MaxValue - 1; // one batch is all of the action
            }
            else if (!pump.CanDeliver)
            {
                maxCount = 0; // woken too early: what is published from now on wakes others first
            }
            else if (pump.Sequence >= _leastIdle)
            {
                pump = TakeEarlierLocked(pump);
            }

            return pump;
        }
    }

    /// <summary>Looks for pumps that were not woken yet, and are ready for an event before the one that this pump is about to deliver, or for
    /// that one where they subscribed before. They and then this pump get the next turns; returns the first of them.</summary>
    private LanePump<T> TakeEarlierLocked(LanePump<T> pump)
    {
        _leastIdle = long.MaxValue;
        foreach (LanePump<T> other in _pumps)
        {
            if (other == pump || other.HasTurn)
            {
                continue;
            }

            if (other.ComesBefore(pump) && other.TryWakeForLane())
            {
                InsertLocked(_first, other);
            }
            else
            {
                _leastIdle = Math.Min(_leastIdle, other.Sequence);
            }
        }

        _first.AddLast(pump.Turn);
        LanePump<T> next = _first.First!.Value;
        _first.RemoveFirst();
        return next;
    }
}
