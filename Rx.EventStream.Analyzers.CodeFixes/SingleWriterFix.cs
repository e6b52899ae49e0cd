using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Rx.Analyzers.CodeFixes;

/// <summary>Leaves the promise out.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
public sealed class SingleWriterFix : StreamCodeFix
{
    public SingleWriterFix()
        : base("RXES006", "Leave SingleWriter out")
    {
    }

    private protected override (SyntaxNode Old, SyntaxNode New)? Fix(SyntaxNode root, SemanticModel model, Diagnostic diagnostic)
    {
        if (diagnostic.AdditionalLocations is not { Count: 1 } locations
            || root.FindNode(locations[0].SourceSpan) is not ExpressionSyntax { Parent: InitializerExpressionSyntax initializer } setting)
        {
            return null;
        }

        if (initializer.Expressions.Count > 1)
        {
            SeparatedSyntaxList<ExpressionSyntax> others = initializer.Expressions.Remove(setting);
            if (setting == initializer.Expressions.Last())
            {
                others = others.Replace(others.Last(), others.Last().WithTrailingTrivia(setting.GetTrailingTrivia()));
            }

            return (initializer, initializer.WithExpressions(others));
        }

        // No option is left: the stream needs none, if that is where they are.
        return initializer.Parent is { Parent: ArgumentSyntax { Parent: ArgumentListSyntax { Arguments.Count: 1 } list } }
            ? (list, list.WithArguments(default))
            : (initializer, initializer.WithExpressions(default));
    }
}
