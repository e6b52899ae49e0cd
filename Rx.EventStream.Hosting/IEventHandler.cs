namespace Rx.Hosting;

/// <summary>Handles the events of a stream; see
/// <see cref="Microsoft.Extensions.DependencyInjection.EventStreamServiceCollectionExtensions.AddEventHandler{T, THandler}"/>.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks><b>Concurrency.</b> The container makes a handler for each event, in a scope of its own, unless the application registers the
/// handler with another lifetime. One call runs at a time, unless <see cref="EventHandlerOptions{T}.MaxConcurrency"/> says
/// otherwise.</remarks>
public interface IEventHandler<in T>
{
    /// <summary>Handles an event.</summary>
    /// <param name="value">The event.</param>
    /// <param name="cancellationToken">Canceled when the host's shutdown timeout has ended, or when the handler's subscription ends, for
    /// example because another call threw with <c>FaultPolicy.Stop</c>.</param>
    /// <returns>A task that completes when the event is handled.</returns>
    ValueTask HandleAsync(T value, CancellationToken cancellationToken);
}
