using System.Collections.Immutable;

namespace Rx.Samples.Chatterbox;

/// <summary>The room after an event.</summary>
/// <param name="Members">Who is there.</param>
/// <param name="Sequence">The event's number in the log, or 0.</param>
internal sealed record RoomState(ImmutableSortedSet<string> Members, long Sequence)
{
    public static RoomState Empty { get; } = new(Roster.Empty, 0);

    public static RoomState After(RoomState state, Event happened) => new(Roster.After(state.Members, happened), happened.Sequence);
}
