namespace Rx.Delivery;

/// <summary>A value for each of some keys. Keys are compared only when one is looked up: taking an entry out runs no code of the keys, which could
/// throw. For one thread.</summary>
internal sealed class KeyTable<TKey, TValue>
{
    /// <summary>The entries of each hash code, as a list.</summary>
    private readonly Dictionary<int, Entry> _entries = [];

    /// <summary>Entries to be used again.</summary>
    private Entry? _unused;

    /// <summary>Finds the key's entry, or adds one; <paramref name="isNew"/> tells which. What the key's own code throws leaves the table as it
    /// was.</summary>
    internal Entry GetOrAdd(TKey key, out bool isNew)
    {
        int hash = key is null ? 0 : EqualityComparer<TKey>.Default.GetHashCode(key);
        Entry? first = _entries.GetValueOrDefault(hash);
        for (Entry? entry = first; entry is not null; entry = entry.Next)
        {
            if (EqualityComparer<TKey>.Default.Equals(entry.Key, key))
            {
                isNew = false;
                return entry;
            }
        }

        isNew = true;
        Entry added = _unused ?? new Entry();
        _unused = added.Next;
        (added.Key, added.Hash, added.Next) = (key, hash, first);
        _entries[hash] = added;
        return added;
    }

    /// <summary>Takes an entry out. It must not be used after that.</summary>
    internal void Remove(Entry entry)
    {
        Entry first = _entries[entry.Hash];
        if (first != entry)
        {
            Entry before = first;
            while (before.Next != entry)
            {
                before = before.Next!;
            }

            before.Next = entry.Next;
        }
        else if (entry.Next is { } second)
        {
            _entries[entry.Hash] = second;
        }
        else
        {
            _entries.Remove(entry.Hash);
        }

        (entry.Key, entry.Value, entry.Next) = (default!, default, _unused);
        _unused = entry;
    }

    /// <summary>A key and its value.</summary>
    internal sealed class Entry
    {
        internal TValue? Value { get; set; }

        internal TKey Key { get; set; } = default!;

        internal int Hash { get; set; }

        /// <summary>The next entry with the same hash code, or the next unused one.</summary>
        internal Entry? Next { get; set; }
    }
}
