namespace Rx.Delivery;

/// <summary>Adds the sequence number to each event.</summary>
internal sealed class SequencingObserver<T>(IObserver<Sequenced<T>> observer) : IObserver<T>, ISubscriptionObserver
{
    /// <summary>What gives the event's sequence number. Set before the first event.</summary>
    private Func<long>? _sequence;

    public void OnSubscribed(EventSubscription subscription) => _sequence = subscription.SequenceInDelivery;

    public void OnNext(T value) => observer.OnNext(new Sequenced<T>(_sequence!(), value));

    public void OnError(Exception error) => observer.OnError(error);

    public void OnCompleted() => observer.OnCompleted();
}
