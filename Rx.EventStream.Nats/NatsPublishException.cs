namespace Rx.Nats;

/// <summary>Publishing failed or timed out. The exception tells how many events were stored, how many were not, and for how many the outcome is unknown.</summary>
/// <remarks>
/// Thrown by <see cref="NatsEventStream{T}.PublishAsync"/> when the server does not confirm the event within
/// <see cref="NatsEventStreamOptions{T}.PublishTimeout"/> or the connection is closed, and by <see cref="NatsEventStream{T}.PublishAllAsync"/> when
/// any of its events is not stored. The cause, if there is one, is the inner exception.
/// <para>The outcome of an event is unknown if the event was sent but no answer came. Publishing the event again under the same message id stores it
/// at most once within the stream's duplicate window.</para>
/// <para><b>Concurrency.</b> Immutable; can be used from any thread.</para>
/// </remarks>
public sealed class NatsPublishException : NatsEventStreamException
{
    internal NatsPublishException(string reason, int stored, IReadOnlyList<string> unknownMessageIds, int notStored, Exception? error)
        : base(
            $"{reason}: {stored} stored, {unknownMessageIds.Count} sent and unknown, {notStored} not stored.{(error is null ? "" : $" {error.Message}")}",
            error)
    {
        Reason = reason;
        Stored = stored;
        UnknownMessageIds = unknownMessageIds;
        NotStored = notStored;
    }

    /// <summary>The message without the counts.</summary>
    internal string Reason { get; }

    /// <summary>The number of events of the call that were stored.</summary>
    public int Stored { get; }

    /// <summary>The number of events of the call that were sent but not answered. They may or may not be stored.</summary>
    public int Unknown => UnknownMessageIds.Count;

    /// <summary>The message ids of the events whose outcome is unknown.</summary>
    public IReadOnlyList<string> UnknownMessageIds { get; }

    /// <summary>The number of events of the call that are certainly not stored.</summary>
    public int NotStored { get; }
}
