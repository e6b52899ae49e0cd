using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Rx.Analyzers;

/// <summary>RXES003: an <c>async void</c> function as the observer of a stream.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class AsyncObserverAnalyzer : StreamAnalyzer
{
    private static readonly DiagnosticDescriptor _rule = new(
        "RXES003",
        "An observer is async void",
        "Subscribe does not await an async observer: its calls overlap, and an exception ends the process; use the stream's SubscribeAwait",
        "Usage",
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        helpLinkUri: HelpLink.To("RXES003"));

    public AsyncObserverAnalyzer()
        : base(_rule)
    {
    }

    private protected override void Analyze(OperationAnalysisContext context, StreamTypes types)
    {
        var subscribe = (IInvocationOperation)context.Operation;
        if (types.IsSubscribe(subscribe.TargetMethod)
            && CallChain.Argument(subscribe, "onNext") is IDelegateCreationOperation { Target: var onNext }
            && onNext is IAnonymousFunctionOperation { Symbol.IsAsync: true } or IMethodReferenceOperation { Method.IsAsync: true }
            && IsOfStream(subscribe, types))
        {
            context.ReportDiagnostic(Diagnostic.Create(Rule, CallChain.NameOf(subscribe)));
        }
    }

    /// <summary>Whether the chain of calls begins with a stream, or contains one.</summary>
    private static bool IsOfStream(IInvocationOperation subscribe, StreamTypes types)
    {
        IOperation? source = CallChain.Receiver(subscribe);
        while (source is not null && !types.IsStreamOrView(source.Type))
        {
            source = source is IInvocationOperation { TargetMethod: var method } call
                && (types.IsOperator(method) || types.IsExtension(method) || types.IsStreamOrView(method.ContainingType))
                    ? CallChain.Receiver(call)
                    : null;
        }

        return source is not null;
    }
}
