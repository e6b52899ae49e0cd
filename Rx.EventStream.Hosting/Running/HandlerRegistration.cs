namespace Rx.Hosting.Running;

/// <summary>A handler that the application has registered.</summary>
internal abstract class HandlerRegistration(Type eventType, Type handlerType, string? key)
{
    internal Type EventType { get; } = eventType;

    internal Type HandlerType { get; } = handlerType;

    /// <summary>The key of its stream, or null.</summary>
    internal string? Key { get; } = key;

    /// <summary>Whether it is the same handler of the same stream.</summary>
    internal bool IsLike(HandlerRegistration other) => (EventType, HandlerType, Key) == (other.EventType, other.HandlerType, other.Key);
}
