using Microsoft.Extensions.DependencyInjection;
using Rx.Diagnostics;
using Rx.Hosting.Configuration;
using Rx.Hosting.Diagnostics;

namespace Rx.Hosting.Running;

/// <summary>A handler that is resolved in a scope of its own for each event.</summary>
internal sealed class ScopedHandler<T, THandler>(string? key, EventHandlerOptions<T> options) : HandlerRegistration<T>(typeof(THandler), key)
    where THandler : class, IEventHandler<T>
{
    internal override EventSubscription Subscribe(EventObservable<T> events, IServiceProvider services, HostLog log)
    {
        string name = options.Name ?? TypeName.Of(typeof(THandler));
        IServiceScopeFactory scopes = services.GetRequiredService<IServiceScopeFactory>();
        events = events.WithName(name).WithFaultPolicy(options.FaultPolicy ?? FaultPolicy<T>.Continue(fault => log.Faulted(name, fault.Sequence, fault.Exception)));
        if (options.LagPolicy is { } lagPolicy)
        {
            events = events.WithLagPolicy(lagPolicy);
        }

        return events.SubscribeAwait(
            (value, cancellationToken) => scopes.CallAsync<THandler, T>(value, static (handler, value, token) => handler.HandleAsync(value, token), cancellationToken),
            new SubscribeAwaitOptions<T>
            {
                MaxConcurrency = options.MaxConcurrency,
                PartitionKey = options.PartitionKey,
                OnError = static _ => { }, // the subscription has it as its error, and the watch logs it
            });
    }
}
