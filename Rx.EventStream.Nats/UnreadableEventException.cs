namespace Rx.Nats;

/// <summary>An event whose content could not be read.</summary>
/// <remarks><b>Concurrency.</b> Immutable; may be used from any thread.</remarks>
public sealed class UnreadableEventException : Exception
{
    internal UnreadableEventException(string stream, long sequence, string subject, Exception error)
        : base($"Event {sequence} of stream '{stream}', subject '{subject}', cannot be read: {error.Message}", error)
    {
        Sequence = sequence;
        Subject = subject;
    }

    /// <summary>The event's sequence.</summary>
    public long Sequence { get; }

    /// <summary>The event's subject.</summary>
    public string Subject { get; }
}
