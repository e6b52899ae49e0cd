using System.Diagnostics;
using Rx.Storage;

namespace Rx.Delivery;

/// <summary>The subscriptions of one kind, in subscription order: changed under a lock, walked without one.</summary>
/// <remarks>
/// An array that grows by doubling. A subscription that has ended stays in its slot until a third of the slots are such; then
/// the others move to a new array. So adding and removing cost the same however many there are. A walk goes over the
/// array that it found, up to the first empty slot: it sees each subscription that was there before the walk began and has
/// not ended. No observer is called under the lock.
/// </remarks>
/// <param name="metered">What keeps the totals of a stream that was collected, or null: a list that is still in use keeps it.</param>
internal class SubscriptionList(object? metered = null)
{
    private const int FewEnded = 16;

    /// <summary>The subscriptions, then empty slots. Replaced and filled under <see cref="Gate"/> with release, read by walks with
    /// acquire; a slot is filled once, and never emptied.</summary>
    private EventSubscription?[] _slots = [];

    /// <summary>How many slots are filled. Under the lock.</summary>
    private int _filled;

    /// <summary>How many of them are subscribed. Written under the lock, read by any thread.</summary>
    private int _count;

    /// <summary>What the subscriptions had that have left the list. Under the lock.</summary>
    private SubscriptionTotals _before;

    /// <summary>Subscriptions that have left the list while their observer was called: their figures count until that call has returned. Under the
    /// lock.</summary>
    private List<EventSubscription>? _returning;

    /// <summary>How many subscriptions were ever added: the number of the next one. Under the lock.</summary>
    private long _added;

    /// <summary>See the constructor.</summary>
    internal object? Metered { get; } = metered;

    /// <summary>What the subscriptions had, including those that have left the list.</summary>
    /// <remarks>Taken under the lock, so that a subscription that leaves at the same time counts once.</remarks>
    internal SubscriptionTotals Totals
    {
        get
        {
            using (Gate.Enter())
            {
                SubscriptionTotals totals = _before;
                foreach (EventSubscription? subscription in _slots)
                {
                    if (subscription is { Slot: >= 0 })
                    {
                        totals = totals.Plus(SubscriptionTotals.Of(subscription));
                    }
                }

                foreach (EventSubscription subscription in _returning ?? [])
                {
                    totals = totals.Plus(SubscriptionTotals.Of(subscription));
                }

                return totals;
            }
        }
    }

    internal UninterruptibleLock Gate { get; } = new();

    /// <summary>The array to walk over, up to the first empty slot.</summary>
    internal ReadOnlySpan<EventSubscription?> Slots => Volatile.Read(ref _slots);

    internal int Count => Volatile.Read(ref _count);

    internal void AddLocked(EventSubscription subscription)
    {
        Debug.Assert(Gate.IsHeldByCurrentThread, "The list is changed under its lock.");
        if (_filled == _slots.Length)
        {
            MoveLocked();
        }

        subscription.Slot = _filled;
        subscription.Number = _added++;
        // Publishes the subscription; a walk's read of the slot is followed by reads that depend on it.
        Volatile.Write(ref _slots[_filled], subscription);
        OnAddedLocked(subscription);
        _filled++;
        _count++;
    }

    internal void Add(EventSubscription subscription)
    {
        using (Gate.Enter())
        {
            AddLocked(subscription);
        }
    }

    internal void Remove(EventSubscription subscription)
    {
        using (Gate.Enter())
        {
            RemoveLocked(subscription);
        }
    }

    /// <summary>Counts what a subscription has had that left the list in a call of its observer. By the thread on which that call has
    /// returned.</summary>
    internal void CountReturned(EventSubscription subscription)
    {
        using (Gate.Enter())
        {
            if (_returning is not null && _returning.Remove(subscription))
            {
                _before = _before.Plus(SubscriptionTotals.Of(subscription));
            }
        }
    }

    /// <summary>Removes subscriptions that have ended, unless another thread is changing the list: a draining thread does not
    /// wait.</summary>
    internal void TryRemoveEnded()
    {
        if (!Gate.TryEnter())
        {
            return;
        }

        foreach (EventSubscription? subscription in _slots)
        {
            if (subscription is { IsDisposed: true })
            {
                RemoveLocked(subscription);
            }
        }

        Gate.Exit();
    }

    /// <summary>Appends the subscriptions to <paramref name="target"/>.</summary>
    internal void CopyTo(List<EventSubscription> target)
    {
        using (Gate.Enter())
        {
            foreach (EventSubscription? subscription in _slots)
            {
                if (subscription is { Slot: >= 0, StandsForAnother: false })
                {
                    target.Add(subscription);
                }
            }
        }
    }

    /// <summary>Removes a subscription; false if it is not in the list.</summary>
    internal bool RemoveLocked(EventSubscription subscription)
    {
        if (subscription.Slot < 0)
        {
            return false;
        }

        OnRemovingLocked(subscription);
        subscription.Slot = -1;
        if (subscription.IsReturning)
        {
            (_returning ??= []).Add(subscription);
        }
        else
        {
            _before = _before.Plus(SubscriptionTotals.Of(subscription));
        }

        _count--;
        if (_count == 0 || _filled - _count > (_count / 2) + FewEnded)
        {
            MoveLocked();
        }

        return true;
    }

    /// <summary>Called when a subscription has got its slot.</summary>
    private protected virtual void OnAddedLocked(EventSubscription subscription)
    {
    }

    /// <summary>Called when a subscription is about to lose its slot.</summary>
    private protected virtual void OnRemovingLocked(EventSubscription subscription)
    {
    }

    /// <summary>Called when the subscriptions are about to get other slots.</summary>
    private protected virtual void OnMovingLocked(ReadOnlySpan<EventSubscription?> slots)
    {
    }

    /// <summary>Called when the subscriptions have got other slots.</summary>
    private protected virtual void OnMovedLocked(ReadOnlySpan<EventSubscription?> before, ReadOnlySpan<EventSubscription?> now)
    {
    }

    /// <summary>Moves the subscriptions that have not ended to a new array, with room for as many again.</summary>
    private void MoveLocked()
    {
        OnMovingLocked(_slots);
        EventSubscription?[] slots = _count == 0 && _filled > 0 ? [] : new EventSubscription?[Math.Max(2, 2 * _count)];
        int filled = 0;
        foreach (EventSubscription? subscription in _slots)
        {
            if (subscription is { Slot: >= 0 })
            {
                subscription.Slot = filled;
                slots[filled++] = subscription;
            }
        }

        EventSubscription?[] before = _slots;
        _filled = filled;
        // Publishes the array; pairs with the acquire of walks.
        Volatile.Write(ref _slots, slots);
        OnMovedLocked(before, slots);
    }
}
