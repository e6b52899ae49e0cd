namespace Rx.Nats;

/// <summary>Publishing failed, or took longer than it may. Says what was stored, what was not, and of what that is unknown.</summary>
/// <remarks>
/// An event is unknown when it was sent, and the answer did not come. Publishing it again under the same message id stores it at most
/// once, within the stream's duplicate window. The cause, if there is one, is the inner exception.
/// <para><b>Concurrency.</b> Immutable; may be used from any thread.</para>
/// </remarks>
public sealed class NatsPublishException : Exception
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

    /// <summary>The message without the figures.</summary>
    internal string Reason { get; }

    /// <summary>How many events of the call were stored.</summary>
    public int Stored { get; }

    /// <summary>How many events of the call were sent without an answer: they may be stored.</summary>
    public int Unknown => UnknownMessageIds.Count;

    /// <summary>The message ids of those events.</summary>
    public IReadOnlyList<string> UnknownMessageIds { get; }

    /// <summary>How many events of the call are certainly not stored.</summary>
    public int NotStored { get; }
}
