namespace Rx.Samples.Chatterbox;

/// <summary>The result of joining a room.</summary>
/// <param name="Name">The member's name in the room.</param>
/// <param name="Sequence">The sequence number of the join event in the log; 0 if the room has no log.</param>
internal sealed record JoinResult(string Name, long Sequence);
