namespace Rx.Nats;

/// <summary>An event that a handler did not handle.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <param name="Event">The event. If it cannot be read, its value is the default of <typeparamref name="T"/>.</param>
/// <param name="Exception">What the handler threw, or an <see cref="UnreadableEventException"/>.</param>
/// <remarks><b>Concurrency.</b> Immutable; can be used from any thread.</remarks>
public readonly record struct NatsEventFault<T>(NatsEvent<T> Event, Exception Exception);
