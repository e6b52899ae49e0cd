using System.Runtime.CompilerServices;
using Rx.Parking;
using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Delivers on the threads of several writers, one at a time: the log's <see cref="ClaimWord"/> says which.</summary>
/// <remarks>
/// <para>No thread is captured: a drainer that has had its share hands the delivery over to a publisher that waits for its turn, or else
/// offers it to the next one that publishes. And the backlog is bounded: a publisher waits for its turn once
/// <see cref="EventStreamOptions.MaxInlineBacklog"/> events wait.</para>
/// </remarks>
internal sealed partial class MultiWriterDelivery<T> : InlineDelivery<T>, IWaitedFor
{
    /// <summary>How many events a drainer that has had its share delivers between two looks for a thread to hand over to.</summary>
    private const int OfferInterval = 16;

    private readonly TurnQueue _turns = new();

    /// <summary>The most events that wait before publishers wait too; and a drainer's share of other publishers' events.</summary>
    private readonly int _maxBacklog;

    internal MultiWriterDelivery(EventLog<T> log, ParkingLot<T> parking, ObserverList<T> observers, int maxBacklog)
        : base(log, parking, observers) => _maxBacklog = maxBacklog;

    internal override bool IsDraining => _log.Claims.Read().IsDraining;

    internal override bool IsInside => _log.Claims.IsDrainedByCurrentThread;

    bool IWaitedFor.IsHeldBy(WaitingThread thread) => _log.Claims.DrainerThread == thread.Thread.Id;

    /// <remarks>
    /// <code>
    /// P (writer):  mark := published;  contended;  process-wide barrier;  does a thread drain? then it delivers this too
    /// C (drainer): dry; leaves;                                           contended? then fence, and drain again if there is more
    /// </code>
    /// Once the barrier is over, every drainer sees the flag, and the writer's own fence is enough.
    /// </remarks>
    internal override void Deliver(long sequence, int count = 1, ErrorList errors = default)
    {
        long last = sequence + count - 1;
        if (!TryDrain(last, ref errors))
        {
            if (IsInside)
            {
                if ((_log.Flags & PublishFlags.PublishedInside) == 0)
                {
                    _log.SetFlag(PublishFlags.PublishedInside);
                }

                errors.Throw();
                return;
            }

            if (_log.Claims.Read().IsOpen)
            {
                AnnounceContention();
                TryDrain(last, ref errors);
            }
        }

        WaitForTurns(last, ref errors);
        errors.Throw();
    }

    private protected override void OpenLocked()
    {
        ClaimWord.Snapshot claims = _log.Claims.Read();
        if (claims.IsOpen)
        {
            return;
        }

        _cursor = _log.JoinNext();
        do
        {
            // The place is the number of claims at the moment of opening: a writer that claims later finds the delivery open. It is not after the end.
            _cursor.MoveTo(claims.IsEnded ? _log.NextSequence : claims.Count);
        }
        while (!_log.Claims.TryOpen(ref claims));
    }

    private protected override bool TryCloseLockedOwned()
    {
        bool isClosed = _log.Claims.TryClose(_cursor.Sequence);
        if (isClosed)
        {
            _turns.CallAll();
        }

        return isClosed;
    }

    private protected override bool TryReleaseOwned()
    {
        Cursor<T> place = _cursor; // to be looked at after the CAS, when the cursor may be another thread's
        ClaimWord.Snapshot claims = _log.Claims.Read();
        if (!_log.Claims.TryRelease(claims))
        {
            return false;
        }

        _turns.CallDelivered(place.Sequence);

        // Dry before a hole: the writer that fills it drains, unless it looked before the CAS; see Deliver.
        return claims.Count == place.Sequence || !place.LooksReady(_log) || !_log.Claims.TryDrain();
    }

    private protected override void ReleaseEndedOwned()
    {
        _log.Claims.Release();
        Interlocked.MemoryBarrier(); // see TryWaitForTurn
        _turns.CallAll();
    }

    private protected override long ShareEndOwned(long last) => Math.Max(last + 1, _cursor.Sequence + _maxBacklog);

    private protected override bool TryHandOverOwned(ref long shareEnd)
    {
        shareEnd = _cursor.Sequence + OfferInterval;
        if (_turns.IsEmpty)
        {
            if (!_log.Claims.Read().IsOffered)
            {
                _log.Claims.Offer();
            }

            return false;
        }

        _log.Claims.HandOver();
        if (_turns.TryHandOver(_cursor.Sequence))
        {
            return true;
        }

        _log.Claims.TakeOver();
        return false;
    }

