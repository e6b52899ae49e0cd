namespace Rx.Hosting;

/// <summary>How a stream calls its <see cref="IEventBatchHandler{T}"/>.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks><b>Concurrency.</b> Immutable; may be shared and used from any thread.</remarks>
public sealed class EventBatchHandlerOptions<T>
{
    /// <summary>The name in logs, in health checks and in <see cref="EventStream{T}.Subscriptions"/>. Default: null, the name of the
    /// handler's type.</summary>
    public string? Name { get; init; }

    /// <summary>The most events in one batch; at least 1. Default: 100.</summary>
    /// <remarks>A batch contains the events that are waiting when the previous call returns, so batches grow with the load, up to this
    /// number.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int MaxCount
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    }

        = 100;

    /// <summary>What happens when the handler lags. Default: null, the policy of the stream.</summary>
    public LagPolicy? LagPolicy { get; init; }

    /// <summary>What happens when the handler throws. Default: null, the exception is logged as an error with the batch's first sequence number
    /// and length, and the next batch follows.</summary>
    /// <remarks>See <see cref="EventHandlerOptions{T}.FaultPolicy"/>. A fault concerns all events of its batch.</remarks>
    public FaultPolicy<ReadOnlyMemory<T>>? FaultPolicy { get; init; }
}
