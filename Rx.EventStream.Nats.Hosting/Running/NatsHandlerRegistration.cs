namespace Rx.Nats.Hosting.Running;

/// <summary>A handler that the application has registered.</summary>
internal abstract class NatsHandlerRegistration(Type eventType, Type handlerType)
{
    internal Type EventType { get; } = eventType;

    internal Type HandlerType { get; } = handlerType;

    /// <summary>Whether it is the same handler of the same stream.</summary>
    internal bool IsLike(NatsHandlerRegistration other) => (EventType, HandlerType) == (other.EventType, other.HandlerType);
}
