namespace Rx.Delivery;

/// <summary>The keys that have a call, and the events that wait for it to return. For the thread that runs the pump.</summary>
internal sealed class BusyKeys<TItem>
{
    /// <summary>What waits for each busy key; null where nothing has waited yet.</summary>
    private readonly KeyTable<object?, Queue<HandlerItem<TItem>>> _waiting = new();

    /// <summary>Makes a key busy; false if it is. Compares keys, whose code may throw.</summary>
    internal bool TryEnter(object? key, out Key busy)
    {
        busy = new Key(_waiting.GetOrAdd(key, out bool isNew));
        return isNew;
    }

    /// <summary>Adds an event that waits for its key, which is busy.</summary>
    internal static void Enqueue(Key busy, HandlerItem<TItem> value) => (busy.Entry.Value ??= new Queue<HandlerItem<TItem>>()).Enqueue(value);

    /// <summary>Takes the next event of a busy key; false if none waits, and then the key is busy no more.</summary>
    internal bool TryNext(Key busy, out HandlerItem<TItem> next)
    {
        if (busy.Entry.Value is { } queue && queue.TryDequeue(out next))
        {
            return true;
        }

        _waiting.Remove(busy.Entry);
        next = default;
        return false;
    }

    /// <summary>A busy key. The default is no key.</summary>
    internal readonly record struct Key(KeyTable<object?, Queue<HandlerItem<TItem>>>.Entry Entry);
}
