namespace Rx.Nats;

/// <summary>The server no longer has the events that a reader needs next.</summary>
/// <remarks>
/// Thrown by <see cref="NatsEventStream{T}.OpenAsync"/> and by every way of reading when the stream on the server was trimmed, by its limits or on
/// request, beyond the place that the reader had reached. With a filter, some or all of the missing events can belong to other subjects: the
/// reader knows which do, except for the last few seconds before it was disconnected. To continue, open the stream again at
/// <c>NatsStart.At(gap.To + 1)</c>.
/// <para><b>Concurrency.</b> Immutable; can be used from any thread.</para>
/// </remarks>
public sealed class EventStreamGapException : NatsEventStreamException
{
    /// <summary>Creates the exception, for example to test how a program handles it.</summary>
    /// <param name="from">The sequence number of the first missing event.</param>
    /// <param name="to">The sequence number of the last missing event.</param>
    public EventStreamGapException(long from, long to)
        : base($"The server no longer has the events {from} to {to}: its stream was trimmed before they were read.")
    {
        From = from;
        To = to;
    }

    /// <summary>The sequence number of the first missing event.</summary>
    public long From { get; }

    /// <summary>The sequence number of the last missing event.</summary>
    public long To { get; }
}
