using System.Diagnostics;
using System.Runtime.CompilerServices;
using Rx.Storage;

namespace Rx.Parking;

/// <summary>Where the readers and pumps of a log sleep, and how publishers wake them.</summary>
/// <remarks>
/// Publishing costs O(1) while no owner is parked: one look at the flags, and one at two stacks once an owner may be.
/// <para>Waking runs schedulers, which may throw. A pump whose scheduler throws ends, and keeps the exception as its error. A publisher
/// that wakes also gets the exception; a thread that wakes for another reason does not, since it has nothing to do with that
/// scheduler.</para>
/// </remarks>
internal sealed class ParkingLot<T>(EventLog<T> log)
{
    private const int PollsBeforeBarrier = 8;

    private WaiterStack _direct;
    private WaiterStack _pool;
    private WaiterStack _progress;
    private WaiterStack _end;

    /// <summary>Announces that from now on an owner may park. Must be called before a cursor's first parking.</summary>
    /// <remarks>
    /// <code>
    /// P (writer):       mark := published;  has waiters?  no: no look at the stack
    /// C (first reader): has waiters := yes; process-wide barrier;  park, look at the mark
    /// </code>
    /// The barrier stands in for the fence that the writer does not have: a writer that did not see the flag looked before the barrier, and
    /// then its mark is visible after it.
    /// </remarks>
    internal void AnnounceWaiters()
    {
        if ((log.Flags & PublishFlags.WaitersAnnounced) == 0)
        {
            log.SetFlag(PublishFlags.HasWaiters);
            Interlocked.MemoryBarrierProcessWide();

            // Only after the barrier: a second reader that comes at this moment must not rely on a barrier that is still to come.
            log.SetFlag(PublishFlags.WaitersAnnounced);
        }
    }

    /// <summary>Pushes an owner's entry. The owner must then look whether it is ready, and if so wake all that are parked at the
    /// place.</summary>
    internal void Push(ParkingPlace place, Waiter waiter, IParked owner)
    {
        if (place == ParkingPlace.Progress && (log.Flags & PublishFlags.HasProgressWaiters) == 0)
        {
            log.SetFlag(PublishFlags.HasProgressWaiters);
        }

        if (waiter.Arm(owner))
        {
            StackAt(place).Push(waiter);
        }
    }

    /// <summary>Forgets the owner of an entry, which was disposed or waits no more, and clears away such entries when there are
    /// many.</summary>
    /// <param name="place">Where the entry was pushed.</param>
    /// <param name="waiter">The entry.</param>
    /// <param name="live">About how many entries there could have an owner.</param>
    internal void Abandon(ParkingPlace place, Waiter waiter, int live)
    {
        waiter.Disarm();
        if (waiter.IsOnStack && StackAt(place).Abandon(live))
        {
            StackAt(place).Sweep();
        }
    }

    /// <summary>The look that must come between parking and sleeping; it moves nothing.</summary>
    /// <remarks>
    /// Parking is a store (the push) followed by a load (the mark); publishing is a store (the mark) followed by a load
    /// (the stack). Both sides need a full fence between them. The push is one. A single writer has an explicit one. Of
    /// several writers each has its claim, but the claim comes before the mark:
    /// <code>
    /// P (writer): claim; mark := published;        look at the stack
    /// C (reader): push;  fewer claims than I need?  mark?
    /// </code>
    /// If the slot is not even claimed when the reader looks, the claim comes later, and so does the writer's look at the stack: the
    /// writer will find the push. If it is claimed but not published, the writer may already have looked; a barrier on all
    /// the process's cores comes before or after the writer's mark, and then the mark tells. So the reader pays, which is rare, and
    /// publishing has a single interlocked operation.
    /// <para>Once the entry is on the stack the owner may be woken on another thread and move the cursor, so what is read
    /// here may not fit together. Then it is no longer parked, and the answer has no effect.</para>
    /// </remarks>
    internal bool IsReadyWhileParked(ref readonly Cursor<T> cursor)
    {
        long sequence = cursor.Sequence;
        if (cursor.LooksReady(log))
        {
            return true;
        }

        if (log.IsSingleWriter || log.Claimed <= sequence)
        {
            return false;
        }

        // A writer that is not stopped there publishes within nanoseconds, and the barrier takes microseconds.
        for (int i = 0; i < PollsBeforeBarrier; i++)
        {
            Thread.SpinWait(1);
            if (cursor.LooksReady(log))
            {
                return true;
            }
        }

        Interlocked.MemoryBarrierProcessWide();
        return cursor.LooksReady(log);
    }

