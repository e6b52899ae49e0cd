namespace Rx.AspNetCore.Dashboard;

/// <summary>Captures the state of a subscriber.</summary>
internal sealed class SubscriberMonitor(int id, EventSubscription subscription)
{
    private readonly RateMeter _rate = new();
    private readonly string _name = StreamMonitor.Shorten(subscription.Name ?? "", StreamMonitor.MaxNameLength);

    internal bool HasFailed => subscription.Error is not null;

    internal SubscriberFrame Capture(double time)
    {
        long delivered = subscription.Delivered;
        return new SubscriberFrame(
            id,
            _name,
            subscription.SubscribedAt,
            subscription.Sequence,
            subscription.Lag,
            subscription.Dropped,
            delivered,
            _rate.Read(time, delivered),
            subscription.Faults,
            subscription.Error is { } error ? StreamMonitor.Shorten($"{error.GetType().Name}: {error.Message}", StreamMonitor.MaxErrorLength) : null);
    }
}
