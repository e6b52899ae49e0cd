using System.Text.Json.Serialization;

namespace Rx.Samples.Chatterbox;

/// <summary>An event as it is in the log of a room that several servers share.</summary>
/// <param name="What">What happened.</param>
/// <param name="Who">Who did it; empty for who joins, and is called after the event's sequence.</param>
/// <param name="Text">What was said.</param>
/// <param name="Server">The server that it happened at.</param>
internal sealed record SharedEvent(
    [property: JsonConverter(typeof(JsonStringEnumConverter<What>))] What What, string Who, string Text, string Server);
