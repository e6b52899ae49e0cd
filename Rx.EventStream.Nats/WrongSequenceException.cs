namespace Rx.Nats;

/// <summary>An event was not stored because the stream does not end with the event that its publisher expected to be the last.</summary>
/// <remarks>
/// Thrown by <see cref="NatsEventStream{T}.PublishAsync"/> with an <c>expectedLastSequence</c> when another event was stored after that one, or when
/// the stream has not reached that sequence number. To try again, read what was stored, and publish with <see cref="Actual"/> as the expected sequence number.
/// <para><b>Concurrency.</b> Immutable; can be used from any thread.</para>
/// </remarks>
public sealed class WrongSequenceException : NatsEventStreamException
{
    internal WrongSequenceException(string stream, long expected, long actual)
        : base($"The last sequence number of stream '{stream}' is {actual}, not {expected} as expected. The event was not stored.")
    {
        Expected = expected;
        Actual = actual;
    }

    /// <summary>The sequence number that the publisher expected to be the last.</summary>
    public long Expected { get; }

    /// <summary>The sequence number that was the last.</summary>
    public long Actual { get; }
}
