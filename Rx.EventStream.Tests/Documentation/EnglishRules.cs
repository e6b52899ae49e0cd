using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;

namespace Rx.Tests.Documentation;

/// <summary>Phrases that no comment, string or page uses, because readers stumble over them. Each has a plain replacement.</summary>
internal static partial class EnglishRules
{
    private static readonly (Regex Phrase, string Advice)[] _rules =
    [
        (Pronoun(), "name the actor: the publisher, a subscriber, no thread"),
        (HeadlessWho(), "name the actor that does it"),
        (Adverb(), "say in between or at the same time"),
        (Obligation(), "say must, can or may"),
        (Idiom(), "say it plainly"),
        (TemporalBehind(), "say after; only a place can be behind"),
    ];

    /// <summary>The violations of a file, each as <c>path:line: phrase (advice)</c>.</summary>
    /// <param name="path">Its extension says how to tell prose from code.</param>
    /// <param name="text">What the file says.</param>
    public static IReadOnlyList<string> Check(string path, string text)
    {
        ProseMask mask = new(text);
        switch (Path.GetExtension(path))
        {
            case ".cs":
                CSharpProse.Read(mask, text);
                break;
            case ".cake":
                CSharpProse.Read(mask, text, kind: SourceCodeKind.Script);
                break;
            case ".md":
                MarkupProse.ReadMarkdown(mask, text);
                break;
            case ".html":
                MarkupProse.ReadHtml(mask, text);
                break;
            case ".js":
                JavaScriptProse.Read(mask, text);
                break;
            default:
                throw new ArgumentException($"No rule says what of {path} is prose.", nameof(path));
        }

        string prose = mask.ToString();
        return
        [
            .. from rule in _rules
               from Match match in rule.Phrase.Matches(prose)
               let phrase = match.Groups["phrase"]
               orderby phrase.Index
               select $"{path}:{mask.LineOf(phrase.Index)}: {WhiteSpace().Replace(phrase.Value, " ")} ({rule.Advice})",
        ];
    }

    [GeneratedRegex(@"\b(?<phrase>who(?:ever)|(?:some|no|any)body|those\s+who)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Pronoun();

    /// <summary>At the start of a clause that is not a question, and after a preposition, where no noun can precede it.</summary>
    [GeneratedRegex(
        """
        (?: ^ | [\u0001.,;:(!?] | \s[-–—] | \b(?:by|for|with|from|than) )
        [\s*_"'“‘]*
        (?<![\w/]) (?<phrase>[Ww]ho\s+[a-z]+)
        (?! [^\u0001.;:!?()]* \? )
        """,
        RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex HeadlessWho();

    [GeneratedRegex(@"\b(?<phrase>mean(?:while))\b", RegexOptions.IgnoreCase)]
    private static partial Regex Adverb();

    /// <summary>"The goal is to be fast" is no obligation.</summary>
    [GeneratedRegex(@"(?<!\b(?:aim|goal|point|purpose|task)\s+)\b(?<phrase>(?:is|are|was|were)\s+(?:not\s+)?to\s+be)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Obligation();

    [GeneratedRegex(@"\b(?<phrase>of\s+one[’']s\s+own|has\s+it\s+that|(?:is|are|was|were)\s+at\s+it)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Idiom();

    /// <summary>"Fifty events behind it" and "lags behind the end" are places, and threads can queue behind each other.</summary>
    [GeneratedRegex(
        """
        (?<! \b(?: (?:\d[\d,]*|x+|many|few|some|more|most|fifty|far|further|farther) (?:\s+events)?
          | lag(?:s|ged|ging)? | fall(?:s|en|ing)? | fell ) \s+ )
        \b(?<phrase>behind \s+ (?:
            (?:it|that|this|each(?!\s+other)) \b
            | (?:the|a|an|its|their|his|every|one) \s+ (?:own\s+|last\s+|first\s+|next\s+)?
              (?:marks?|look|events?|calls?|end|claims?|barrier|fence|push|pop|CAS|store|load|exchange|publication
                |terminal|batch|run|burst|hole|lease|join) \b
        ))
        """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.IgnoreCase)]
    private static partial Regex TemporalBehind();

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();
}
