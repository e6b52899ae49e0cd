using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Rx.Analyzers;

/// <summary>RXES002: a subscription that throws, since it has a policy that needs a scheduler, and no scheduler.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class SchedulerPolicyAnalyzer : StreamAnalyzer
{
    private static readonly DiagnosticDescriptor _rule = new(
        "RXES002",
        "The subscription needs a scheduler",
        "Subscribe throws: {0} needs a scheduler, and neither the stream nor this subscription has one; call ObserveOn",
        "Usage",
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        helpLinkUri: HelpLink.To("RXES002"));

    public SchedulerPolicyAnalyzer()
        : base(_rule)
    {
    }

    private protected override void Analyze(OperationAnalysisContext context, StreamTypes types)
    {
        var subscribe = (IInvocationOperation)context.Operation;
        if (!types.IsSubscribe(subscribe.TargetMethod))
        {
            return;
        }

        IOperation? source = CallChain.Receiver(subscribe);
        while (source is IInvocationOperation { TargetMethod: var method } call && types.IsSynchronousOperator(method))
        {
            source = CallChain.Receiver(call);
        }

        // The last call of a kind is the one that counts.
        IInvocationOperation? lag = null, fault = null, batch = null;
        while (source is IInvocationOperation { Instance: { } instance } call && types.IsStreamOrView(instance.Type))
        {
            switch (call.TargetMethod.Name)
            {
                case "WithLagPolicy":
                    lag ??= call;
                    break;
                case "WithFaultPolicy":
                    fault ??= call;
                    break;
                case "Batch" when call.Arguments.Length > 1:
                    batch = call;
                    break;
                case "AsObservable" or "From" or "WithName" or "WithSequence" or "Batch":
                    break;
                default:
                    return;
            }

            source = CallChain.Unwrap(instance);
        }

        if (source is null || !types.IsStream(source.Type))
        {
            return;
        }

        IInvocationOperation? cause =
            lag is not null && Bounds(lag.Arguments[0].Value, types) ? lag
            : fault is not null && Continues(fault.Arguments[0].Value, types) ? fault
            : batch;
        if (cause is null && lag is not null)
        {
            return;
        }

        if (!Creation.TryGetOption(source, "Scheduler", out IOperation? scheduler) || scheduler is not null)
        {
            return;
        }

        if (cause is not null)
        {
            context.ReportDiagnostic(Diagnostic.Create(Rule, CallChain.NameOf(cause), cause.TargetMethod.Name));
        }
        else if (Creation.TryGetOption(source, "LagPolicy", out IOperation? policy) && policy is not null && Bounds(policy, types))
        {
            context.ReportDiagnostic(Diagnostic.Create(Rule, CallChain.NameOf(subscribe), "the stream's lag policy"));
        }
    }

    private static bool Bounds(IOperation policy, StreamTypes types) => CallChain.Unwrap(policy) switch
    {
        IInvocationOperation { TargetMethod: { Name: "DropOldest" or "Fail" or "Wait" } method } =>
            types.IsLagPolicy(method.ContainingType),
        IPropertyReferenceOperation { Property: { Name: "Latest" } property } => types.IsLagPolicy(property.ContainingType),
        _ => false,
    };

    private static bool Continues(IOperation policy, StreamTypes types) =>
        CallChain.Unwrap(policy) is IInvocationOperation { TargetMethod: { Name: "Continue" } method }
        && types.IsFaultPolicy(method.ContainingType);
}
