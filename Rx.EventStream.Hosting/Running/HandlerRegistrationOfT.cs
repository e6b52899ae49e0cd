using Rx.Hosting.Diagnostics;

namespace Rx.Hosting.Running;

/// <summary>A handler for events of a type.</summary>
internal abstract class HandlerRegistration<T>(Type handlerType, string? key) : HandlerRegistration(typeof(T), handlerType, key)
{
    /// <summary>Subscribes the handler to the events.</summary>
    internal abstract EventSubscription Subscribe(EventObservable<T> events, IServiceProvider services, HostLog log);
}
