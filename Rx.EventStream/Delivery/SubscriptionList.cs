using System.Diagnostics;

namespace Rx.Delivery;

/// <summary>The subscriptions of one kind, in the order they came: changed under a lock, walked without one.</summary>
/// <remarks>
/// Adding and removing cost the same however many there are. A walker sees each subscription that was there before the
/// walk began and still is; one that is removed under it keeps its link forward. No observer is called under the lock.
/// </remarks>
internal sealed class SubscriptionList
{
    /// <summary>The first subscription; written under <see cref="Gate"/>, read with acquire by walkers.</summary>
    private EventSubscription? _first;
    private EventSubscription? _last;
    private int _count;

    internal Lock Gate { get; } = new();

    internal EventSubscription? First => Volatile.Read(ref _first);

    internal int Count => Volatile.Read(ref _count);

    /// <summary>Appends under the lock. Ordering: the link is a release store; it pairs with the walker's acquire.</summary>
    internal void AddLocked(EventSubscription subscription)
    {
        Debug.Assert(Gate.IsHeldByCurrentThread, "The list is changed under its lock.");
        subscription.PreviousInList = _last;
        subscription.IsInList = true;
        if (_last is null)
        {
            Volatile.Write(ref _first, subscription);
        }
        else
        {
            Volatile.Write(ref _last.NextInList, subscription);
        }

        _last = subscription;
        _count++;
    }

    internal void Add(EventSubscription subscription)
    {
        lock (Gate)
        {
            AddLocked(subscription);
        }
    }

    internal void Remove(EventSubscription subscription)
    {
        lock (Gate)
        {
            RemoveLocked(subscription);
        }
    }

    /// <summary>Drops what has ended, unless somebody else is changing the list: who delivers does not wait.</summary>
    internal void TryRemoveEnded()
    {
        if (!Gate.TryEnter())
        {
            return;
        }

        for (EventSubscription? s = _first; s is not null; s = s.NextInList)
        {
            if (s.IsDisposed)
            {
                RemoveLocked(s);
            }
        }

        Gate.Exit();
    }

    /// <summary>Appends all subscriptions to <paramref name="target"/>.</summary>
    internal void CopyTo(List<EventSubscription> target)
    {
        lock (Gate)
        {
            for (EventSubscription? s = _first; s is not null; s = s.NextInList)
            {
                target.Add(s);
            }
        }
    }

    private void RemoveLocked(EventSubscription subscription)
    {
        if (!subscription.IsInList)
        {
            return;
        }

        EventSubscription? previous = subscription.PreviousInList;
        EventSubscription? next = subscription.NextInList;
        if (previous is null)
        {
            Volatile.Write(ref _first, next);
        }
        else
        {
            Volatile.Write(ref previous.NextInList, next);
        }

        if (next is null)
        {
            _last = previous;
        }
        else
        {
            next.PreviousInList = previous;
        }

        subscription.PreviousInList = null;
        subscription.IsInList = false;
        _count--;
    }
}
