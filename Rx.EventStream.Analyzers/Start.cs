using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Rx.Analyzers;

/// <summary>The operation that starts a lambda on another thread.</summary>
internal sealed class Start
{
    private Start(IOperation operation, StartKind kind)
    {
        Operation = operation;
        Kind = kind;
    }

    public IOperation Operation { get; }

    public StartKind Kind { get; }

    /// <summary>Null if the lambda does not run elsewhere, or that cannot be seen.</summary>
    public static Start? Of(IAnonymousFunctionOperation lambda)
    {
        IOperation? user = lambda.Parent is IDelegateCreationOperation creation ? creation.Parent : null;
        while (user is IConversionOperation or IArrayInitializerOperation or IArrayCreationOperation)
        {
            user = user.Parent; // the array of a params parameter
        }

        if (user is not IArgumentOperation { Parent: { } call, Parameter: { } parameter })
        {
            return null;
        }

        return call switch
        {
            IInvocationOperation { TargetMethod: var method } => KindOf(method, parameter) is { } kind ? new Start(call, kind) : null,
            IObjectCreationOperation { Type.Name: "Thread", Parent: IInvocationOperation { TargetMethod.Name: "Start" } start }
                when IsThreading(call.Type) => new Start(start, StartKind.Once),
            IObjectCreationOperation { Type.Name: "Timer" } timer
                when IsThreading(call.Type) && IsRunning(timer) => new Start(timer, StartKind.Timer),
            _ => null,
        };
    }

    private static bool IsThreading(ITypeSymbol? type) => StreamTypes.IsOfSystem(type, "Threading");

    private static StartKind? KindOf(IMethodSymbol method, IParameterSymbol parameter) => (method.ContainingType.Name, method.Name) switch
    {
        // Not TaskFactory.StartNew, whose scheduler may run one task at a time.
        ("Task", "Run") or ("ThreadPool", "QueueUserWorkItem" or "UnsafeQueueUserWorkItem")
            when IsThreading(method.ContainingType) => StartKind.Once,

        // With options, it may run one at a time.
        ("Parallel", "Invoke")
            when IsThreading(method.ContainingType) && method.Parameters.Length == 1 => StartKind.Once,
        ("Parallel", "For" or "ForEach" or "ForAsync" or "ForEachAsync")
            when IsThreading(method.ContainingType)
                && parameter.Name == "body" && !method.Parameters.Any(static p => p.Type.Name == "ParallelOptions") => StartKind.Many,
        ("ParallelEnumerable", "ForAll")
            when StreamTypes.IsOfSystem(method.ContainingType, "Linq") => StartKind.Many,
        _ => null,
    };

    /// <summary>A time is given, other than <c>Timeout.Infinite</c>.</summary>
    private static bool IsRunning(IObjectCreationOperation timer) =>
        timer.Arguments.FirstOrDefault(static a => a.Parameter?.Name == "dueTime")?.Value is { } due && CallChain.Unwrap(due) switch
        {
            { ConstantValue: { HasValue: true, Value: int time } } => time >= 0,
            IFieldReferenceOperation { Field: { Name: "Zero", ContainingType.Name: "TimeSpan" } } => true,
            IInvocationOperation { TargetMethod.ContainingType.Name: "TimeSpan" } => true,
            _ => false,
        };
}
