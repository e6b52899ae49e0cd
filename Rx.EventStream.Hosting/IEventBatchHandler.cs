namespace Rx.Hosting;

/// <summary>Handles the events of a stream in batches; see
/// <see cref="Microsoft.Extensions.DependencyInjection.EventStreamServiceCollectionExtensions.AddEventBatchHandler{T, THandler}"/>.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks><b>Concurrency.</b> The container makes a handler for each batch, in a scope of its own, unless the application registers the
/// handler with another lifetime. One call runs at a time.</remarks>
public interface IEventBatchHandler<T>
{
    /// <summary>Handles a batch.</summary>
    /// <param name="batch">The events, at least one, in order. The memory stays valid for as long as it is held.</param>
    /// <param name="cancellationToken">Canceled when the host's shutdown timeout has ended, or when the handler's subscription ends, for
    /// example because another call threw with <c>FaultPolicy.Stop</c>.</param>
    /// <returns>A task that completes when the batch is handled.</returns>
    ValueTask HandleAsync(ReadOnlyMemory<T> batch, CancellationToken cancellationToken);
}
