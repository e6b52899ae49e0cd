using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Rx.Analyzers.CodeFixes;

/// <summary>The fix of one diagnostic, which replaces one node of the file.</summary>
public abstract class StreamCodeFix : CodeFixProvider
{
    private readonly string _title;

    private protected StreamCodeFix(string id, string title)
    {
        FixableDiagnosticIds = ImmutableArray.Create(id);
        _title = title;
    }

    public sealed override ImmutableArray<string> FixableDiagnosticIds { get; }

    public sealed override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    public sealed override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        if (await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false) is not { } root
            || await context.Document.GetSemanticModelAsync(context.CancellationToken).ConfigureAwait(false) is not { } model)
        {
            return;
        }

        foreach (Diagnostic diagnostic in context.Diagnostics)
        {
            if (Fix(root, model, diagnostic) is var (oldNode, newNode))
            {
                Document Change() => context.Document.WithSyntaxRoot(root.ReplaceNode(oldNode, newNode));
                context.RegisterCodeFix(
                    CodeAction.Create(_title, _ => Task.FromResult(Change()), equivalenceKey: GetType().Name), diagnostic);
            }
        }
    }

    /// <summary>The node to replace, and what replaces it; null if no change is safe.</summary>
    private protected abstract (SyntaxNode Old, SyntaxNode New)? Fix(SyntaxNode root, SemanticModel model, Diagnostic diagnostic);

    /// <summary>The call of which the diagnostic marks the method's name, if it is written with a dot.</summary>
    private protected static InvocationExpressionSyntax? CallAt(SyntaxNode root, Location name) =>
        root.FindNode(name.SourceSpan).FirstAncestorOrSelf<MemberAccessExpressionSyntax>()?.Parent as InvocationExpressionSyntax;
}
