using Microsoft.Extensions.Diagnostics.HealthChecks;
using Rx.Nats.Hosting.Running;

namespace Rx.Nats.Hosting.Diagnostics;

/// <summary>Finds handlers of a stream that have not caught up with what the server had when the host started.</summary>
internal sealed class NatsReadinessCheck(HostedNatsStream stream, Func<NatsSubscription, bool>? filter) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var problems = new List<string>();
        foreach (HostedNatsHandler handler in stream.Handlers)
        {
            if (FindProblem(handler) is { } problem)
            {
                problems.Add(problem);
            }
        }

        return Task.FromResult(
            problems.Count == 0
                ? HealthCheckResult.Healthy()
                : new HealthCheckResult(context.Registration.FailureStatus, string.Join(' ', problems)));
    }

    private string? FindProblem(HostedNatsHandler handler)
    {
        if (handler.Subscription is not { } subscription)
        {
            return $"{handler.Name} has not started.";
        }

        if (filter?.Invoke(subscription) == false)
        {
            return null;
        }

        if (subscription.Completion.Exception?.InnerException is { } error)
        {
            return $"{handler.Name} has ended: {error.Message}";
        }

        return handler.IsReady(subscription, stream.LastAtStart) ? null : $"{handler.Name} has not caught up with event {stream.LastAtStart}.";
    }
}
