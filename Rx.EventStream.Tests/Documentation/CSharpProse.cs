using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Rx.Tests.Documentation;

/// <summary>Finds the comments and the strings of C# code.</summary>
internal static partial class CSharpProse
{
    public static void Read(ProseMask mask, string code, int start = 0, SourceCodeKind kind = SourceCodeKind.Regular)
    {
        CSharpParseOptions options = new(LanguageVersion.Latest, DocumentationMode.None, kind);
        SyntaxNode root = CSharpSyntaxTree.ParseText(code, options).GetRoot();
        ReadStrings(mask, code, start, root);
        ReadComments(mask, code, start, root);
    }

    private static void ReadStrings(ProseMask mask, string code, int start, SyntaxNode root)
    {
        // Outer interpolations first, so that the strings inside them are read afterwards.
        foreach (InterpolationSyntax value in root.DescendantNodes().OfType<InterpolationSyntax>())
        {
            mask.StandIn(start + value.SpanStart, value.Span.Length);
        }

        int previousEnd = 0;
        foreach (SyntaxToken token in root.DescendantTokens())
        {
            if (token.IsKind(SyntaxKind.InterpolatedStringTextToken))
            {
                SyntaxToken opening = token.Parent!.Parent is InterpolatedStringExpressionSyntax whole ? whole.StringStartToken : default;
                KeepString(token.Span, hasEscapes: opening.IsKind(SyntaxKind.InterpolatedStringStartToken));
            }
            else if (token.Kind() is SyntaxKind.InterpolatedStringStartToken or SyntaxKind.InterpolatedStringEndToken)
            {
                mask.Cut(start + token.SpanStart, token.Span.Length);
            }
            else if (token.Kind() is SyntaxKind.StringLiteralToken or SyntaxKind.Utf8StringLiteralToken
                     or SyntaxKind.SingleLineRawStringLiteralToken or SyntaxKind.MultiLineRawStringLiteralToken)
            {
                Match quotes = Quotes().Match(token.Text);
                Group text = quotes.Groups["text"];
                mask.Cut(start + token.SpanStart, token.Span.Length);
                KeepString(new TextSpan(token.SpanStart + text.Index, text.Length), hasEscapes: quotes.Groups["open"].Value == "\"");
            }
        }

        void KeepString(TextSpan text, bool hasEscapes)
        {
            // A string in two parts is one piece of prose.
            if (Concatenation().IsMatch(code[previousEnd..text.Start]))
            {
                mask.Blank(start + previousEnd, text.Start - previousEnd);
            }

            mask.Keep(start + text.Start, text.Length);
            foreach (Match escape in hasEscapes ? Escape().Matches(code[text.Start..text.End]) : Enumerable.Empty<Match>())
            {
                mask.Cut(start + text.Start + escape.Index, escape.Length);
            }

            previousEnd = text.End;
        }
    }

    private static void ReadComments(ProseMask mask, string code, int start, SyntaxNode root)
    {
        int previousEnd = 0;
        foreach (SyntaxTrivia comment in root.DescendantTrivia()
            .Where(trivia => trivia.Kind() is SyntaxKind.SingleLineCommentTrivia or SyntaxKind.MultiLineCommentTrivia))
        {
            Group text = CommentMarks().Match(comment.ToString()).Groups["text"];
            mask.Keep(start + comment.SpanStart + text.Index, text.Length);
            if (NextLine().IsMatch(code[previousEnd..comment.SpanStart]))
            {
                int textStart = comment.SpanStart + text.Index;
                mask.Blank(start + previousEnd, textStart - previousEnd);
            }

            previousEnd = comment.Span.End;
        }

        MarkupProse.ReplaceTags(mask, start, code.Length);
    }

    [GeneratedRegex(@"^@?(?<open>@""|""+)(?<text>.*?)""+(u8)?$", RegexOptions.Singleline)]
    private static partial Regex Quotes();

    [GeneratedRegex(@"^""+\s*\+\s*[$@]*""+$")]
    private static partial Regex Concatenation();

    [GeneratedRegex(@"\\.", RegexOptions.Singleline)]
    private static partial Regex Escape();

    [GeneratedRegex(@"^(//+|/\*+)(?<text>.*?)(\**/)?$", RegexOptions.Singleline)]
    private static partial Regex CommentMarks();

    [GeneratedRegex(@"^[ \t]*\r?\n[ \t]*$")]
    private static partial Regex NextLine();
}
