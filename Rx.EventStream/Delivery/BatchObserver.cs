namespace Rx.Delivery;

/// <summary>Takes runs of events that lie side by side, each as a slice of the segment that holds them.</summary>
internal sealed class BatchObserver<T>(IObserver<ReadOnlyMemory<T>> observer, int maxCount) : IObserver<T>, ISubscriptionObserver
{
    private InlineSubscription<T>? _inline;

    internal int MaxCount => maxCount;

    public void OnSubscribed(EventSubscription subscription) => _inline = subscription as InlineSubscription<T>;

    internal void OnBatch(ReadOnlyMemory<T> batch) => observer.OnNext(batch);

    /// <summary>On the publishing thread events come one by one, and each is a batch.</summary>
    public void OnNext(T value) => observer.OnNext(_inline!.SliceInDelivery());

    public void OnError(Exception error) => observer.OnError(error);

    public void OnCompleted() => observer.OnCompleted();
}
