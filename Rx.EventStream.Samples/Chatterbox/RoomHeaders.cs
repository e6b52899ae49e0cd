namespace Rx.Samples.Chatterbox;

/// <summary>The headers that a server and a client exchange besides the events. The Go original neither sends nor needs them.</summary>
internal static class RoomHeaders
{
    /// <summary>Sent by the server before the events: the client's name in the room.</summary>
    public const string Name = "chatterbox-name";

    /// <summary>Sent by the server after the events: how many events the client missed, if it was cut off.</summary>
    public const string Missed = "chatterbox-missed";

    /// <summary>Sent by the server before the events: the <see cref="LogPosition"/> of the first event after INITIALIZED. Each later event has
    /// the next sequence number. Sent by a client that reconnects: the position at which it wants to resume. If the server resumes there, it
    /// does not send the members.</summary>
    public const string Next = "chatterbox-next";
}
