namespace Rx.Samples.Chatterbox;

/// <summary>Something that happens in the room.</summary>
public sealed partial class Event
{
    /// <summary>The event's sequence number in the log of a shared room; otherwise 0. It is not sent to clients.</summary>
    internal long Sequence { get; init; }
}
