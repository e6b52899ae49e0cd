using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Rx.Analyzers;

/// <summary>An analyzer with one rule, which does nothing in a project that does not use the library.</summary>
public abstract class StreamAnalyzer : DiagnosticAnalyzer
{
    private protected StreamAnalyzer(DiagnosticDescriptor rule)
    {
        SupportedDiagnostics = ImmutableArray.Create(rule);
    }

    public sealed override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; }

    private protected DiagnosticDescriptor Rule => SupportedDiagnostics[0];

    public sealed override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(start =>
        {
            if (StreamTypes.Of(start.Compilation) is { } types)
            {
                start.RegisterOperationAction(operation => Analyze(operation, types), Kinds);
            }
        });
    }

    /// <summary>What <see cref="Analyze"/> looks at.</summary>
    private protected virtual ImmutableArray<OperationKind> Kinds => ImmutableArray.Create(OperationKind.Invocation);

    private protected abstract void Analyze(OperationAnalysisContext context, StreamTypes types);
}
