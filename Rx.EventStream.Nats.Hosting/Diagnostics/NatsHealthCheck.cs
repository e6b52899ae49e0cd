using Microsoft.Extensions.Diagnostics.HealthChecks;
using Rx.Nats.Hosting.Running;

namespace Rx.Nats.Hosting.Diagnostics;

/// <summary>Finds handlers of a stream that have ended with an exception or lag too far, and a server that does not answer.</summary>
internal sealed class NatsHealthCheck(HostedNatsStream stream, long maxLag, Func<NatsSubscription, bool>? filter) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var problems = new List<string>();
        var data = new Dictionary<string, object>();
        long? last = null;
        try
        {
            last = await stream.FindLastSequenceAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            problems.Add($"The server does not answer for the stream {stream.Name}: {error.Message}");
        }

        foreach (HostedNatsHandler handler in stream.Handlers)
        {
            if (handler.Subscription is { } subscription && filter?.Invoke(subscription) != false)
            {
                Look(handler, subscription, last, problems, data);
            }
        }

        return problems.Count == 0
            ? HealthCheckResult.Healthy(data: data)
            : new HealthCheckResult(context.Registration.FailureStatus, string.Join(' ', problems), data: data);
    }

    private void Look(HostedNatsHandler handler, NatsSubscription subscription, long? last, List<string> problems, Dictionary<string, object> data)
    {
        data[$"{handler.Name}.faults"] = subscription.Faults;
        if (subscription.Completion.Exception?.InnerException is { } error)
        {
            problems.Add($"{handler.Name} has ended: {error.Message}");
        }
        else if (last is { } known && !subscription.Completion.IsCompleted)
        {
            long lag = handler.FindLag(subscription, known, stream.LastAtStart);
            data[$"{handler.Name}.lag"] = lag;
            if (lag > maxLag)
            {
                problems.Add($"{handler.Name} is {lag} events behind, more than {maxLag}.");
            }
        }
    }
}
