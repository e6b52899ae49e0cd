using System.Text.Json.Serialization;

namespace Rx.Samples.Chatterbox;

/// <summary>An event as it is stored in the log of a shared room.</summary>
/// <param name="What">The kind of event.</param>
/// <param name="Who">The member's name. Empty in a join event: the event's sequence number determines the name.</param>
/// <param name="Text">The line of a chat event, or the reason of a leave event.</param>
/// <param name="Server">The server that published the event.</param>
internal sealed record SharedEvent(
    [property: JsonConverter(typeof(JsonStringEnumConverter<What>))] What What, string Who, string Text, string Server);
