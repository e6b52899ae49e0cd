namespace Rx.Delivery;

/// <summary>The newest value of each key that waits, in the order in which the keys began to wait. For one thread.</summary>
internal sealed class KeyedQueue<TKey, T>
{
    /// <summary>The number of each waiting key.</summary>
    private readonly KeyTable<TKey, long> _numbers = new();

    /// <summary>A ring: the entry with number n is at n modulo its length, a power of two.</summary>
    private Entry[] _entries = new Entry[4];

    /// <summary>The numbers of the first entry, and of the next to be added.</summary>
    private long _head;
    private long _tail;

    private record struct Entry(KeyTable<TKey, long>.Entry Key, T Value, long Sequence);

    internal int Count => (int)(_tail - _head);

    /// <summary>The sequence number with which the first key began to wait, or <see cref="long.MaxValue"/>.</summary>
    internal long FirstSequence => Count == 0 ? long.MaxValue : At(_head).Sequence;

    /// <summary>The same of the second key.</summary>
    internal long SecondSequence => Count < 2 ? long.MaxValue : At(_head + 1).Sequence;

    internal T First => At(_head).Value;

    /// <summary>Puts a value; true if it replaces one that its key waited with.</summary>
    internal bool Put(TKey key, T value, long sequence)
    {
        KeyTable<TKey, long>.Entry entry = _numbers.GetOrAdd(key, out bool isNew);
        if (!isNew)
        {
            At(entry.Value).Value = value;
            return true;
        }

        if (Count == _entries.Length)
        {
            Grow();
        }

        entry.Value = _tail;
        At(_tail++) = new Entry(entry, value, sequence);
        return false;
    }

    internal void RemoveFirst()
    {
        ref Entry first = ref At(_head++);
        _numbers.Remove(first.Key);
        first = default;
    }

    private ref Entry At(long number) => ref _entries[number & (_entries.Length - 1)];

    private void Grow()
    {
        Entry[] from = _entries;
        _entries = new Entry[from.Length * 2];
        for (long number = _head; number < _tail; number++)
        {
            At(number) = from[number & (from.Length - 1)];
        }
    }
}
