using System.Collections.Immutable;

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

    public static string Format(ImmutableSortedSet<string> members) =>
        members.IsEmpty ? "The room is empty" : Clean($"Here: {string.Join(", ", members)}");

    /// <summary>Replaces control characters, which could break the line or control the terminal.</summary>
    private static string Clean(string text) =>
        text.Any(char.IsControl) ? string.Create(text.Length, text, static (line, from) =>
        {
            for (int i = 0; i < line.Length; i++)
            {
                line[i] = char.IsControl(from[i]) ? ' ' : from[i];
            }
        })
        : text;
}
