namespace Rx.Delivery;

/// <summary>Takes runs of events that lie side by side, each as a slice of the segment that holds them.</summary>
internal sealed class BatchObserver<T>(IObserver<ReadOnlyMemory<T>> observer, int maxCount) : IObserver<T>, ISubscriptionObserver
{
    /// <summary>What gives the event in delivery where it lies, if the observer is called on the publishing thread.</summary>
    private Func<ReadOnlyMemory<T>>? _slice;

    internal int MaxCount => maxCount;

    public void OnSubscribed(EventSubscription subscription) => _slice = (subscription as InlineSubscription<T>)?.SliceInDelivery;

    internal void OnBatch(ReadOnlyMemory<T> batch) => observer.OnNext(batch);

    /// <summary>On the publishing thread events come one by one, and each is a batch.</summary>
    public void OnNext(T value) => observer.OnNext(_slice!());

    public void OnError(Exception error) => observer.OnError(error);

    public void OnCompleted() => observer.OnCompleted();
}
