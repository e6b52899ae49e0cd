using System.Collections.Immutable;

namespace Rx.Samples.Chatterbox;

/// <summary>Computes the members of the room from the events. The server and the client use it.</summary>
internal static class Roster
{
    public static ImmutableSortedSet<string> Empty { get; } = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);

    public static ImmutableSortedSet<string> Apply(ImmutableSortedSet<string> members, Event roomEvent) => roomEvent.What switch
    {
        What.Join => members.Add(roomEvent.Who),
        What.Leave => members.Remove(roomEvent.Who),
        _ => members,
    };
}
