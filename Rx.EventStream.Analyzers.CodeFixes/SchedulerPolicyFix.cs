using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Simplification;

namespace Rx.Analyzers.CodeFixes;

/// <summary>Observes on the thread pool. Without a scheduler the code throws, so there is no behavior to keep.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
public sealed class SchedulerPolicyFix : StreamCodeFix
{
    public SchedulerPolicyFix()
        : base("RXES002", "Observe on the thread pool")
    {
    }

    private protected override (SyntaxNode Old, SyntaxNode New)? Fix(SyntaxNode root, SemanticModel model, Diagnostic diagnostic)
    {
        if (CallAt(root, diagnostic.Location) is not { Expression: MemberAccessExpressionSyntax { Expression: var source } access }
            || model.GetTypeInfo(source).Type?.Name is not ("EventStream" or "EventObservable"))
        {
            return null;
        }

        ExpressionSyntax scheduler = SyntaxFactory.ParseExpression("System.Reactive.Concurrency.TaskPoolScheduler.Default")
            .WithAdditionalAnnotations(Simplifier.Annotation, Simplifier.AddImportsAnnotation);
        return (source, SyntaxFactory.InvocationExpression(
            access.WithExpression(source).WithName(SyntaxFactory.IdentifierName("ObserveOn")),
            SyntaxFactory.ArgumentList(SyntaxFactory.SingletonSeparatedList(SyntaxFactory.Argument(scheduler)))
                .WithTrailingTrivia(source.GetTrailingTrivia())));
    }
}
