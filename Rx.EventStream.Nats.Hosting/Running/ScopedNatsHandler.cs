using Microsoft.Extensions.DependencyInjection;
using Rx.Hosting;
using Rx.Hosting.Running;
using Rx.Nats.Hosting.Diagnostics;

namespace Rx.Nats.Hosting.Running;

/// <summary>A handler that is resolved in a scope of its own for each event.</summary>
internal sealed class ScopedNatsHandler<T, THandler>(Func<IServiceProvider, NatsHandlerOptions<T>> options) : NatsHandlerRegistration<T>(typeof(THandler))
    where THandler : class, IEventHandler<NatsEvent<T>>
{
    internal override HostedNatsHandler<T> Create(IServiceProvider services, NatsHostLog log)
    {
        IServiceScopeFactory scopes = services.GetRequiredService<IServiceScopeFactory>();
        return new HostedNatsHandler<T>(
            options(services),
            (e, token) => scopes.CallAsync<THandler, NatsEvent<T>>(e, static (handler, e, token) => handler.HandleAsync(e, token), token),
            log,
            services.GetService<TimeProvider>() ?? TimeProvider.System);
    }
}
