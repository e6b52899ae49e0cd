using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Rx.Analyzers;

/// <summary>RXES001: Rx's <c>ObserveOn</c> after operators on a stream, where the stream's own before them does the same without a
/// queue.</summary>
/// <remarks>Functions that take long, or have effects, may be before the hop on purpose, so they are not reported.</remarks>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class ObserveOnOrderAnalyzer : StreamAnalyzer
{
    private static readonly DiagnosticDescriptor _rule = new(
        "RXES001",
        "ObserveOn comes after an operator",
        "After '{0}', ObserveOn is Rx's own operator, which has an unbounded queue; call the stream's ObserveOn before the operators",
        "Usage",
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        helpLinkUri: HelpLink.To("RXES001"));

    public ObserveOnOrderAnalyzer()
        : base(_rule)
    {
    }

    private protected override void Analyze(OperationAnalysisContext context, StreamTypes types)
    {
        var hop = (IInvocationOperation)context.Operation;
        if (hop.TargetMethod.Name != "ObserveOn"
            || !types.IsOperator(hop.TargetMethod)
            || CallChain.Receiver(hop) is not IInvocationOperation last)
        {
            return;
        }

        IOperation? source = last;
        while (source is IInvocationOperation call && IsNeutral(call, types))
        {
            source = CallChain.Receiver(call);
        }

        if (source == last)
        {
            return;
        }

        // None of these chooses a scheduler.
        while (source is IInvocationOperation { TargetMethod.Name: "AsObservable" or "WithName" or "From", Instance: { } instance }
            && types.IsStreamOrView(instance.Type))
        {
            source = CallChain.Unwrap(instance);
        }

        // With a scheduler in the options, the operators may run there on purpose.
        if (source is not null
            && types.IsStream(source.Type)
            && !(Creation.TryGetOption(source, "Scheduler", out IOperation? scheduler) && scheduler is not null))
        {
            context.ReportDiagnostic(Diagnostic.Create(Rule, CallChain.NameOf(hop), last.TargetMethod.Name));
        }
    }

    /// <summary>Gives the same events on another thread, no sooner and no later.</summary>
    private static bool IsNeutral(IInvocationOperation call, StreamTypes types) =>
        types.IsSynchronousOperator(call.TargetMethod)
        && call.Arguments.All(static argument => argument.Value.Type?.TypeKind != TypeKind.Delegate || PureFunction.Is(argument.Value));
}
