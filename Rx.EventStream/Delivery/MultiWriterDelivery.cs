using System.Runtime.CompilerServices;
using Rx.Parking;
using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Delivers on the threads of several writers, one at a time: the log's <see cref="ClaimWord"/> says which.</summary>
internal sealed class MultiWriterDelivery<T> : InlineDelivery<T>
{
    internal MultiWriterDelivery(EventLog<T> log, ParkingLot<T> parking)
        : base(log, parking)
    {
    }

    internal override bool IsDraining => _log.Claims.Read().IsDraining;

    internal override bool IsInside => _log.Claims.IsDrainedByCurrentThread;

    /// <remarks>
    /// <code>
    /// P (writer): mark := published;  full fence;  does a thread drain? then it delivers this too
    /// C (drainer): dry; leaves by CAS;             mark? then drain again
    /// </code>
    /// </remarks>
    internal override bool TryDrain(long sequence, ErrorList errors = default)
    {
        Interlocked.MemoryBarrier();
        if (!_log.Claims.TryDrain())
        {
            return false;
        }

        DrainOwned(errors);
        return true;
    }

    private protected override void BeginDrainOwned() => _log.Claims.NoteDrainer();

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
            // The place is the number of claims at the moment of opening: a writer that claims later finds the delivery open.
            _cursor.MoveTo(claims.Count);
        }
        while (!_log.Claims.TryOpen(ref claims));
    }

    private protected override bool TryCloseLockedOwned() => _log.Claims.TryClose(_cursor.Sequence);

    private protected override bool TryReleaseOwned()
    {
        Cursor<T> place = _cursor; // to be looked at after the CAS, when the cursor may be another thread's
        ClaimWord.Snapshot claims = _log.Claims.Read();
        if (!_log.Claims.TryRelease(claims))
        {
            return false;
        }

        // Dry before a hole: the writer that fills it drains, unless it looked before the CAS; see TryDrain.
        if (claims.Count == place.Sequence || !place.LooksReady(_log) || !_log.Claims.TryDrain())
        {
            return true;
        }

        _log.Claims.NoteDrainer();
        return false;
    }

    private protected override void ReleaseEndedOwned() => _log.Claims.ReleaseEnded();

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

        if (!TryLeave())
        {
            DrainOwned();
        }
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
        else if (!TryWakeAndCallAllOwned(value) || !TryLeave())
        {
            DrainOwned();
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

    /// <summary>Moves over an event that every observer has had, and leaves as the drainer; false if there is more to do.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryLeave()
    {
        long next = _cursor.Sequence + 1;
        _cursor.MoveTo(next);
        return (_log.Flags & ~PublishFlags.Fast) == 0 && _log.Claims.TryRelease(next);
    }

    /// <summary>Publishes where a flag is set, or another thread drains, or others publish at the same time.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void PublishSlow(T value)
    {
        Segment<T> tail = _log.TailBeforeClaim();
        long time = _log.ReadClock();
        ClaimWord.Snapshot before = _log.Claims.ClaimAndTryDrain(out bool isDrainer);
        long sequence = before.Count;
        _log.Publish(tail, sequence, value, time);
        ErrorList errors = WakeReaders();
        if (isDrainer)
        {
            DrainOwned(errors);
            return;
        }

        if (before.IsOpen && TryDrain(sequence, errors))
        {
            errors = default;
        }

        if (before.IsDraining)
        {
            PublisherBackOff.Pause(ref _cursor, sequence);
        }

        errors.Throw();
    }
}
