namespace Rx.Nats;

/// <summary>The content of an event cannot be deserialized.</summary>
/// <remarks>
/// Every way of reading ends with this exception, unless <see cref="NatsEventStreamOptions{T}.SkipUnreadable"/> is set: that delegate gets the
/// exception, and the event is skipped. The serializer's exception is the inner exception.
/// <para><b>Concurrency.</b> Immutable; can be used from any thread.</para>
/// </remarks>
public sealed class UnreadableEventException : NatsEventStreamException
{
    internal UnreadableEventException(string stream, long sequence, string subject, Exception error)
        : base($"Event {sequence} of stream '{stream}', subject '{subject}', cannot be read: {error.Message}", error)
    {
        Sequence = sequence;
        Subject = subject;
    }

    /// <summary>The event's sequence number.</summary>
    public long Sequence { get; }

    /// <summary>The event's subject.</summary>
    public string Subject { get; }
}
