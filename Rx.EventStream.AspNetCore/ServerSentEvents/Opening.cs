namespace Rx.AspNetCore.ServerSentEvents;

/// <summary>How a client has joined.</summary>
/// <param name="Reader">The events that the client gets.</param>
/// <param name="Snapshot">The state that has the events before, as JSON; or null.</param>
internal readonly record struct Opening<T>(EventReader<T> Reader, byte[]? Snapshot);
