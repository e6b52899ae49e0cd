namespace Rx.Delivery;

/// <content>Whose turn it is.</content>
internal sealed partial class SchedulerLane<T>
{
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
