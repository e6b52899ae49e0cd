using Rx.Nats.Hosting.Diagnostics;

namespace Rx.Nats.Hosting.Running;

/// <summary>A handler for events of a type.</summary>
internal abstract class NatsHandlerRegistration<T>(Type handlerType) : NatsHandlerRegistration(typeof(T), handlerType)
{
    /// <summary>Creates the handler's options, and what calls it. It does not start yet.</summary>
    internal abstract HostedNatsHandler<T> Create(IServiceProvider services, NatsHostLog log);
}
