using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Rx.Analyzers.CodeFixes;

/// <summary>Reads the sequence number from the stream, where a position was taken for it alone.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
public sealed class SequenceAloneFix : StreamCodeFix
{
    public SequenceAloneFix()
        : base("RXES004", "Read the sequence number alone")
    {
    }

    private protected override (SyntaxNode Old, SyntaxNode New)? Fix(SyntaxNode root, SemanticModel model, Diagnostic diagnostic)
    {
        if (CallAt(root, diagnostic.Location) is not
            {
                Parent: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Sequence" } sequence,
                Expression: MemberAccessExpressionSyntax position,
            }
            || position.Name.Identifier.ValueText is not ("GetNextPosition" or "GetOldestPosition"))
        {
            return null;
        }

        string name = position.Name.Identifier.ValueText == "GetNextPosition" ? "NextSequence" : "OldestSequence";
        return (sequence, position.WithName(SyntaxFactory.IdentifierName(name)).WithTriviaFrom(sequence));
    }
}
