using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Takes batches of events: a slice of the segment that holds them, or a copy where they lie in several.</summary>
internal sealed class BatchObserver<T>(IObserver<ReadOnlyMemory<T>> observer, int maxCount) : CursorObserver<T>, ISubscriptionObserver
{
    /// <summary>What gives the event in delivery where it lies, if the observer is called on the publishing thread.</summary>
    private Func<ReadOnlyMemory<T>>? _slice;

    public void OnSubscribed(EventSubscription subscription) => _slice = (subscription as InlineSubscription<T>)?.SliceInDelivery;

    internal override int Deliver(ref Cursor<T> cursor, EventLog<T> log)
    {
        ReadOnlyMemory<T> batch = cursor.PeekAcross(log, maxCount); // not PeekBatch: once a pump has existed, no arrays are used again
        if (!batch.IsEmpty)
        {
            long end = cursor.Sequence + batch.Length;
            observer.OnNext(batch);
            cursor.MoveTo(end);
        }

        return batch.Length;
    }

    /// <summary>On the publishing thread events come one by one, and each is a batch.</summary>
    public override void OnNext(T value) => observer.OnNext(_slice!());

    public override void OnError(Exception error) => observer.OnError(error);

    public override void OnCompleted() => observer.OnCompleted();
}
