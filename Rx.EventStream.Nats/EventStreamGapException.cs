namespace Rx.Nats;

/// <summary>What a reader ends with when the server no longer has the events it would read next.</summary>
/// <remarks>
/// The server has trimmed its stream, by its limits or on request, further than the reader had come. With a filter, some or all of
/// the missing events may be of other subjects: a reader knows which were, up to a few seconds before it was cut off. To go on, open again at <c>NatsStart.At(To + 1)</c>.
/// <para><b>Concurrency.</b> Immutable; may be used from any thread.</para>
/// </remarks>
public sealed class EventStreamGapException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="from">The sequence of the first event that is missing.</param>
    /// <param name="to">The sequence of the last event that is missing.</param>
    public EventStreamGapException(long from, long to)
        : base($"The server no longer has the events {from} to {to}: its stream was trimmed before they were read.")
    {
        From = from;
        To = to;
    }

    /// <summary>The sequence of the first event that is missing.</summary>
    public long From { get; }

    /// <summary>The sequence of the last event that is missing.</summary>
    public long To { get; }
}
