namespace Rx.Delivery;

/// <content>Events of one key, one after the other.</content>
internal abstract partial class AwaitingObserver<T, TItem>
{
    /// <summary>As <see cref="TryBeginOwned"/>, where there is a partition key.</summary>
    private bool TryBeginByKeyOwned(HandlerItem<TItem> item)
    {
        if (Volatile.Read(ref _keys) is not { } keys)
        {
            return false;
        }

        BusyKeys<TItem>.Key key;
        bool isFree;
        try
        {
            isFree = keys.TryEnter(_options.PartitionKey!(item.Value), out key);
        }
        catch (Exception error)
        {
            SettleOwned(item, error);
            return !_hasDropped;
        }

        if (isFree)
        {
            if (!CallOwned(item, key))
            {
                LeaveKeyOwned(key);
            }
        }
        else if (_readsAhead)
        {
            BusyKeys<TItem>.Enqueue(key, item);
        }
        else
        {
            Volatile.Write(ref _isBusy, true);
            return false;
        }

        return !_hasDropped;
    }

    /// <summary>Calls the handler for the events that have waited for a key, until a call runs or none waits.</summary>
    private void LeaveKeyOwned(BusyKeys<TItem>.Key key)
    {
        while (Volatile.Read(ref _keys) is { } keys && keys.TryNext(key, out HandlerItem<TItem> waiting) && !CallOwned(waiting, key))
        {
        }
    }
}
