namespace Rx.Delivery;

/// <content>Events of one key, one after the other.</content>
internal sealed partial class AwaitingObserver<T>
{
    /// <summary>As <see cref="TryBeginOwned"/>, where there is a partition key.</summary>
    private bool TryBeginByKeyOwned(HandlerEvent<T> value)
    {
        if (Volatile.Read(ref _keys) is not { } keys)
        {
            return false;
        }

        BusyKeys<T>.Key key;
        bool isFree;
        try
        {
            isFree = keys.TryEnter(_options.PartitionKey!(value.Value), out key);
        }
        catch (Exception error)
        {
            SettleOwned(value, error);
            return !_hasDropped;
        }

        if (isFree)
        {
            if (!CallOwned(value, key))
            {
                LeaveKeyOwned(key);
            }
        }
        else if (_readsAhead)
        {
            BusyKeys<T>.Enqueue(key, value);
        }
        else
        {
            Volatile.Write(ref _isBusy, true);
            return false;
        }

        return !_hasDropped;
    }

    /// <summary>Calls the handler for the events that have waited for a key, until a call runs or none waits.</summary>
    private void LeaveKeyOwned(BusyKeys<T>.Key key)
    {
        while (Volatile.Read(ref _keys) is { } keys && keys.TryNext(key, out HandlerEvent<T> waiting) && !CallOwned(waiting, key))
        {
        }
    }
}
