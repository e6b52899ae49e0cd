using Microsoft.Extensions.DependencyInjection;
using Rx.Diagnostics;
using Rx.Hosting.Configuration;
using Rx.Hosting.Diagnostics;

namespace Rx.Hosting.Running;

/// <summary>A handler that is resolved in a scope of its own for each batch.</summary>
internal sealed class ScopedBatchHandler<T, THandler>(string? key, EventBatchHandlerOptions<T> options) : HandlerRegistration<T>(typeof(THandler), key)
    where THandler : class, IEventBatchHandler<T>
{
    internal override EventSubscription Subscribe(EventObservable<T> events, IServiceProvider services, HostLog log)
    {
        string name = options.Name ?? TypeName.Of(typeof(THandler));
        IServiceScopeFactory scopes = services.GetRequiredService<IServiceScopeFactory>();
        events = events.WithName(name);
        if (options.LagPolicy is { } lagPolicy)
        {
            events = events.WithLagPolicy(lagPolicy);
        }

        return events.SubscribeAwaitBatch(
            options.MaxCount,
            (batch, cancellationToken) => scopes.CallAsync<THandler, ReadOnlyMemory<T>>(
                batch, static (handler, batch, token) => handler.HandleAsync(batch, token), cancellationToken),
            new SubscribeAwaitOptions<ReadOnlyMemory<T>> { OnError = static _ => { } }, // as for handlers of events
            options.FaultPolicy ?? FaultPolicy<ReadOnlyMemory<T>>.Continue(
                fault => log.BatchFaulted(name, fault.Value.Length, fault.Sequence, fault.Exception)));
    }
}
