namespace Rx.Storage;

/// <summary>What came of <see cref="EventLog{T}.TryAppendAndDrain"/> and <see cref="EventLog{T}.TryAppendOwned"/>.</summary>
internal enum AppendResult
{
    /// <summary>Nothing was claimed: another thread drains, or others have claimed, or the log has ended or has no segment yet.</summary>
    NotClaimed,

    /// <summary>The event is published in the tail, and this thread is the drainer.</summary>
    InTail,

    /// <summary>The event is published in a later segment, and this thread is the drainer, whose cursor must move there.</summary>
    InNextSegment,
}
