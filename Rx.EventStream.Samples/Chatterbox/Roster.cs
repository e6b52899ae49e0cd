using System.Collections.Immutable;

namespace Rx.Samples.Chatterbox;

/// <summary>Who is in the room, as the events tell; servers and clients count alike.</summary>
internal static class Roster
{
    public static ImmutableSortedSet<string> Empty { get; } = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);

    public static ImmutableSortedSet<string> After(ImmutableSortedSet<string> members, Event happened) => happened.What switch
    {
        What.Join => members.Add(happened.Who),
        What.Leave => members.Remove(happened.Who),
        _ => members,
    };
}
