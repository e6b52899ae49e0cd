using System.Diagnostics;
using System.Runtime.CompilerServices;
using Rx.Parking;
using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Delivers on the thread of a single writer, which needs no interlocked operation for it.</summary>
/// <remarks>
/// <code>
///   Closed --OpenLocked--> HandedOver --the writer's next event--> Delivering --TryLeave, TryReleaseOwned--> Idle
///                                                                   ^    | |                                |
///                                                                   |    | +--ReleaseEndedOwned--> Ended    |
///                                                                   |    +--TryCloseLockedOwned--> Closed   |
///                                                                   +---------the writer's next event-------+
/// </code>
/// A subscriber opens the delivery and hands it over to the writer, which then owns the cursor. An event that is published while the writer
/// is Delivering was published by an observer. While it is Idle, everything claimed is delivered, unless a second thread publishes and so
/// breaks the promise.
/// </remarks>
internal sealed class SingleWriterDelivery<T> : InlineDelivery<T>
{
    private const int Closed = 0;
    private const int HandedOver = 1;
    private const int Delivering = 2;
    private const int Idle = 3;
    private const int Ended = 4;

    /// <summary>See the class remarks. From Closed to HandedOver under the list's lock, with release; else written by the writer. Read with
    /// acquire.</summary>
    private int _phase;

    internal SingleWriterDelivery(EventLog<T> log, ParkingLot<T> parking, ObserverList<T> observers)
        : base(log, parking, observers)
    {
    }

    internal override bool IsDraining => Volatile.Read(ref _phase) == Delivering;

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

    /// <remarks>First the writer begins to deliver: a scheduler may run an observer while readers are woken, and what that publishes is published from inside
    /// the delivery.</remarks>
    internal override void WakeAndDeliver(long sequence, int count = 1)
    {
        ErrorList errors = default;
        bool isOwner = false;
        try
        {
            isOwner = TryOwn(sequence);
        }
        catch (InvalidOperationException error)
        {
            errors.Add(error); // the event is there all the same
        }

        errors.AddRange(isOwner ? WakeReadersOwned() : WakeReaders());
        if (isOwner)
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

    /// <remarks>Called when dry: every claimed event is delivered then, unless the promise is broken. What was published while the log was
    /// disposed may be where the cursor does not find it.</remarks>
    private protected override bool TryReleaseOwned()
    {
        bool isDone = _log.Claimed == _cursor.Sequence || _log.IsDisposed;
        if (!isDone && _cursor.IsAtEnd(_log))
        {
            return false;
        }

        Volatile.Write(ref _phase, Idle);
        return isDone ? true : throw EventLog<T>.BrokenPromise();
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

        Volatile.Write(ref _phase, Delivering); // before the observers are read: see WhenReturnedAsync
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
        else
        {
            Volatile.Write(ref _phase, Delivering); // as in PublishToOne
            if (!TryWakeAndCallAllOwned(value) || !TryLeave())
            {
                DrainOwnedAndThrow();
            }
        }
    }

    /// <summary>Finishes publishing an event that is not in the tail, or publishes it from inside a delivery.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void PublishElsewhere(T value, AppendResult result)
    {
        if (result == AppendResult.NotClaimed)
        {
            PublishSlow(value);
        }
        else
        {
            Volatile.Write(ref _phase, Delivering);
            WakeAndDrainOwned();
        }
    }

    /// <summary>Moves over an event that every observer has had; false if there is more to do: something was published inside, an observer
    /// threw, or a subscription waits to be admitted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryLeave()
    {
        _cursor.MoveOn();
        if ((_log.Flags & ~PublishFlags.Fast) != 0)
        {
            return false;
        }

        Volatile.Write(ref _phase, Idle);
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void PublishSlow(T value)
    {
        Segment<T> tail = _log.TailBeforeClaim();
        EventStamp stamp = _log.TakeStamp();
        long sequence = _log.Claims.ClaimOwned(1);
        _log.Publish(tail, sequence, value, stamp);
        WakeAndDeliver(sequence);
    }

    /// <summary>Begins to deliver what the writer has published, unless it delivers further up its stack.</summary>
    private bool TryOwn(long sequence)
    {
        switch (Volatile.Read(ref _phase))
        {
            case Closed or Ended:
                return false;

            case HandedOver:
                // From where the subscriptions begin, which may be before or after what was published now.
                Volatile.Write(ref _phase, Delivering);
                _log.ClearFlag(PublishFlags.HandOverPending);
                return true;

            case Delivering:
                _log.SetFlag(PublishFlags.PublishedInside);
                return false;

            default:
                if (_cursor.Sequence != sequence)
                {
                    throw EventLog<T>.BrokenPromise();
                }

                Volatile.Write(ref _phase, Delivering);
                return true;
        }
    }
}
