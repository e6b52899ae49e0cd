namespace Rx.Delivery;

/// <summary>An observer that needs to know its own subscription. It is told before the first event.</summary>
internal interface ISubscriptionObserver
{
    void OnSubscribed(EventSubscription subscription);
}
