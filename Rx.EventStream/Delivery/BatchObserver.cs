using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Delivers what is there in batches.</summary>
/// <param name="observer">What gets the batches.</param>
/// <param name="maxCount">The most events in one batch.</param>
/// <param name="minCount">With as many events, a batch may end where its segment does.</param>
internal class BatchObserver<T>(IObserver<ReadOnlyMemory<T>> observer, int maxCount, int minCount) : CursorObserver<T>
{
    /// <summary>The observer, until the subscription has ended. Cleared with release by the thread that ends it, read with acquire by
    /// the thread that calls it.</summary>
    private IObserver<ReadOnlyMemory<T>>? _observer = observer;

    /// <summary>What gives the event in delivery where it lies, if the observer is called on the publishing thread.</summary>
    private Func<ReadOnlyMemory<T>>? _slice;

    /// <summary>A batch that is half full is delivered where it lies, and not copied to be fuller.</summary>
    internal BatchObserver(IObserver<ReadOnlyMemory<T>> observer, int maxCount)
        : this(observer, maxCount, minCount: maxCount - (maxCount / 2))
    {
    }

    private protected int MaxCount => maxCount;

    public override void OnSubscribed(EventSubscription subscription) => _slice = (subscription as InlineSubscription<T>)?.SliceInDelivery;

    /// <summary>On the publishing thread events come one by one, and each is a batch.</summary>
    public override void OnNext(T value) => Volatile.Read(ref _observer)?.OnNext(_slice!());

    public override void OnError(Exception error) => Volatile.Read(ref _observer)?.OnError(error);

    public override void OnCompleted() => Volatile.Read(ref _observer)?.OnCompleted();

    internal override int DeliverOwned(ref Cursor<T> cursor, EventLog<T> log, int budget, long granted)
    {
        // Not PeekBatch: once a pump has existed, no arrays are used again.
        ReadOnlyMemory<T> batch = cursor.PeekAcross(log, maxCount, minCount);
        if (batch.IsEmpty || cursor.Sequence >= granted || Volatile.Read(ref _observer) is not { } observer)
        {
            return 0;
        }

        // A batch is what is there: the turn of its first event is that of the batch.
        long end = cursor.Sequence + batch.Length;
        observer.OnNext(batch);
        cursor.MoveTo(end);
        return batch.Length;
    }

    internal override void Release() => Volatile.Write(ref _observer, null);
}
