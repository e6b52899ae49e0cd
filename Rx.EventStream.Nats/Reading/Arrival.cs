namespace Rx.Nats.Reading;

/// <summary>What a reader of the server comes upon: an event, or that there is none yet.</summary>
/// <param name="IsEvent">Whether it is an event.</param>
/// <param name="Event">The event with its sequence.</param>
/// <param name="Pending">How many events the server had after it, when it sent it.</param>
internal readonly record struct Arrival<T>(bool IsEvent, Sequenced<T> Event, ulong Pending);
