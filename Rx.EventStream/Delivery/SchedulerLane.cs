using System.Reactive.Concurrency;
using System.Reactive.Disposables;
using System.Runtime.ExceptionServices;
using Rx.Parking;
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
internal sealed partial class SchedulerLane<T>(object key, IScheduler scheduler)
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

    /// <summary>How many actions have begun. Written under the lock with release, read with acquire by a thread that schedules.</summary>
    private int _actionsBegun;

    /// <summary>What pumps must have in common to share the lane.</summary>
    internal object Key => key;

    internal int ActionsBegun => Volatile.Read(ref _actionsBegun);

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

    /// <summary>Gives a turn to a pump that has become ready. Throws what the scheduler throws.</summary>
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

        if (!TrySchedule(out Exception error, out _))
        {
            ExceptionDispatchInfo.Throw(error);
        }
    }

    /// <summary>Schedules an action. If the scheduler takes none, ends the pumps that have a turn.</summary>
    /// <param name="error">What the scheduler threw.</param>
    /// <param name="isNews">Whether the caller must throw it: pumps have ended with it, or it has passed through an action.</param>
    private bool TrySchedule(out Exception error, out bool isNews)
    {
        isNews = false;
        error = null!;
        int begun = ActionsBegun;
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
            if (_actionsBegun != begun)
            {
                isNews = true; // the action serves the turns
                return false;
            }

            relying = [.. _first, .. _turns];
            _first.Clear();
            _turns.Clear();
            _isActive = false;
        }

        foreach (LanePump<T> pump in relying)
        {
            isNews |= pump.TryEndScheduled(error);
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

        using (_gate.Enter())
        {
            Volatile.Write(ref _actionsBegun, _actionsBegun + 1);
        }

        ErrorList errors = default; // they leave once the others have an action; where that runs at once, together with what leaves it
        do
        {
            bool hasMore;
            try
            {
                hasMore = RunBatches();
            }
            catch (Exception thrown)
            {
                errors.Add(thrown);
                hasMore = HasTurns();
            }

            if (!hasMore)
            {
                break;
            }

            bool isScheduled;
            bool isNews;
            Exception error;
            _scheduling.Enter();
            try
            {
                isScheduled = TrySchedule(out error, out isNews);
            }
            finally
            {
                _scheduling.Leave();
            }

            if (!isScheduled)
            {
                if (isNews)
                {
                    errors.Add(error);
                }

                break; // if it is no news, the scheduler was disposed after the observers
            }
        }
        while (_scheduling.HasRun);
        errors.Throw();
    }

    /// <summary>Lets the pumps take turns, until one of them has had a batch; false if none has anything left to deliver.</summary>
    private bool RunBatches()
    {
        int round = 0;
        int left = 0;
        while (TakeNext(ref round, ref left, out int maxCount) is { } pump)
        {
            long before = pump.Sequence;
            bool hasMore = false;
            try
            {
                hasMore = pump.RunInLane(maxCount);
            }
            finally
            {
                using (_gate.Enter())
                {
                    if (hasMore)
                    {
                        AddLocked(pump, hasDelivered: pump.Sequence != before);
                    }
                    else
                    {
                        _leastIdle = Math.Min(_leastIdle, pump.Sequence);
                    }
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
}
