using System.Collections.Immutable;

namespace Rx.Samples.Chatterbox;

/// <summary>Where a client shows the room. Any thread may call it.</summary>
internal interface IRoomView
{
    /// <summary>The client is in the room, or is so again.</summary>
    /// <param name="name">How it is called there; null if it only watches, or if the server does not say.</param>
    /// <param name="members">Who is there.</param>
    void Arrived(string? name, ImmutableSortedSet<string> members);

    /// <summary>Something happened in the room.</summary>
    void Happened(Event happened, ImmutableSortedSet<string> members);

    /// <summary>Something happened to the client.</summary>
    void Notice(string text);

    /// <summary>The visit is over, and something is left to say about it, which goes to standard error. Shows nothing of the room any more.</summary>
    void Goodbye(string text);
}