    private protected override void OnLastRemoved() => _turns.CallAll();

    /// <summary>Publishes to one observer.</summary>
    /// <remarks>In one method, as in <see cref="SingleWriterDelivery{T}"/>, and for the same reason.</remarks>
    internal void PublishToOne(T value)
    {
        AppendResult result = _log.TryAppendAndDrain(_cursor.Sequence, value);
        if (result != AppendResult.InTail)
        {
            PublishElsewhere(value, result);
            return;
        }

        if (OnlyObserver is not { } only)
        {
            WakeAndDrainOwned();
            return;
        }

        InlineDelivery<T> owner = this;
        try
        {
            only.OnNext(value);
        }
        catch (Exception error)
        {
            ResumeOwned(ref owner, error);
            return;
        }

        LeaveOwned();
    }

    /// <summary>Publishes where there may be more observers than one, or parked readers, or less usual conditions.</summary>
    internal void PublishToMany(T value, PublishFlags flags)
    {
        if ((flags & ~PublishFlags.Fast) != 0)
        {
            PublishSlow(value);
            return;
        }

        AppendResult result = _log.TryAppendAndDrain(_cursor.Sequence, value);
        if (result != AppendResult.InTail)
        {
            PublishElsewhere(value, result);
        }
        else if (!TryWakeAndCallAllOwned(value))
        {
            DrainOwnedAndThrow();
        }
        else if ((flags & PublishFlags.Contended) == 0)
        {
            LeaveOwned();
        }
        else
        {
            LeaveContendedOwned();
        }
    }

    /// <summary>Finishes publishing an event that is not in the tail.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void PublishElsewhere(T value, AppendResult result)
    {
        if (result == AppendResult.NotClaimed)
        {
            PublishSlow(value);
        }
        else
        {
            WakeAndDrainOwned();
        }
    }

    /// <summary>Moves over an event that every observer has had, and leaves as the drainer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void LeaveOwned()
    {
        long next = _cursor.Sequence + 1;
        _cursor.MoveTo(next);
        _log.Claims.Release();
        if ((_log.Flags & ~PublishFlags.Uncontended) != 0)
        {
            LookAgain(next);
        }
    }

    /// <summary>As <see cref="LeaveOwned"/>, where publishers have met: leaves with a fence, and drains again if there is more to do than the one
    /// event.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void LeaveContendedOwned()
    {
        long next = _cursor.Sequence + 1;
        _cursor.MoveTo(next);
        ClaimWord.Snapshot left = _log.Claims.Leave(); // the fence: see Deliver and TryWaitForTurn
        if (HasMore(left, next))
        {
            DrainAgain(next);
        }
    }

    /// <summary>Drains again after leaving without a fence, if there is more to do than the one event.</summary>
    /// <param name="next">Where the cursor stood.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void LookAgain(long next)
    {
        Interlocked.MemoryBarrier(); // see Deliver and TryWaitForTurn
        if (HasMore(_log.Claims.Read(), next))
        {
            DrainAgain(next);
        }
    }

    /// <summary>Whether there is more to do for a drainer that has left; read after a fence.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool HasMore(ClaimWord.Snapshot left, long next) =>
        left.Count != next || (_log.Flags & ~PublishFlags.Fast) != 0 || !_turns.IsEmpty;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void DrainAgain(long next)
    {
        _turns.CallDelivered(next);
        ErrorList errors = default;
        TryDrain(next - 1, ref errors);
        errors.Throw();
    }

    /// <summary>Publishes where a flag is set, or another thread drains, or others publish at the same time.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void PublishSlow(T value)
    {
        Segment<T> tail = _log.TailBeforeClaim();
        EventStamp stamp = _log.TakeStamp();
        ClaimWord.Snapshot before = _log.Claims.ClaimAndTryDrain(out bool isDrainer);
        long sequence = before.Count;
        _log.Publish(tail, sequence, value, stamp);
        ErrorList errors = isDrainer ? WakeReadersOwned() : WakeReaders();
        if (isDrainer)
        {
            DrainOwned(ref errors, sequence);
            WaitForTurns(sequence, ref errors);
        }
        else if (before.IsOpen)
        {
            Deliver(sequence, 1, errors);
            return;
        }

        errors.Throw();
    }

    private bool TryDrain(long last, ref ErrorList errors)
    {
        if (!_log.Claims.TryDrain())
        {
            return false;
        }

        DrainOwned(ref errors, last);
        return true;
    }
}
