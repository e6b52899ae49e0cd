using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Formatting;
using Microsoft.CodeAnalysis.Simplification;

namespace Rx.Analyzers.CodeFixes;

/// <summary>Makes an <c>async</c> lambda a handler of <c>SubscribeAwait</c>, where the stream itself is subscribed to.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
public sealed class AsyncObserverFix : StreamCodeFix
{
    public AsyncObserverFix()
        : base("RXES003", "Use SubscribeAwait")
    {
    }

    private protected override (SyntaxNode Old, SyntaxNode New)? Fix(SyntaxNode root, SemanticModel model, Diagnostic diagnostic)
    {
        // With handlers of the end, which would become options, or a token, the change is the author's.
        if (CallAt(root, diagnostic.Location) is not
            {
                Expression: MemberAccessExpressionSyntax access,
                ArgumentList.Arguments: { Count: 1 } arguments,
            } call
            || arguments[0].Expression is not LambdaExpressionSyntax lambda
            || model.GetTypeInfo(access.Expression).Type?.Name is not ("EventStream" or "EventObservable"))
        {
            return null;
        }

        ParameterSyntax value = lambda is SimpleLambdaExpressionSyntax simple
            ? simple.Parameter
            : ((ParenthesizedLambdaExpressionSyntax)lambda).ParameterList.Parameters[0];
        ParameterSyntax token = SyntaxFactory.Parameter(SyntaxFactory.Identifier(FreeName(model, lambda)));
        if (value.Type is not null)
        {
            token = token.WithType(SyntaxFactory.ParseTypeName("System.Threading.CancellationToken")
                .WithAdditionalAnnotations(Simplifier.Annotation));
        }

        LambdaExpressionSyntax handler = SyntaxFactory.ParenthesizedLambdaExpression(
                lambda.AttributeLists,
                lambda.Modifiers,
                returnType: null,
                SyntaxFactory.ParameterList(SyntaxFactory.SeparatedList([value.WithoutTrivia(), token])),
                lambda.ArrowToken,
                lambda.Block,
                lambda.ExpressionBody)
            .WithTriviaFrom(lambda).WithAdditionalAnnotations(Formatter.Annotation);
        return (call, call
            .WithExpression(access.WithName(SyntaxFactory.IdentifierName("SubscribeAwait").WithTriviaFrom(access.Name)))
            .WithArgumentList(call.ArgumentList.WithArguments(
                arguments.Replace(arguments[0], arguments[0].WithNameColon(null).WithExpression(handler)))));
    }

    /// <summary>A name for the token that nothing has, where the lambda is and in it.</summary>
    private static string FreeName(SemanticModel model, LambdaExpressionSyntax lambda)
    {
        string name = "cancellationToken";
        for (int i = 2; IsTaken(name); i++)
        {
            name = $"cancellationToken{i}";
        }

        return name;

        bool IsTaken(string candidate) =>
            !model.LookupSymbols(lambda.SpanStart, name: candidate).IsEmpty
            || lambda.DescendantTokens().Any(token => token.IsKind(SyntaxKind.IdentifierToken) && token.ValueText == candidate);
    }
}
