namespace Rx.Hosting;

/// <summary>How a stream calls its <see cref="IEventHandler{T}"/>.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks><b>Concurrency.</b> Immutable; may be shared and used from any thread.</remarks>
public sealed class EventHandlerOptions<T>
{
    /// <summary>The name in logs, in health checks and in <see cref="EventStream{T}.Subscriptions"/>. Default: null, the name of the
    /// handler's type.</summary>
    public string? Name { get; init; }

    /// <summary>How many events the handler may handle at the same time; at least 1, which is the default: one at a time, in order.</summary>
    /// <remarks>See <see cref="SubscribeAwaitOptions{T}.MaxConcurrency"/>.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int MaxConcurrency
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    }

        = 1;

    /// <summary>The key of an event, or null. Events of one key are handled one at a time, in order; see
    /// <see cref="SubscribeAwaitOptions{T}.PartitionKey"/>.</summary>
    public Func<T, object?>? PartitionKey { get; init; }

    /// <summary>What happens when the handler lags. Default: null, the policy of the stream.</summary>
    public LagPolicy? LagPolicy { get; init; }

    /// <summary>What happens when the handler throws. Default: null, the exception is logged as an error, and the next event
    /// follows.</summary>
    /// <remarks>
    /// The default is to continue: a single event that cannot be handled must not silently end the handling of all later events. With
    /// <see cref="FaultPolicy{T}.Stop"/> the handler ends. That is logged, and the health check reports it. A policy that is set here
    /// replaces the log of each fault.
    /// </remarks>
    public FaultPolicy<T>? FaultPolicy { get; init; }
}
