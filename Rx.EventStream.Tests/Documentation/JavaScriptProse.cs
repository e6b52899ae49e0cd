using System.Text.RegularExpressions;

namespace Rx.Tests.Documentation;

/// <summary>Finds the comments and the strings of JavaScript code. A template inside a template is read as code.</summary>
internal static partial class JavaScriptProse
{
    public static void Read(ProseMask mask, string code, int start = 0)
    {
        int previousEnd = 0;
        foreach (Match token in Token().Matches(code))
        {
            Group text = token.Groups["text"];
            if (!text.Success)
            {
                continue; // a regular expression
            }

            mask.Keep(start + text.Index, text.Length);
            if (token.Value.StartsWith("//", StringComparison.Ordinal) && NextLine().IsMatch(code[previousEnd..token.Index]))
            {
                mask.Blank(start + previousEnd, text.Index - previousEnd);
            }

            foreach (Match value in Value().Matches(text.Value))
            {
                mask.StandIn(start + text.Index + value.Index, value.Length);
            }

            foreach (Match escape in Escape().Matches(text.Value))
            {
                mask.Cut(start + text.Index + escape.Index, escape.Length);
            }

            previousEnd = token.Index + token.Length;
        }
    }

    [GeneratedRegex(
        """
        //(?<text>[^\n]*) | /\*(?<text>.*?)\*/
        | "(?<text>(\\.|[^"\\\n])*)" | '(?<text>(\\.|[^'\\\n])*)' | `(?<text>(\\.|\$\{[^{}]*(\{[^{}]*\}[^{}]*)*\}|[^`\\])*)`
        | (?<=[(,=:\[!&|?;{}]\s*) / (\\.|\[(\\.|[^\]\\\n])*\]|[^/\\\n])+ /[a-z]*
        """,
        RegexOptions.Singleline | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Token();

    [GeneratedRegex(@"\$\{[^{}]*(\{[^{}]*\}[^{}]*)*\}")]
    private static partial Regex Value();

    [GeneratedRegex(@"\\.", RegexOptions.Singleline)]
    private static partial Regex Escape();

    [GeneratedRegex(@"^[ \t]*\r?\n[ \t]*$")]
    private static partial Regex NextLine();
}
