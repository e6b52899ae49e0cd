using System.Diagnostics;
using System.Runtime.CompilerServices;
using Rx.Parking;
using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Delivers on the thread of a single writer, which needs no interlocked operation for it.</summary>
/// <remarks>
/// <code>
///   Closed --OpenLocked--> HandedOver --the writer's next event--> Owned --TryCloseLockedOwned--> Closed
///                                                                  Owned --ReleaseEndedOwned----> Ended
/// </code>
/// A subscriber opens the delivery and hands it over to the writer. While it is Owned the cursor is the writer's. If the cursor is before
/// the writer's last event, the writer is inside a delivery: an observer is publishing.
/// </remarks>
internal sealed class SingleWriterDelivery<T> : InlineDelivery<T>
{
    private const int Closed = 0;
    private const int HandedOver = 1;
    private const int Owned = 2;
    private const int Ended = 3;

    /// <summary>See the class remarks. From Closed to HandedOver under the list's lock, with release; else written by the writer. Read with
    /// acquire.</summary>
    private int _phase;

    internal SingleWriterDelivery(EventLog<T> log, ParkingLot<T> parking, ObserverList<T> observers)
        : base(log, parking, observers)
    {
    }

    internal override bool IsDraining => Volatile.Read(ref _phase) == Owned && _cursor.Sequence != _log.Claimed;

    internal override bool IsInside => IsDraining;

    internal override void Deliver(long sequence, int count = 1, ErrorList errors = default)
    {
        if (TryOwn(sequence))
        {
            DrainOwnedAndThrow(errors);
        }
        else
        {
            errors.Throw();
        }
    }

    /// <remarks>
    /// <code>
    /// P (writer):     claim;  mark := published;                    is the delivery open? no: not delivered
    /// C (subscriber): phase := HandedOver; process-wide barrier;    reads the sequence number where it begins
    /// </code>
    /// What is published after the barrier is delivered by its writer. A writer that looked before the barrier claimed before it too: the
    /// subscriptions that join now begin after that event, at the sequence number they read after the barrier.
    /// </remarks>
    private protected override void OpenLocked()
    {
        if (Volatile.Read(ref _phase) == Closed)
        {
            _cursor = _log.JoinNext();
            Volatile.Write(ref _phase, HandedOver);
            Interlocked.MemoryBarrierProcessWide();
        }
    }

    private protected override bool TryCloseLockedOwned()
    {
        if (_log.Claimed != _cursor.Sequence)
        {
            return false;
        }

        _log.SetFlag(PublishFlags.HandOverPending);
        Volatile.Write(ref _phase, Closed);
        return true;
    }

    /// <remarks>Called when dry: every claimed event is delivered then, unless a second thread publishes and so breaks the promise. What
    /// was published while the log was disposed may be where the cursor does not find it.</remarks>
    private protected override bool TryReleaseOwned()
    {
        long claimed = _log.Claimed;
        return claimed == _cursor.Sequence || _log.IsDisposed || (_cursor.IsAtEnd(_log) ? false : throw EventLog<T>.BrokenPromise());
    }

    private protected override void ReleaseEndedOwned() => Volatile.Write(ref _phase, Ended);

    /// <remarks>Without end: there is no other publisher.</remarks>
    private protected override long ShareEndOwned(long last) => long.MaxValue;

    private protected override bool TryHandOverOwned(ref long shareEnd) => throw new UnreachableException();

    private protected override void OnLastRemoved()
    {
    }

    /// <summary>Publishes to one observer.</summary>
    /// <remarks>Calling the observer through several methods would be most of the cost of publishing to one. So it is all in
    /// one method, which calls nothing but the observer. What is needed if that throws lies on the stack, by reference: else the handler
    /// would make this method load from there whatever it needs after the call.</remarks>
    internal void PublishToOne(T value)
    {
        AppendResult result = _log.TryAppendOwned(_cursor.Sequence, value);
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

        // Not inside the try: what leaving throws is not the observer's.
        if (!TryLeave())
        {
            DrainOwnedAndThrow();
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

        AppendResult result = _log.TryAppendOwned(_cursor.Sequence, value);
        if (result != AppendResult.InTail)
        {
            PublishElsewhere(value, result);
        }
        else if (!TryWakeAndCallAllOwned(value) || !TryLeave())
        {
            DrainOwnedAndThrow();
        }
    }

    /// <summary>Finishes publishing an event that is not in the tail, or publishes it from inside a delivery.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void PublishElsewhere(T value, AppendResult result)
    {
        Debug.Assert(_phase == Owned, "A single writer without a pending hand-over owns the delivery.");
        if (result == AppendResult.NotClaimed)
        {
            PublishSlow(value);
        }
        else
        {
            WakeAndDrainOwned();
        }
    }

    /// <summary>Moves over an event that every observer has had; false if there is more to do: something was published inside, an observer
    /// threw, or a subscription waits to be admitted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryLeave()
    {
        _cursor.MoveOn();
        return (_log.Flags & ~PublishFlags.Fast) == 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void PublishSlow(T value)
    {
        Segment<T> tail = _log.TailBeforeClaim();
        EventStamp stamp = _log.TakeStamp();
        long sequence = _log.Claims.ClaimOwned(1);
        _log.Publish(tail, sequence, value, stamp);
        Deliver(sequence, 1, WakeReaders());
    }

    /// <summary>Takes the delivery over for the writer, which has published, unless it delivers further up its stack.</summary>
    private bool TryOwn(long sequence)
    {
        switch (Volatile.Read(ref _phase))
        {
            case Closed or Ended:
                return false;

            case HandedOver:
                // From where the subscriptions begin, which may be before or after what was published now.
                Volatile.Write(ref _phase, Owned);
                _log.ClearFlag(PublishFlags.HandOverPending);
                return true;

            default:
                if (_cursor.Sequence == sequence)
                {
                    return true;
                }

                _log.SetFlag(PublishFlags.PublishedInside);
                return false;
        }
    }
}
