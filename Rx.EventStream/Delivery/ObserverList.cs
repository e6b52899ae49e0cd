using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Rx.Storage;

namespace Rx.Delivery;

/// <summary>The subscriptions on the publishing thread, and beside them what is called for each.</summary>
/// <remarks>
/// In the slot of a live subscription is its observer, so that a walk costs no more than the calls. In every other slot is the subscription
/// itself, which passes an event on only while it is live. Arrays that were replaced have subscriptions in all their slots, since a thread
/// may still walk over them. So an observer that has left is not called, whichever array is walked.
/// </remarks>
internal sealed class ObserverList<T>(EventLog<T> log) : SubscriptionList
{
    private static readonly IObserver<T>?[] _none = [null];

    /// <summary>What is called, then empty slots. Replaced and filled under the lock with release, read by walks with acquire.</summary>
    private IObserver<T>?[] _observers = _none;

    /// <summary>The first slot that may hold a subscription in place of its observer. Under the lock.</summary>
    private int _firstUnlisted;

    /// <summary>The event during whose delivery the subscriptions got other slots, or -1. Written under the lock with release, read by any thread
    /// with acquire, for figures.</summary>
    private long _movedDuring = -1;

    /// <summary>The array to walk over, up to the first null, which there always is.</summary>
    internal IObserver<T>?[] Observers
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Volatile.Read(ref _observers);
    }

    /// <summary>The only observer; null if there is none, or more than one.</summary>
    internal IObserver<T>? Only
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            ref IObserver<T>? slot = ref MemoryMarshal.GetArrayDataReference(Observers);
            return Volatile.Read(ref slot) is { } only && Volatile.Read(ref Unsafe.Add(ref slot, 1)) is null ? only : null;
        }
    }

    /// <summary>Whether the delivery of an event walks over an array in which the subscriptions had other slots than now.</summary>
    internal bool HasMovedDuring(long sequence) => Volatile.Read(ref _movedDuring) == sequence;

    /// <summary>Has the draining thread admit a subscription between two events. Called under the lock, once the subscription
    /// waits.</summary>
    internal void AnnounceJoinerLocked(EventSubscription subscription)
    {
        if (subscription.Slot >= 0)
        {
            _firstUnlisted = Math.Min(_firstUnlisted, subscription.Slot);
            log.SetFlag(PublishFlags.HasJoiners);
        }
    }

    /// <summary>Puts the observers of live subscriptions into their slots, unless another thread is changing the list: a draining thread
    /// does not wait.</summary>
    internal void TryListLive()
    {
        if (!Gate.TryEnter())
        {
            return;
        }

        bool hasWaiting = false;
        ReadOnlySpan<EventSubscription?> slots = Slots;
        for (int i = _firstUnlisted; i < slots.Length && slots[i] is { } subscription; i++)
        {
            Volatile.Write(ref _observers[i], Of(subscription).Called);
            hasWaiting |= Of(subscription).IsWaiting;
            _firstUnlisted = hasWaiting ? _firstUnlisted : i + 1;
        }

        if (!hasWaiting)
        {
            log.ClearFlag(PublishFlags.HasJoiners);
        }

        AssertInvariantsLocked();
        Gate.Exit();
    }

    private protected override void OnAddedLocked(EventSubscription subscription)
    {
        Volatile.Write(ref _observers[subscription.Slot], Of(subscription));
        if (Of(subscription).IsWaiting)
        {
            AnnounceJoinerLocked(subscription);
        }
    }

    /// <summary>Puts the subscription into its slot, in place of its observer; does nothing if it has none any more.</summary>
    /// <remarks>
    /// <code>
    /// D (disposes): slot := the subscription;  full fence;  which event is in delivery?
    /// P (drainer):  moves to the event;                     the slot?  calls what is there
    /// </code>
    /// Else P could call the observer with many events after the one that D sees. P has a full fence for each event it claims, but none inside a run, and a
    /// single writer has none: then D may see it a few events late.
    /// </remarks>
    internal void TakeOutLocked(EventSubscription subscription)
    {
        if (subscription.Slot >= 0)
        {
            Volatile.Write(ref _observers[subscription.Slot], Of(subscription));
            Interlocked.MemoryBarrier();
            Of(subscription).SetLeft();
        }
    }

    private protected override void OnRemovingLocked(EventSubscription subscription)
    {
        Volatile.Write(ref _observers[subscription.Slot], Of(subscription));
        if (!subscription.IsReturning)
        {
            Of(subscription).SetLast();
        }
    }

    /// <summary>Has each subscription note what it has reached: its next slot says nothing about the walk that runs now. From then on it notes each
    /// event itself, since the array that is walked over will hold it in place of its observer.</summary>
    private protected override void OnMovingLocked(ReadOnlySpan<EventSubscription?> slots)
    {
        long during = -1;
        foreach (EventSubscription? subscription in slots)
        {
            if (subscription is { Slot: >= 0 })
            {
                during = Math.Max(during, Of(subscription).NoteReached());
            }
        }

        Volatile.Write(ref _movedDuring, during);
    }

    private protected override void OnMovedLocked(ReadOnlySpan<EventSubscription?> before, ReadOnlySpan<EventSubscription?> now)
    {
        IObserver<T>?[] replaced = _observers;
        var observers = new IObserver<T>?[now.Length + 1];
        for (int i = 0; i < now.Length && now[i] is { } subscription; i++)
        {
            observers[i] = Of(subscription).Called;
        }

        // Before the new array is there: an observer that leaves after this is taken out of the new array only.
        for (int i = 0; i < before.Length && before[i] is { } subscription; i++)
        {
            Volatile.Write(ref replaced[i], Of(subscription));
        }

        _firstUnlisted = 0;
        Volatile.Write(ref _observers, observers);
        AssertInvariantsLocked();
    }

    [Conditional("DEBUG")]
    private void AssertInvariantsLocked()
    {
        Debug.Assert(Gate.IsHeldByCurrentThread, "The list is changed under its lock.");
        ReadOnlySpan<EventSubscription?> slots = Slots;
        Debug.Assert(_observers.Length > slots.Length, "There is always an empty slot at the end.");
        for (int i = 0; i < slots.Length; i++)
        {
            bool isRight = slots[i] is null ? _observers[i] is null
                : ReferenceEquals(_observers[i], slots[i]) || ReferenceEquals(_observers[i], Of(slots[i]!).Observer) || Of(slots[i]!).IsDisposed;
            Debug.Assert(isRight, "In each slot is the subscription or its observer.");
            Debug.Assert(slots[i] is null || slots[i]!.Slot == i || slots[i]!.Slot < 0, "A subscription knows its slot.");
        }
    }

    private static InlineSubscription<T> Of(EventSubscription subscription) => Unsafe.As<InlineSubscription<T>>(subscription);
}
