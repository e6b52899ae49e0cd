namespace Rx.Delivery;

/// <summary>The keys that have a call, and the events that wait for it to return. For the thread that runs the pump.</summary>
/// <remarks>A running call refers only to its key, not to the events that wait for the key. So when the subscription drops this object, those events
/// can be collected.</remarks>
internal sealed class BusyKeys<TItem>
{
    private readonly KeyTable<object?, ValueTuple> _keys = new();

    /// <summary>The queues of waiting events, only for the busy keys that have needed one.</summary>
    private readonly Dictionary<KeyTable<object?, ValueTuple>.Entry, Queue<HandlerItem<TItem>>> _waiting = [];

    /// <summary>Makes a key busy; false if it is. Compares keys, whose code may throw.</summary>
    internal bool TryEnter(object? key, out Key busy)
    {
        busy = new Key(_keys.GetOrAdd(key, out bool isNew));
        return isNew;
    }

    /// <summary>Adds an event that waits for its key, which is busy.</summary>
    internal void Enqueue(Key busy, HandlerItem<TItem> item)
    {
        if (!_waiting.TryGetValue(busy.Entry, out Queue<HandlerItem<TItem>>? queue))
        {
            _waiting.Add(busy.Entry, queue = new Queue<HandlerItem<TItem>>());
        }

        queue.Enqueue(item);
    }

    /// <summary>Takes the next event of a busy key; false if none waits, and then the key is no longer busy.</summary>
    internal bool TryNext(Key busy, out HandlerItem<TItem> next)
    {
        if (_waiting.TryGetValue(busy.Entry, out Queue<HandlerItem<TItem>>? queue) && queue.TryDequeue(out next))
        {
            return true;
        }

        _waiting.Remove(busy.Entry);
        _keys.Remove(busy.Entry);
        next = default;
        return false;
    }

    /// <summary>A busy key. The default is no key.</summary>
    internal readonly record struct Key(KeyTable<object?, ValueTuple>.Entry Entry);
}
