namespace Rx.Delivery;

/// <summary>The keys that have a call, and the events that wait for it to return. For the thread that runs the pump.</summary>
internal sealed class BusyKeys<T>
{
    private static readonly object _null = new();

    /// <summary>What waits for each busy key; null where nothing has waited yet.</summary>
    private readonly Dictionary<object, Queue<Sequenced<T>>?> _waiting = [];

    /// <summary>Makes a key busy; false if it is.</summary>
    internal bool TryEnter(object? key) => _waiting.TryAdd(key ?? _null, null);

    /// <summary>Adds an event that waits for its key, which is busy.</summary>
    internal void Enqueue(object? key, Sequenced<T> value)
    {
        object busy = key ?? _null;
        if (_waiting[busy] is not { } queue)
        {
            _waiting[busy] = queue = new Queue<Sequenced<T>>();
        }

        queue.Enqueue(value);
    }

    /// <summary>Takes the next event of a busy key; false if none waits, and then the key is busy no more.</summary>
    internal bool TryNext(object? key, out Sequenced<T> next)
    {
        object busy = key ?? _null;
        if (_waiting[busy] is { } queue && queue.TryDequeue(out next))
        {
            return true;
        }

        _waiting.Remove(busy);
        next = default;
        return false;
    }
}
