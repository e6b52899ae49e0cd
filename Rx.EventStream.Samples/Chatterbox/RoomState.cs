using System.Collections.Immutable;

namespace Rx.Samples.Chatterbox;

/// <summary>The state of the room after an event.</summary>
/// <param name="Members">The members of the room.</param>
/// <param name="Sequence">The event's sequence number in the log; 0 if the room has no log.</param>
internal sealed record RoomState(ImmutableSortedSet<string> Members, long Sequence)
{
    public static RoomState Empty { get; } = new(Roster.Empty, 0);

    public static RoomState Apply(RoomState state, Event roomEvent) => new(Roster.Apply(state.Members, roomEvent), roomEvent.Sequence);
}
