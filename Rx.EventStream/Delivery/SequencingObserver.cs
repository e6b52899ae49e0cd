namespace Rx.Delivery;

/// <summary>Adds the sequence number to each event.</summary>
internal sealed class SequencingObserver<T>(IObserver<Sequenced<T>> observer) : IObserver<T>, ISubscriptionObserver
{
    private EventSubscription? _subscription;

    public void OnSubscribed(EventSubscription subscription) => _subscription = subscription;

    public void OnNext(T value) => observer.OnNext(new Sequenced<T>(_subscription!.SequenceInDelivery, value));

    public void OnError(Exception error) => observer.OnError(error);

    public void OnCompleted() => observer.OnCompleted();
}
