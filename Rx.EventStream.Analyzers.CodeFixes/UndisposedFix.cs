using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Rx.Analyzers.CodeFixes;

/// <summary>Disposes a local at the end of its block.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
public sealed class UndisposedFix : StreamCodeFix
{
    public UndisposedFix()
        : base("RXES004", "Dispose it at the end of the block")
    {
    }

    private protected override (SyntaxNode Old, SyntaxNode New)? Fix(SyntaxNode root, SemanticModel model, Diagnostic diagnostic)
    {
        // One variable, in a place that may have a using declaration: a section of a switch may not.
        if (CallAt(root, diagnostic.Location) is not
            {
                Parent: EqualsValueClauseSyntax
                {
                    Parent.Parent.Parent: LocalDeclarationStatementSyntax
                    {
                        Declaration.Variables.Count: 1,
                        Parent: BlockSyntax or GlobalStatementSyntax,
                    } declaration,
                },
            })
        {
            return null;
        }

        return (declaration, declaration.WithoutLeadingTrivia()
            .WithUsingKeyword(SyntaxFactory.Token(SyntaxKind.UsingKeyword).WithTrailingTrivia(SyntaxFactory.Space))
            .WithLeadingTrivia(declaration.GetLeadingTrivia()));
    }
}
