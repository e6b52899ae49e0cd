using System.Text.RegularExpressions;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Rx.Samples.Tour;

/// <summary>Draws lines of C# with syntax colours.</summary>
internal static partial class CodeView
{
    public static IRenderable Draw(IReadOnlyList<string> code) => new Rows(code.Select(Draw));

    private static IRenderable Draw(string line)
    {
        if (line.Length == 0)
        {
            return Text.Empty;
        }

        var paragraph = new Paragraph().Overflow(Overflow.Crop);
        int plain = 0;
        foreach (Match token in Token().Matches(line))
        {
            paragraph.Append(line[plain..token.Index]);
            paragraph.Append(token.Value, StyleOf(token));
            plain = token.Index + token.Length;
        }

        return paragraph.Append(line[plain..]);
    }

    private static Style StyleOf(Match token) => new(
        token.Groups["comment"].Success ? Color.Grey
        : token.Groups["text"].Success ? Color.Olive
        : Color.Teal);

    [GeneratedRegex("""(?<comment>//.*$)|(?<text>\$?"[^"]*"|'[^']*')|(?<keyword>\b(?:await|char|foreach|in|int|new|string|using|var)\b)""")]
    private static partial Regex Token();
}
