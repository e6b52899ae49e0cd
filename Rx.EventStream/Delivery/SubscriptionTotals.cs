namespace Rx.Delivery;

/// <summary>What the subscriptions of a list have had since the list was made; these figures only grow.</summary>
/// <param name="Delivered">How many events were delivered, summed over the subscriptions.</param>
/// <param name="Dropped">How many events they missed.</param>
/// <param name="Failed">How many subscriptions ended with an exception of their own.</param>
/// <param name="Faults">How often an observer or handler threw.</param>
internal readonly record struct SubscriptionTotals(long Delivered, long Dropped, long Failed, long Faults)
{
    internal static SubscriptionTotals Of(EventSubscription subscription) =>
        subscription.StandsForAnother
            ? default
            : new(subscription.Delivered, subscription.Dropped, subscription.HasFailed ? 1 : 0, subscription.Faults);

    internal SubscriptionTotals Plus(SubscriptionTotals other) =>
        new(Delivered + other.Delivered, Dropped + other.Dropped, Failed + other.Failed, Faults + other.Faults);
}
