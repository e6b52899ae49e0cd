using System.Collections.Immutable;

namespace Rx.Samples.Chatterbox;

/// <summary>Shows the room to the user of a client. Any thread may call it.</summary>
internal interface IRoomView
{
    /// <summary>Shows that the client has connected to the room, for the first time or again.</summary>
    /// <param name="name">The client's name in the room; null if it only watches, or if the server does not send the name.</param>
    /// <param name="members">The members of the room.</param>
    void ShowMembers(string? name, ImmutableSortedSet<string> members);

    /// <summary>Shows an event of the room.</summary>
    /// <param name="roomEvent">The event.</param>
    /// <param name="members">The members of the room after the event.</param>
    void ShowEvent(Event roomEvent, ImmutableSortedSet<string> members);

    /// <summary>Shows a message about the client itself, such as a lost connection.</summary>
    void ShowNotice(string text);

    /// <summary>Ends the view, and writes a last message to standard error.</summary>
    void Close(string text);
}
