namespace Rx.Delivery;

/// <content>Events of one key, one after the other.</content>
internal abstract partial class AwaitingObserver<T, TItem>
{
    private readonly bool _isByKey;

    /// <summary>The busy keys, if there is a partition key, until the subscription has ended. As <see cref="_handler"/>.</summary>
    private BusyKeys<TItem>? _keys;

    /// <summary>How many items wait for their key. For the thread that runs the pump.</summary>
    private int _waitingCount;

    private enum KeyPlace
    {
        /// <summary>The key is free, and has the item's call now.</summary>
        Free,

        /// <summary>The item waits for a call of its key.</summary>
        Waits,

        /// <summary>The cursor must stay before the item.</summary>
        Blocked,
    }

    /// <summary>As <see cref="TryBeginOwned"/>, where there is a partition key. While the handler runs, no frame of this thread refers to the items
    /// that wait: the subscription may end then, and they are forgotten.</summary>
    private bool TryBeginByKeyOwned(HandlerItem<TItem> item)
    {
        KeyPlace place;
        BusyKeys<TItem>.Key key;
        try
        {
            place = PlaceOwned(item, out key);
        }
        catch (Exception error)
        {
            SettleOwned(item, error);
            return !_hasDropped;
        }

        if (place == KeyPlace.Free && !CallOwned(item, key))
        {
            LeaveKeyOwned(key, item.Sequence);
        }

        return place != KeyPlace.Blocked && !_hasDropped;
    }

    /// <summary>Looks the item's key up, which runs foreign code.</summary>
    private KeyPlace PlaceOwned(HandlerItem<TItem> item, out BusyKeys<TItem>.Key key)
    {
        key = default;
        if (Volatile.Read(ref _options) is not { PartitionKey: { } keyOf } || Volatile.Read(ref _keys) is not { } keys)
        {
            return KeyPlace.Blocked; // the subscription has ended
        }

        if (keys.TryEnter(keyOf(item.Value), out key))
        {
            return KeyPlace.Free;
        }

        if (!_readsAhead)
        {
            Volatile.Write(ref _isBusy, true);
            return KeyPlace.Blocked;
        }

        keys.Enqueue(key, item);
        _waitingCount++;
        return KeyPlace.Waits;
    }

    /// <summary>Calls the handler for the items that have waited for a key, until a call runs or none waits; returns the sequence number of the
    /// key's last item that is handled.</summary>
    private long LeaveKeyOwned(BusyKeys<TItem>.Key key, long handled)
    {
        while (TryNextOwned(key, out HandlerItem<TItem> waiting))
        {
            Volatile.Write(ref _firstRunning, Math.Min(_running.FirstSequence, waiting.Sequence)); // before the call, which may end the subscription
            if (CallOwned(waiting, key))
            {
                break;
            }

            handled = waiting.Sequence;
        }

        return handled;
    }

    /// <summary>The first event whose call is not settled, after the call of a key has returned. Where the subscription has ended, the items that
    /// waited were forgotten with it: those of this key come after its last one, and those of other keys after a call that runs.</summary>
    private long FirstUnhandledOwned(long lastOfKey) =>
        _waitingCount > 0 && Volatile.Read(ref _keys) is null ? Math.Min(_running.FirstSequence, lastOfKey + 1) : _running.FirstSequence;

    private bool TryNextOwned(BusyKeys<TItem>.Key key, out HandlerItem<TItem> waiting)
    {
        waiting = default;
        if (Volatile.Read(ref _keys) is not { } keys || !keys.TryNext(key, out waiting))
        {
            return false;
        }

        _waitingCount--;
        return true;
    }
}
