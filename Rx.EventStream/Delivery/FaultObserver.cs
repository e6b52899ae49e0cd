using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Ends an observer on the publishing thread at a fault, which the shared cursor there knows nothing of.</summary>
internal sealed class FaultObserver<T>(IObserver<T> observer, Fault fault) : IObserver<T>, ISubscriptionObserver
{
    private EventSubscription? _subscription;

    public void OnSubscribed(EventSubscription subscription)
    {
        _subscription = subscription;
        (observer as ISubscriptionObserver)?.OnSubscribed(subscription);
    }

    public void OnNext(T value)
    {
        if (_subscription!.SequenceInDelivery >= fault.Sequence)
        {
            _subscription.Dispose();
            observer.OnError(fault.Error);
        }
        else
        {
            observer.OnNext(value);
        }
    }

    /// <remarks>The fault lies before the end, where there is one.</remarks>
    public void OnCompleted()
    {
        if (fault.Sequence < long.MaxValue)
        {
            observer.OnError(fault.Error);
        }
        else
        {
            observer.OnCompleted();
        }
    }

    public void OnError(Exception error) => observer.OnError(fault.Sequence < long.MaxValue ? fault.Error : error);
}
