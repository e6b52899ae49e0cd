using System.Text.RegularExpressions;

namespace Rx.Tests.Documentation;

/// <summary>Finds the prose of Markdown and HTML: text, comments, and attributes that a reader sees or hears.</summary>
internal static partial class MarkupProse
{
    public static void ReadMarkdown(ProseMask mask, string page)
    {
        mask.Keep(0, page.Length);
        foreach (Match line in LineStart().Matches(page))
        {
            mask.Cut(line.Index, line.Length);
        }

        ReplaceTags(mask, 0, page.Length);
        foreach (Match target in LinkTarget().Matches(page))
        {
            mask.Blank(target.Index, target.Length);
        }

        foreach (Match block in CodeBlock().Matches(page))
        {
            Group code = block.Groups["code"];
            mask.Cut(block.Index, block.Length);
            ReadCode(block.Groups["language"].Value, code);
        }

        foreach (Match hidden in HiddenCode().Matches(page))
        {
            mask.Cut(hidden.Index, hidden.Length);
            ReadCode("csharp", hidden.Groups["code"]);
        }

        void ReadCode(string language, Group code)
        {
            if (language is "csharp")
            {
                CSharpProse.Read(mask, code.Value, code.Index);
            }
            else
            {
                foreach (Match text in (language is "sh" ? ShellComment() : Line()).Matches(code.Value))
                {
                    mask.Keep(code.Index + text.Index, text.Length);
                }
            }
        }
    }

    public static void ReadHtml(ProseMask mask, string page)
    {
        mask.Keep(0, page.Length);
        ReplaceTags(mask, 0, page.Length);
        foreach (Match style in Style().Matches(page))
        {
            mask.Cut(style.Index, style.Length);
        }

        foreach (Match script in Script().Matches(page))
        {
            Group code = script.Groups["code"];
            mask.Cut(code.Index, code.Length);
            JavaScriptProse.Read(mask, code.Value, code.Index);
        }
    }

    /// <summary>Names in code style become placeholders, and tags that do not end a sentence become spaces.</summary>
    public static void ReplaceTags(ProseMask mask, int start, int length)
    {
        string text = mask.Slice(start, length);
        foreach (Match code in CodeStyle().Matches(text))
        {
            mask.StandIn(start + code.Index, code.Length);
        }

        text = mask.Slice(start, length);
        foreach (Match tag in Tag().Matches(text))
        {
            int tagStart = start + tag.Index;
            if (tag.Groups["name"].Value is "see" or "paramref" or "typeparamref")
            {
                mask.StandIn(tagStart, tag.Length);
            }
            else if (tag.Groups["name"].Value is "a" or "abbr" or "b" or "em" or "i" or "kbd" or "span" or "strong")
            {
                mask.Blank(tagStart, tag.Length);
            }
            else
            {
                mask.Cut(tagStart, tag.Length);
            }

            foreach (Match attribute in VisibleAttribute().Matches(tag.Value))
            {
                Group value = attribute.Groups["value"];
                mask.Cut(tagStart + attribute.Index, attribute.Length);
                mask.Keep(tagStart + value.Index, value.Length);
            }
        }
    }

    /// <summary>What ends a paragraph, starts a heading, a list item or a quotation, or parts the cells of a table.</summary>
    [GeneratedRegex(@"^[ \t]*(#+|[-*+]|\d+\.|>)[ \t]+|(?<=^[ \t]*#.*)\n|\n(?=[ \t]*(\n|\||\[[^\]]+\]:))|(?<!\\)\|", RegexOptions.Multiline)]
    private static partial Regex LineStart();

    [GeneratedRegex(@"(?<=\])\([^)\s]+\)")]
    private static partial Regex LinkTarget();

    [GeneratedRegex(
        @"^(?<indent> *)(?<fence>`{3,}|~{3,})(?<language>[\w#+-]*)[^\n]*\n(?<code>.*?)^\k<indent>\k<fence>[ \t]*$",
        RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"<!-- compiled with:(?<code>.*?)-->", RegexOptions.Singleline)]
    private static partial Regex HiddenCode();

    [GeneratedRegex(@"(?<=^|\s)#[^\n]*", RegexOptions.Multiline)]
    private static partial Regex ShellComment();

    [GeneratedRegex(@"^.+$", RegexOptions.Multiline)]
    private static partial Regex Line();

    [GeneratedRegex(@"<style\b.*?</style>", RegexOptions.Singleline)]
    private static partial Regex Style();

    [GeneratedRegex(@"<script\b[^>]*>(?<code>.*?)</script>", RegexOptions.Singleline)]
    private static partial Regex Script();

    [GeneratedRegex(@"<(?<tag>code|c)>.*?</\k<tag>>|(?<tick>`+)[^`\u0001]+?\k<tick>", RegexOptions.Singleline)]
    private static partial Regex CodeStyle();

    [GeneratedRegex(@"</?(?<name>[A-Za-z][A-Za-z0-9]*)(\s[^<>]*)?/?>|<!(--)?|-->")]
    private static partial Regex Tag();

    [GeneratedRegex(@"\b(alt|aria-label|content|placeholder|title)=""(?<value>[^""]*)""")]
    private static partial Regex VisibleAttribute();
}
