using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Rx.Analyzers;

/// <summary>RXES004: a position, reader or projection of a stream that outlives the method, which the method neither disposes nor hands to
/// other code.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class UndisposedAnalyzer : StreamAnalyzer
{
    private static readonly DiagnosticDescriptor _rule = new(
        "RXES004",
        "A position, reader or projection is not disposed",
        "The result of '{0}' is not disposed: it keeps events in memory, or stays subscribed, for longer than it is used",
        "Usage",
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        helpLinkUri: HelpLink.To("RXES004"));

    public UndisposedAnalyzer()
        : base(_rule)
    {
    }

    private protected override void Analyze(OperationAnalysisContext context, StreamTypes types)
    {
        var call = (IInvocationOperation)context.Operation;
        if (call.TargetMethod.Name is "OpenReader" or "GetNextPosition" or "GetOldestPosition" or "GetPosition" or "ToProjection"
            && IsHolder(call.Type, types)
            && OutlivesMethod(call, types)
            && CallChain.User(call) switch
            {
                IExpressionStatementOperation { Syntax: ExpressionStatementSyntax } => true,
                IVariableInitializerOperation { Parent: IVariableDeclaratorOperation variable } =>
                    !IsUsing(variable) && IsKept(variable, types),
                _ => IsHarmless(call, types),
            })
        {
            context.ReportDiagnostic(Diagnostic.Create(Rule, CallChain.NameOf(call), call.TargetMethod.Name));
        }
    }

    /// <summary>Keeps events, or stays subscribed, until it is disposed.</summary>
    private static bool IsHolder(ITypeSymbol? type, StreamTypes types) =>
        types.IsPosition(type) || types.IsReader(type) || types.IsProjection(type);

    /// <summary>What is made of a local stream ends with it.</summary>
    private static bool OutlivesMethod(IInvocationOperation call, StreamTypes types)
    {
        IOperation? source = CallChain.Receiver(call);
        while (source is IInvocationOperation chained && types.IsStreamOrView(chained.TargetMethod.ContainingType))
        {
            source = CallChain.Receiver(chained);
        }

        return source is not null
            && (types.IsStreamOrView(source.Type) || IsHolder(source.Type, types))
            && CallChain.Variable(source) is { Kind: SymbolKind.Field or SymbolKind.Property or SymbolKind.Parameter };
    }

    private static bool IsUsing(IVariableDeclaratorOperation variable)
    {
        IOperation? parent = variable.Parent;
        while (parent is IVariableDeclarationOperation or IVariableDeclarationGroupOperation)
        {
            parent = parent.Parent;
        }

        return parent is IUsingDeclarationOperation or IUsingOperation;
    }

    /// <summary>Whether the method keeps the value to itself, and does not dispose it.</summary>
    private static bool IsKept(IVariableDeclaratorOperation variable, StreamTypes types)
    {
        IOperation? function = CallChain.Function(variable);
        return CallChain.Member(variable).Descendants().OfType<ILocalReferenceOperation>()
            .Where(reference => SymbolEqualityComparer.Default.Equals(reference.Local, variable.Symbol))
            .All(reference => CallChain.Function(reference) == function && IsHarmless(reference, types));
    }

    /// <summary>Uses a member that neither disposes the object nor gives out what depends on it.</summary>
    private static bool IsHarmless(IOperation holder, StreamTypes types) => CallChain.User(holder) switch
    {
        IPropertyReferenceOperation { Property.Name: var name } member when IsInstance(member.Instance, holder) =>
            name is "Sequence" or "Dropped" or "Count" or "CanCount" or "CanPeek" or "State",
        IInvocationOperation { TargetMethod.Name: var name } member when IsInstance(member.Instance, holder) =>
            name is "TryRead" or "TryPeek" or "TryReadBatch"
            || name is "OpenReader" && types.IsPosition(holder.Type)
                && holder is ILocalReferenceOperation // from a position of which the code keeps nothing: it is collected soon
            || name is "WaitToReadAsync" or "ReadAsync" or "WhenReachedAsync" && IsAwaited(member),
        _ => false,
    };

    private static bool IsInstance(IOperation? instance, IOperation holder) => instance is not null && CallChain.Unwrap(instance) == holder;

    private static bool IsAwaited(IInvocationOperation call) => call.Parent switch
    {
        IAwaitOperation => true,
        IInvocationOperation { TargetMethod.Name: "ConfigureAwait", Parent: IAwaitOperation } => true,
        _ => false,
    };
}