    /// <summary>Wakes the parked readers and pumps, and returns what that threw. Called by a writer after it has published.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ErrorList WakeReaders() => HasParkedReaders() ? WakeReadersSlow() : default;

    /// <summary>Whether a reader or pump is parked. Called by a writer after it has published.</summary>
    /// <remarks>Several writers need no fence here, the claim was one; see <see cref="IsReadyWhileParked"/>. A single
    /// writer's claim is a plain store, so it needs its own.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool HasParkedReaders()
    {
        if (log.IsSingleWriter)
        {
            Interlocked.MemoryBarrier();
        }

        return !(_direct.IsEmpty && _pool.IsEmpty);
    }

    /// <summary>Wakes all that are parked at a place, on a thread that does not publish.</summary>
    internal void WakeAll(ParkingPlace place) => WakeChain(StackAt(place).TakeAll());

    /// <summary>Wakes the callers that wait for the end. Called after the end was set, which is a full fence.</summary>
    internal void WakeEnded()
    {
        _end.WakeAll();
        _progress.WakeAll();
    }

    /// <summary>Wakes callers that have waited for what a subscriber has done. Called by the thread that has moved it.</summary>
    /// <remarks>A caller puts a process-wide barrier between its push and its look, so none is needed here.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void NotifyProgress()
    {
        if ((log.Flags & PublishFlags.HasProgressWaiters) != 0 && !_progress.IsEmpty)
        {
            _progress.Sweep();
        }
    }

    /// <summary>Wakes everything that is parked: the log was disposed. Returns what waking readers threw.</summary>
    internal ErrorList WakeEverything()
    {
        Interlocked.MemoryBarrierProcessWide();
        ErrorList errors = WakeChain(_direct.TakeAll());
        errors.AddRange(WakeChain(_pool.TakeAll()));
        WakeEnded();
        return errors;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private ErrorList WakeReadersSlow()
    {
        ErrorList errors = default;
        Waiter? pooled = _pool.TakeAll();
        if (pooled is { Below: null })
        {
            errors = WakeChain(pooled);
        }
        else if (pooled is not null)
        {
            // One work item, however many there are: publishing costs the same for one and for a thousand.
            ThreadPool.UnsafeQueueUserWorkItem(static work => work.Lot.WakeChain(work.Chain).Throw(), (Lot: this, Chain: pooled), preferLocal: false);
        }

        errors.AddRange(WakeChain(_direct.TakeAll()));
        return errors;
    }

    /// <summary>Wakes readers and pumps that were taken off their stack; returns what that threw.</summary>
    private ErrorList WakeChain(Waiter? chain)
    {
        if (chain is null)
        {
            return default;
        }

        object? outer = WakingScope.Enter(log);
        try
        {
            return WaiterStack.WakeChain(chain);
        }
        finally
        {
            WakingScope.Leave(outer);
        }
    }

    private ref WaiterStack StackAt(ParkingPlace place)
    {
        switch (place)
        {
            case ParkingPlace.Direct:
                return ref _direct;
            case ParkingPlace.Pool:
                return ref _pool;
            case ParkingPlace.Progress:
                return ref _progress;
            case ParkingPlace.End:
                return ref _end;
            default:
                throw new UnreachableException();
        }
    }
}
