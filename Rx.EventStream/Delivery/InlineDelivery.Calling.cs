using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Rx.Parking;
using Rx.Storage;

namespace Rx.Delivery;

/// <content>Calling observers, and what happens when one throws.</content>
internal abstract partial class InlineDelivery<T>
{
    /// <summary>The array that was walked over last, kept for the case that an observer throws. For the drainer.</summary>
    private IObserver<T>?[] _walked = [];

    /// <summary>The slot of the observer that is being called, 0 between events, -1 while readers are woken before the observers are called. Written
    /// by the drainer, read by any thread for figures.</summary>
    private nint _slot;

    /// <summary>What observers threw during the current delivery; the drainer takes it along when it leaves. For the drainer.</summary>
    private ErrorList _errors;

    /// <summary>Whether a thread drains the delivery, and calls its observers: it has read which.</summary>
    internal bool IsCalling => IsDraining && Volatile.Read(ref _slot) >= 0;

    /// <summary>Keeps what an observer threw until the delivery is over. For the drainer.</summary>
    internal void AddErrorOwned(Exception error)
    {
        _errors.Add(error);
        _log.SetFlag(PublishFlags.ObserverThrew);
    }

    /// <summary>Completes when no thread calls an observer any more that has ended.</summary>
    /// <remarks>
    /// <code>
    /// P (drainer): cursor := n; drains := yes;             is the observer live?      calls it with event n
    /// E (caller):  state := Ended; process-wide barrier;   drains? reads the cursor
    /// </code>
    /// A drainer that saw the observer live before the barrier had moved the cursor to that event before, and was noted as the drainer: the call
    /// is over when the cursor has left the event that is read here, or no thread drains. A drainer that looks after the barrier does not call the observer.
    /// </remarks>
    internal Task WhenReturnedAsync()
    {
        Interlocked.MemoryBarrierProcessWide();
        long current = _cursor.Sequence;
        return WhenAsync(() => !IsDraining || _cursor.Sequence > current);
    }

    /// <summary>The only observer, looked for after the event was published; null if there are none or more, or a reader may be parked, or
    /// a subscription may have to be admitted.</summary>
    private protected IObserver<T>? OnlyObserver
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (_log.Flags & (PublishFlags.HasWaiters | PublishFlags.HasJoiners)) == 0 ? _observers.Only : null;
    }

    /// <summary>Calls every observer with one event, until one throws.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private protected void CallAllOwned(T value)
    {
        IObserver<T>?[] observers = _observers.Observers;
        if (observers != _walked)
        {
            _walked = observers; // seldom: storing a reference costs more than comparing it
        }

        ref IObserver<T>? first = ref MemoryMarshal.GetArrayDataReference(observers);
        for (nint slot = 0; Volatile.Read(ref Unsafe.Add(ref first, slot)) is { } observer; slot++)
        {
            _slot = slot;
            observer.OnNext(value);
        }

        _slot = 0;
    }

    /// <summary>Wakes parked readers and calls every observer with the event just published; false if it must be delivered another way, or
    /// an observer threw. Then the drainer goes on with what is not delivered yet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private protected bool TryWakeAndCallAllOwned(T value)
    {
        PublishFlags flags = _log.Flags;
        if ((flags & PublishFlags.HasWaiters) != 0)
        {
            WakeOwned();
        }

        if ((flags & PublishFlags.HasJoiners) != 0)
        {
            return false;
        }

        InlineDelivery<T> owner = this;
        try
        {
            CallAllOwned(value);
            return true;
        }
        catch (Exception error)
        {
            FinishWalkOwned(ref owner, error);
            return false;
        }
    }

    /// <summary>Delivers what was just published, where it is not for one observer alone.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private protected void WakeAndDrainOwned()
    {
        WakeOwned();
        DrainOwnedAndThrow();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private protected void WakeOwned()
    {
        if (WakeReadersOwned() is { IsEmpty: false } thrown)
        {
            _errors.AddRange(thrown);
            _log.SetFlag(PublishFlags.ObserverThrew);
        }
    }

    /// <summary>Wakes readers, for a publisher that is the drainer; returns what that threw.</summary>
    private protected ErrorList WakeReadersOwned()
    {
        if ((_log.Flags & PublishFlags.HasWaiters) == 0)
        {
            return default;
        }

        _slot = -1; // a scheduler may run the actions of other observers here
        ErrorList thrown = _parking.WakeReaders();
        _slot = 0;
        return thrown;
    }

    /// <summary>As <see cref="WakeReadersOwned"/>, for a publisher that is not the drainer.</summary>
    private protected ErrorList WakeReaders() => (_log.Flags & PublishFlags.HasWaiters) != 0 ? _parking.WakeReaders() : default;

    /// <summary>Delivers the remaining events after the only observer threw.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private protected static void ResumeOwned(ref InlineDelivery<T> delivery, Exception error)
    {
        delivery.AddErrorOwned(error);
        delivery._cursor.MoveOn();
        delivery.DrainOwnedAndThrow();
    }

    /// <summary>Calls the other observers after one of several threw.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FinishWalkOwned(ref InlineDelivery<T> delivery, Exception error)
    {
        delivery.AddErrorOwned(error);
        bool isThere = delivery._cursor.TryPeek(delivery._log, out T? value);
        Debug.Assert(isThere, "The event in delivery is published.");
        delivery.CallRestOwned(value!);
        delivery._cursor.MoveOn();
    }

    /// <summary>Calls every observer with one event. An observer that throws keeps no other from getting it.</summary>
    private void DeliverOwned(T value)
    {
        try
        {
            CallAllOwned(value);
        }
        catch (Exception error)
        {
            AddErrorOwned(error);
            CallRestOwned(value);
        }
    }

    /// <summary>Calls the observers that were not called because another one threw.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void CallRestOwned(T value)
    {
        IObserver<T>?[] observers = _walked;
        while (Volatile.Read(ref observers[_slot + 1]) is { } observer)
        {
            _slot++;
            try
            {
                observer.OnNext(value);
            }
            catch (Exception error)
            {
                AddErrorOwned(error);
            }
        }

        _slot = 0;
    }

    /// <summary>As <see cref="DeliverOwned"/>, and admits subscriptions that wait for this event.</summary>
    private void DeliverAndAdmitOwned(T value)
    {
        long sequence = _cursor.Sequence;
        ReadOnlySpan<EventSubscription?> slots = _observers.Slots;
        for (int i = 0; i < slots.Length && slots[i] is { } subscription; i++)
        {
            _slot = i;
            Of(subscription).DeliverOwned(value, sequence);
        }

        _slot = 0;
        _observers.TryListLive();
    }

    /// <summary>Admits the subscriptions that wait for the next event, having had every event before it.</summary>
    /// <remarks>Not those that have an event still to replay: no event is being delivered at this moment, so of a single writer an observer
    /// that publishes would not be found to be inside a delivery. Such a subscription is about to see that event itself, and takes itself
    /// back.</remarks>
    private void AdmitOwned()
    {
        foreach (EventSubscription? subscription in _observers.Slots)
        {
            if (subscription is not null)
            {
                Of(subscription).TryAdmitBetweenOwned(_cursor.Sequence);
            }
        }

        _observers.TryListLive();
    }

    /// <summary>Takes along what was thrown.</summary>
    private ErrorList TakeErrorsOwned()
    {
        ErrorList errors = _errors;
        const PublishFlags Settled = PublishFlags.ObserverThrew | PublishFlags.PublishedInside;
        if ((_log.Flags & Settled) != 0)
        {
            _errors = default;
            _log.ClearFlag(Settled);
        }

        return errors;
    }
}
