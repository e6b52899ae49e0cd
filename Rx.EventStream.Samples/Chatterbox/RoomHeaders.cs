namespace Rx.Samples.Chatterbox;

/// <summary>What server and client tell each other besides the events. The Go original knows nothing of it, nor needs to.</summary>
internal static class RoomHeaders
{
    /// <summary>From the server, in front of the events: how the client is called in the room.</summary>
    public const string Name = "chatterbox-name";

    /// <summary>From the server, behind the events: how many the client missed, if it was cut off.</summary>
    public const string Missed = "chatterbox-missed";

    /// <summary>From the server, in front of the events: the <see cref="LogPlace"/> of the first one behind INITIALIZED. Each event after it
    /// is one further. From a client that comes back: the place that it wants to go on at. Where the server does, it tells no members.</summary>
    public const string Next = "chatterbox-next";
}
