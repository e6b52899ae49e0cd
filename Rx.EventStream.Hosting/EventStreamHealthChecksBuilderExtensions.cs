using Microsoft.Extensions.Diagnostics.HealthChecks;
using Rx;
using Rx.Diagnostics;
using Rx.Hosting.Configuration;
using Rx.Hosting.Diagnostics;
using Rx.Hosting.Running;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Health checks for streams.</summary>
public static class EventStreamHealthChecksBuilderExtensions
{
    /// <summary>Adds a health check for the container's <see cref="EventStream{T}"/>.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="builder">The health checks.</param>
    /// <param name="maxLag">The greatest lag of a healthy subscriber, at least 0.</param>
    /// <param name="maxStandstill">For how long a healthy subscriber may have events and not move; more than zero. The time is measured
    /// between two looks at the subscribers. The host looks every 10 seconds, and with each check.</param>
    /// <param name="filter">Which subscribers count, or null for all, readers of clients included.</param>
    /// <param name="name">The name of the check, or null for the name of the type of the events.</param>
    /// <param name="failureStatus">What the check reports for a subscriber that is not healthy, or null for
    /// <see cref="HealthStatus.Unhealthy"/>.</param>
    /// <param name="tags">Tags to select checks by.</param>
    /// <returns>The health checks.</returns>
    /// <remarks>A handler that has ended with an exception is not healthy either. The data of the result has the lag of each subscriber, and
    /// how many events it has lost, as <c>NAME.lag</c> and <c>NAME.dropped</c>; for several of one name, the greatest lag and the
    /// sum.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxLag"/> or <paramref name="maxStandstill"/> is out of
    /// range.</exception>
    public static IHealthChecksBuilder AddEventStream<T>(
        this IHealthChecksBuilder builder,
        long maxLag,
        TimeSpan maxStandstill,
        Func<EventSubscription, bool>? filter = null,
        string? name = null,
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null) =>
        Add<T>(builder, null, maxLag, maxStandstill, filter, name ?? TypeName.Of(typeof(T)), failureStatus, tags);

    /// <summary>Adds a health check for the <see cref="EventStream{T}"/> with a key.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="builder">The health checks.</param>
    /// <param name="serviceKey">The key of the stream.</param>
    /// <param name="maxLag">The greatest lag of a healthy subscriber, at least 0.</param>
    /// <param name="maxStandstill">For how long a healthy subscriber may have events and not move; more than zero.</param>
    /// <param name="filter">Which subscribers count, or null for all, readers of clients included.</param>
    /// <param name="name">The name of the check, or null for the key.</param>
    /// <param name="failureStatus">What the check reports for a subscriber that is not healthy, or null for
    /// <see cref="HealthStatus.Unhealthy"/>.</param>
    /// <param name="tags">Tags to select checks by.</param>
    /// <returns>The health checks.</returns>
    /// <remarks>See <see cref="AddEventStream{T}"/>.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> or <paramref name="serviceKey"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxLag"/> or <paramref name="maxStandstill"/> is out of
    /// range.</exception>
    public static IHealthChecksBuilder AddKeyedEventStream<T>(
        this IHealthChecksBuilder builder,
        string serviceKey,
        long maxLag,
        TimeSpan maxStandstill,
        Func<EventSubscription, bool>? filter = null,
        string? name = null,
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(serviceKey);
        return Add<T>(builder, serviceKey, maxLag, maxStandstill, filter, name ?? serviceKey, failureStatus, tags);
    }

    private static IHealthChecksBuilder Add<T>(
        IHealthChecksBuilder builder,
        string? key,
        long maxLag,
        TimeSpan maxStandstill,
        Func<EventSubscription, bool>? filter,
        string name,
        HealthStatus? failureStatus,
        IEnumerable<string>? tags)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentOutOfRangeException.ThrowIfNegative(maxLag);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(maxStandstill, TimeSpan.Zero);
        return builder.Add(new HealthCheckRegistration(
            name,
            services => new EventStreamHealthCheck(services.GetRequiredKeyedService<HostedStream<T>>(key), maxLag, maxStandstill, filter),
            failureStatus,
            tags));
    }
}
