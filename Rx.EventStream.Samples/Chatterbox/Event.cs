namespace Rx.Samples.Chatterbox;

/// <summary>Something that happens in the room.</summary>
public sealed partial class Event
{
    /// <summary>Its number in the log of a room that several servers share; otherwise 0. It does not go over the wire.</summary>
    internal long Sequence { get; init; }
}
