using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Rx.Analyzers;

/// <summary>RXES006: two publishers at the same time of a stream that was promised one.</summary>
/// <remarks>The diagnostic is on a publisher that runs on another thread. Its additional location is where the promise is.</remarks>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class SingleWriterAnalyzer : StreamAnalyzer
{
    private static readonly DiagnosticDescriptor _rule = new(
        "RXES006",
        "Several threads publish to a single-writer stream",
        "The stream has SingleWriter = true, and this call can overlap with another one that publishes to it; leave SingleWriter out",
        "Usage",
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        helpLinkUri: HelpLink.To("RXES006"));

    public SingleWriterAnalyzer()
        : base(_rule)
    {
    }

    private protected override void Analyze(OperationAnalysisContext context, StreamTypes types)
    {
        var publish = (IInvocationOperation)context.Operation;
        if (IsPublish(publish, types)
            && CallChain.Variable(publish.Instance) is { } stream
            && CallChain.Function(publish) is IAnonymousFunctionOperation lambda
            && Start.Of(lambda) is { } start
            && Creation.TryGetOption(publish.Instance!, "SingleWriter", out IOperation? promise)
            && promise is { ConstantValue: { HasValue: true, Value: true }, Parent: { } setting }
            && new PublisherScan(stream, types).Overlaps(publish, lambda, start))
        {
            ImmutableArray<Location> promised = ImmutableArray.Create(setting.Syntax.GetLocation());
            context.ReportDiagnostic(Diagnostic.Create(Rule, CallChain.NameOf(publish), promised));
        }
    }

    internal static bool IsPublish(IInvocationOperation call, StreamTypes types) =>
        call.TargetMethod.Name is "OnNext" or "OnNextRange" or "OnNextAsync" or "OnNextRangeAsync" or "OnError" or "OnCompleted"
        && types.IsStream(call.Instance?.Type);
}
