using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Rx.Analyzers;

/// <summary>RXES005: an observer that blocks until its own stream has delivered, or has room.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class BlockingObserverAnalyzer : StreamAnalyzer
{
    private static readonly DiagnosticDescriptor _rule = new(
        "RXES005",
        "An observer blocks on its own stream",
        "An observer of the stream blocks on '{0}' of the same stream, which can wait for the observer itself; {1}",
        "Usage",
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        helpLinkUri: HelpLink.To("RXES005"));

    public BlockingObserverAnalyzer()
        : base(_rule)
    {
    }

    private protected override ImmutableArray<OperationKind> Kinds =>
        ImmutableArray.Create(OperationKind.Invocation, OperationKind.PropertyReference);

    private protected override void Analyze(OperationAnalysisContext context, StreamTypes types)
    {
        if (Blocked(context.Operation) is IInvocationOperation { Instance: { } stream } call
            && call.TargetMethod.Name is "WhenCaughtUpAsync" or "OnNextAsync" or "OnNextRangeAsync"
            && types.IsStream(stream.Type)
            && CallChain.Variable(stream) is { } variable
            && SymbolEqualityComparer.Default.Equals(Observed(context.Operation, types), variable))
        {
            string name = call.TargetMethod.Name;
            string advice = name == "WhenCaughtUpAsync"
                ? "wait outside of the observer"
                : $"publish with {name.Replace("Async", "")}, or await in a handler of SubscribeAwait";
            context.ReportDiagnostic(Diagnostic.Create(Rule, context.Operation.Syntax.GetLocation(), name, advice));
        }
    }

    /// <summary>The call whose task the operation blocks on, or null.</summary>
    private static IOperation? Blocked(IOperation operation)
    {
        IOperation? task = operation switch
        {
            IPropertyReferenceOperation { Property.Name: "Result", Instance: { } instance } => instance,
            IInvocationOperation { TargetMethod: { Name: "Wait", Parameters.IsEmpty: true }, Instance: { } instance } => instance,
            IInvocationOperation
            {
                TargetMethod.Name: "GetResult",
                Instance: IInvocationOperation { TargetMethod.Name: "GetAwaiter" } awaiter,
            } => awaiter.Instance,
            _ => null,
        };
        while (task is IInvocationOperation { TargetMethod.Name: "AsTask" or "ConfigureAwait", Instance: { } instance })
        {
            task = instance;
        }

        return task;
    }

    /// <summary>The stream that calls the lambda in which the operation is, before it goes on to the next event.</summary>
    private static ISymbol? Observed(IOperation operation, StreamTypes types)
    {
        if (CallChain.Function(operation)?.Parent is not IDelegateCreationOperation { Parent: IArgumentOperation argument }
            || argument is not { Parent: IInvocationOperation subscription, Parameter.Name: "onNext" or "handler" }
            || subscription.TargetMethod is not { } subscribe
            || !(types.IsSubscribe(subscribe) || subscribe.Name == "SubscribeAwait" && types.IsStreamOrView(subscribe.ContainingType)))
        {
            return null;
        }

        IOperation? source = CallChain.Receiver(subscription);
        while (source is IInvocationOperation call
            && (types.IsSynchronousOperator(call.TargetMethod) || types.IsStreamOrView(call.TargetMethod.ContainingType)))
        {
            source = CallChain.Receiver(call);
        }

        return source is not null && types.IsStream(source.Type) ? CallChain.Variable(source) : null;
    }
}
