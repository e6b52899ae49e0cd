using System.Collections.Immutable;

namespace Rx.Samples.Chatterbox;

/// <summary>What happens in the room, in words for a line of text.</summary>
internal static class Wording
{
    public static string Of(Event happened) => Clean(happened.What switch
    {
        What.Join => $"{happened.Who} joined",
        What.Leave => $"{happened.Who} left{(happened.Text.Length == 0 ? "" : $": {happened.Text}")}",
        _ => $"{happened.Who}: {happened.Text}",
    });

    public static string Of(ImmutableSortedSet<string> members) =>
        members.IsEmpty ? "Nobody is here" : Clean($"Here: {string.Join(", ", members)}");

    /// <summary>Without what would do something to a terminal, or break the line.</summary>
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
