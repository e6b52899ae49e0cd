namespace Rx.Samples.Chatterbox;

/// <summary>Formats events and members as lines of text.</summary>
internal static class RoomText
{
    public static string Format(Event roomEvent) => Clean(roomEvent.What switch
    {
        What.Join => $"{roomEvent.Who} joined",
        What.Leave => $"{roomEvent.Who} left{(roomEvent.Text.Length == 0 ? "" : $": {roomEvent.Text}")}",
        _ => $"{roomEvent.Who}: {roomEvent.Text}",
    });

    public static string Format(IReadOnlyCollection<string> members) =>
        members.Count == 0 ? "The room is empty" : Clean($"Here: {string.Join(", ", members)}");

    /// <summary>Replaces control characters, which could break the line or control the terminal.</summary>
    private static string Clean(string text) => text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)) : text;
}
