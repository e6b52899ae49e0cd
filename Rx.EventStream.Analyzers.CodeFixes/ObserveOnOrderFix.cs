using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Rx.Analyzers.CodeFixes;

/// <summary>Moves <c>ObserveOn</c> before the operators.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
public sealed class ObserveOnOrderFix : StreamCodeFix
{
    public ObserveOnOrderFix()
        : base("RXES001", "Call the stream's ObserveOn before the operators")
    {
    }

    private protected override (SyntaxNode Old, SyntaxNode New)? Fix(SyntaxNode root, SemanticModel model, Diagnostic diagnostic)
    {
        if (CallAt(root, diagnostic.Location) is not { } hop)
        {
            return null;
        }

        var calls = new Stack<InvocationExpressionSyntax>();
        ExpressionSyntax source = hop;
        while (source is InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax access } call
            && (call == hop || IsOperator(call, model)))
        {
            calls.Push(call);
            source = access.Expression;
        }

        if (calls.Count < 2 || model.GetTypeInfo(source).Type?.Name is not ("EventStream" or "EventObservable"))
        {
            return null;
        }

        // The dots and line ends stay where they are, and the calls move.
        InvocationExpressionSyntax[] places = [.. calls];
        ExpressionSyntax moved = source;
        for (int i = 0; i < places.Length; i++)
        {
            InvocationExpressionSyntax call = places[i == 0 ? places.Length - 1 : i - 1];
            var place = (MemberAccessExpressionSyntax)places[i].Expression;
            moved = SyntaxFactory.InvocationExpression(
                place.WithExpression(moved).WithName(((MemberAccessExpressionSyntax)call.Expression).Name),
                call.ArgumentList.WithTrailingTrivia(places[i].GetTrailingTrivia()));
        }

        return (hop, moved);
    }

    private static bool IsOperator(InvocationExpressionSyntax call, SemanticModel model) =>
        model.GetSymbolInfo(call).Symbol is IMethodSymbol method
        && (method.ContainingType.Name == "Observable" || method.Name == "WithSequence");
}
