using System.Diagnostics;

namespace Rx.Delivery;

/// <summary>The subscriptions of one kind, in the order they came: changed under a lock, walked without one.</summary>
/// <remarks>
/// Adding and removing cost the same however many there are. A walker sees each subscription that was there before the
/// walk began and still is; one that is removed under it keeps its link forward. No observer is called under the lock.
/// </remarks>
internal sealed class SubscriptionList
{
    /// <summary>The first node; written under <see cref="Gate"/>, read with acquire by walkers.</summary>
    private SubscriptionNode? _first;
    private SubscriptionNode? _last;
    private int _count;

    /// <summary>How many events those had that have left the list. Written under the lock.</summary>
    internal long DeliveredBefore { get; private set; }

    /// <summary>How many events those missed that have left the list. Written under the lock.</summary>
    internal long DroppedBefore { get; private set; }

    internal Lock Gate { get; } = new();

    internal SubscriptionNode? First => Volatile.Read(ref _first);

    internal int Count => Volatile.Read(ref _count);

    /// <summary>Appends under the lock. Ordering: the link is a release store; it pairs with the walker's acquire.</summary>
    internal void AddLocked(EventSubscription subscription)
    {
        Debug.Assert(Gate.IsHeldByCurrentThread, "The list is changed under its lock.");
        var node = new SubscriptionNode(subscription) { Previous = _last };
        subscription.Node = node;
        if (_last is null)
        {
            Volatile.Write(ref _first, node);
        }
        else
        {
            _last.Next = node;
        }

        _last = node;
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

        for (SubscriptionNode? node = _first; node is not null; node = node.Next)
        {
            if (node.Subscription.IsDisposed)
            {
                RemoveLocked(node.Subscription);
            }
        }

        Gate.Exit();
    }

    /// <summary>Appends all subscriptions to <paramref name="target"/>.</summary>
    internal void CopyTo(List<EventSubscription> target)
    {
        lock (Gate)
        {
            for (SubscriptionNode? node = _first; node is not null; node = node.Next)
            {
                target.Add(node.Subscription);
            }
        }
    }

    private void RemoveLocked(EventSubscription subscription)
    {
        if (subscription.Node is not { } node)
        {
            return;
        }

        subscription.Node = null;
        DeliveredBefore += subscription.Delivered;
        DroppedBefore += subscription.Dropped;
        if (node.Previous is null)
        {
            Volatile.Write(ref _first, node.Next);
        }
        else
        {
            node.Previous.Next = node.Next;
        }

        if (node.Next is null)
        {
            _last = node.Previous;
        }
        else
        {
            node.Next.Previous = node.Previous;
        }

        node.Previous = null;
        _count--;
    }
}
