using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Rx.Delivery;

/// <summary>The subscriptions on the publishing thread, with what is called for each of them, side by side.</summary>
/// <remarks>
/// In a subscription's slot is its observer, so that a walk costs no more than the calls. Before the subscription is live, and once it
/// has ended, it stands there itself, and passes on what is to be passed on; so it does in arrays that were replaced, which somebody may
/// still be walking over. So who has left is not called, whichever array is walked.
/// </remarks>
internal sealed class ObserverList<T> : SubscriptionList
{
    private static readonly IObserver<T>?[] _none = [null];

    /// <summary>What is called, then empty slots. Replaced and filled under the lock with release, read by walkers with acquire.</summary>
    private IObserver<T>?[] _observers = _none;

    /// <summary>The array to walk over, up to the first null, which there always is.</summary>
    internal IObserver<T>?[] Observers
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Volatile.Read(ref _observers);
    }

    /// <summary>What is called, if that is one and no more; else null.</summary>
    internal IObserver<T>? Only
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            ref IObserver<T>? slot = ref MemoryMarshal.GetArrayDataReference(Observers);
            return Volatile.Read(ref slot) is { } only && Volatile.Read(ref Unsafe.Add(ref slot, 1)) is null ? only : null;
        }
    }

    /// <summary>Has a live subscription's observer called without it, unless the list is being changed just now: who delivers does not wait.</summary>
    internal void TryGoDirect(InlineSubscription<T> subscription)
    {
        if (!Gate.TryEnter())
        {
            return;
        }

        if (subscription.Slot >= 0)
        {
            Volatile.Write(ref _observers[subscription.Slot], subscription.Called);
        }

        Gate.Exit();
    }

    private protected override void OnAddedLocked(EventSubscription subscription) =>
        Volatile.Write(ref _observers[subscription.Slot], Of(subscription));

    private protected override void OnRemovingLocked(EventSubscription subscription)
    {
        Volatile.Write(ref _observers[subscription.Slot], Of(subscription));
        Of(subscription).SetLast();
    }

    private protected override void OnMovedLocked(ReadOnlySpan<EventSubscription?> before, ReadOnlySpan<EventSubscription?> now)
    {
        IObserver<T>?[] replaced = _observers;
        var observers = new IObserver<T>?[now.Length + 1];
        for (int i = 0; i < now.Length && now[i] is { } subscription; i++)
        {
            observers[i] = Of(subscription).Called;
        }

        // Before the new array is there: who leaves after this takes its observer out of that one only.
        for (int i = 0; i < before.Length && before[i] is { } subscription; i++)
        {
            Volatile.Write(ref replaced[i], Of(subscription));
        }

        Volatile.Write(ref _observers, observers);
    }

    private static InlineSubscription<T> Of(EventSubscription subscription) => Unsafe.As<InlineSubscription<T>>(subscription);
}
