using Microsoft.Extensions.Diagnostics.HealthChecks;
using Rx.Hosting.Running;

namespace Rx.Hosting.Diagnostics;

/// <summary>Finds subscribers of a stream that lag too far, or stand still, and handlers that have ended with an exception.</summary>
internal sealed class EventStreamHealthCheck(HostedStream stream, long maxLag, TimeSpan maxStandstill, Func<EventSubscription, bool>? filter)
    : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var problems = new List<string>();
        var data = new Dictionary<string, object>();
        foreach ((EventSubscription subscription, TimeSpan standstill) in stream.Watch.LookForStandstills())
        {
            if (filter?.Invoke(subscription) != false)
            {
                Look(subscription, standstill, problems, data);
            }
        }

        foreach (HostedHandler handler in stream.Handlers)
        {
            if (handler.Subscription.Error is { } error && filter?.Invoke(handler.Subscription) != false)
            {
                problems.Add($"{handler.Name} has ended: {error.Message}");
            }
        }

        return Task.FromResult(
            problems.Count == 0
                ? HealthCheckResult.Healthy(data: data)
                : new HealthCheckResult(context.Registration.FailureStatus, string.Join(' ', problems), data: data));
    }

    private void Look(EventSubscription subscription, TimeSpan standstill, List<string> problems, Dictionary<string, object> data)
    {
        string name = SubscriptionWatch.NameOf(subscription);
        long lag = subscription.Lag;
        if (lag > maxLag)
        {
            problems.Add($"{name} is {lag} events behind, more than {maxLag}.");
        }

        if (standstill >= maxStandstill)
        {
            problems.Add($"{name} has stood still for {standstill}, with {lag} events to come.");
        }

        // Subscribers of one name are told as one: there may be one for each client.
        data[$"{name}.lag"] = Math.Max(lag, data.TryGetValue($"{name}.lag", out object? otherLag) ? (long)otherLag : 0);
        data[$"{name}.dropped"] = subscription.Dropped + (data.TryGetValue($"{name}.dropped", out object? otherDropped) ? (long)otherDropped : 0);
    }
}
