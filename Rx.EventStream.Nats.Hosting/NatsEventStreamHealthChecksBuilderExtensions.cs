using Microsoft.Extensions.Diagnostics.HealthChecks;
using Rx.Diagnostics;
using Rx.Hosting.Configuration;
using Rx.Nats;
using Rx.Nats.Hosting.Diagnostics;
using Rx.Nats.Hosting.Running;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Health checks for streams on NATS JetStream.</summary>
public static class NatsEventStreamHealthChecksBuilderExtensions
{
    /// <summary>Adds a health check for the handlers of the container's <see cref="NatsEventStream{T}"/>.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="builder">The health checks.</param>
    /// <param name="maxLag">The greatest lag of a healthy handler, at least 0: how many sequence numbers there are from the first
    /// event that it has not handled through the last one on the server that matches the stream's filter.</param>
    /// <param name="filter">Which handlers count, or null for all.</param>
    /// <param name="name">The name of the check, or null for the name of the type of the stream, such as <c>NatsEventStream&lt;Order&gt;</c>.</param>
    /// <param name="failureStatus">What the check reports if a handler is not healthy, or null for <see cref="HealthStatus.Unhealthy"/>.</param>
    /// <param name="tags">Tags to select checks by.</param>
    /// <returns>The health checks.</returns>
    /// <remarks>
    /// Each check asks the server for its last event. The check fails if the server does not answer within the connection's
    /// <c>RequestTimeout</c>, if a handler has ended with an exception, or if a handler lags too far. A handler with
    /// <see cref="NatsHandlerOptions{T}.Partitions"/> is healthy while this instance has no partition. A handler that cannot open its checkpoint lags by the
    /// events that were stored since the host started. The data of the result has the lag and the faults of each handler.
    /// <para><b>Concurrency.</b> Checks can run at the same time.</para>
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxLag"/> is negative.</exception>
    public static IHealthChecksBuilder AddNatsEventStream<T>(
        this IHealthChecksBuilder builder,
        long maxLag,
        Func<NatsSubscription, bool>? filter = null,
        string? name = null,
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentOutOfRangeException.ThrowIfNegative(maxLag);
        return builder.Add(new HealthCheckRegistration(
            name ?? TypeName.Of(typeof(NatsEventStream<T>)),
            services => new NatsHealthCheck(services.GetRequiredService<HostedNatsStream<T>>(), maxLag, filter),
            failureStatus,
            tags));
    }

    /// <summary>Adds a check for whether the handlers of the container's <see cref="NatsEventStream{T}"/> have caught up after the start.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="builder">The health checks.</param>
    /// <param name="filter">Which handlers count, or null for all.</param>
    /// <param name="name">The name of the check, or null for the name of the type of the stream and <c> readiness</c>.</param>
    /// <param name="failureStatus">What the check reports while a handler has not caught up, or null for <see cref="HealthStatus.Unhealthy"/>.</param>
    /// <param name="tags">Tags to select checks by, such as <c>ready</c>.</param>
    /// <returns>The health checks.</returns>
    /// <remarks>
    /// A handler is ready once it has handled all events that the server had when the host started. It then stays ready, unless it ends with an exception.
    /// A handler with <see cref="NatsHandlerOptions{T}.Partitions"/> is ready while this instance has no partition. The check asks nothing of the server.
    /// <para><b>Concurrency.</b> Checks can run at the same time.</para>
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    public static IHealthChecksBuilder AddNatsEventStreamReadiness<T>(
        this IHealthChecksBuilder builder,
        Func<NatsSubscription, bool>? filter = null,
        string? name = null,
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new HealthCheckRegistration(
            name ?? $"{TypeName.Of(typeof(NatsEventStream<T>))} readiness",
            services => new NatsReadinessCheck(services.GetRequiredService<HostedNatsStream<T>>(), filter),
            failureStatus,
            tags));
    }
}
