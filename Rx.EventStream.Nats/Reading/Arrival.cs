using NATS.Client.JetStream;

namespace Rx.Nats.Reading;

/// <summary>What <see cref="ServerReader{T}.ReadAsync"/> returns: an event, or the news that the reader has moved on without one.</summary>
/// <param name="Message">The message with the event, or null if there is no event.</param>
/// <param name="Metadata">What the server says about the message.</param>
/// <param name="Unreadable">Why the event cannot be deserialized, or null. Only a reader that hands out unreadable events sets it.</param>
internal readonly record struct Arrival<T>(INatsJSMsg<T>? Message, MessageMetadata Metadata, UnreadableEventException? Unreadable = null)
{
    /// <summary>Whether there is an event.</summary>
    internal bool IsEvent => Message is not null;

    /// <summary>The event with its sequence number.</summary>
    internal Sequenced<T> Event => new(Metadata.Sequence, Message!.Data!);

    /// <summary>The number of later events that the server had when it sent this one.</summary>
    internal ulong Pending => Metadata.Pending;
}
