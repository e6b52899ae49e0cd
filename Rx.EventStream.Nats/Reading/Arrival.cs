namespace Rx.Nats.Reading;

/// <summary>What <see cref="ServerReader{T}.ReadAsync"/> returns: an event, or the news that the reader has moved on without one.</summary>
/// <param name="IsEvent">Whether there is an event.</param>
/// <param name="Event">The event with its sequence number.</param>
/// <param name="Pending">The number of later events that the server had when it sent this one.</param>
internal readonly record struct Arrival<T>(bool IsEvent, Sequenced<T> Event, ulong Pending);
