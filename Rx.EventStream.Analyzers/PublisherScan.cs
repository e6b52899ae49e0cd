using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Rx.Analyzers;

/// <summary>Looks for publishers of one stream that overlap, in the order in which one function does its work.</summary>
/// <remarks>What may wait for another thread, or may not run at all, separates the code before it from the code after it. So publishers
/// that overlap here can overlap for certain.</remarks>
internal sealed class PublisherScan(ISymbol stream, StreamTypes types)
{
    /// <summary>What has been started since the last separation.</summary>
    private readonly List<Start> _running = [];

    /// <summary>What overlaps with another publisher.</summary>
    private readonly HashSet<IOperation> _overlapping = [];

    /// <summary>Starts of lambdas, which come into effect once their arguments are evaluated.</summary>
    private readonly List<Start> _coming = [];

    /// <summary>Whether a publisher overlaps with another, or with itself.</summary>
    /// <param name="publish">Publishes in a lambda.</param>
    /// <param name="lambda">The lambda.</param>
    /// <param name="start">Starts the lambda on another thread.</param>
    public bool Overlaps(IInvocationOperation publish, IAnonymousFunctionOperation lambda, Start start)
    {
        if (!IsUnconditional(publish, lambda))
        {
            return false;
        }

        if (start.Kind == StartKind.Many)
        {
            return true;
        }

        IOperation around = CallChain.Function(start.Operation) ?? CallChain.Member(start.Operation);
        foreach (IOperation child in around.ChildOperations)
        {
            Visit(child);
        }

        return _overlapping.Contains(start.Operation);
    }

    private void Visit(IOperation operation)
    {
        switch (operation)
        {
            case IAnonymousFunctionOperation lambda:
                if (Start.Of(lambda) is { } start
                    && lambda.Descendants().OfType<IInvocationOperation>().Any(call => Publishes(call) && IsUnconditional(call, lambda)))
                {
                    _coming.Add(start);
                }

                break;
            case ILocalFunctionOperation:
                break;
            case ILoopOperation:
                // Twice: what one round starts overlaps with the next round.
                Separate();
                VisitChildren(operation);
                VisitChildren(operation);
                Separate();
                break;
            case var _ when IsBranching(operation):
                Separate();
                foreach (IOperation child in operation.ChildOperations)
                {
                    Visit(child);
                    Separate();
                }

                break;
            default:
                VisitChildren(operation);
                Do(operation);
                break;
        }
    }

    private void VisitChildren(IOperation operation)
    {
        foreach (IOperation child in operation.ChildOperations)
        {
            Visit(child);
        }
    }

    private void Do(IOperation operation)
    {
        int started = _coming.RemoveAll(start =>
        {
            if (start.Operation != operation)
            {
                return false;
            }

            foreach (Start running in _running)
            {
                // A timer and a task that runs once may never meet.
                if (running.Kind == start.Kind)
                {
                    _overlapping.Add(running.Operation);
                    _overlapping.Add(start.Operation);
                }
            }

            _running.Add(start);
            return true;
        });
        if (started > 0)
        {
            return;
        }

        if (operation is IInvocationOperation call && Publishes(call))
        {
            _overlapping.UnionWith(
                _running.Where(static start => start.Kind == StartKind.Once).Select(static start => start.Operation));
        }
        else if (Separates(operation))
        {
            Separate();
        }
    }

    private void Separate() => _running.Clear();

    private bool Publishes(IInvocationOperation call) =>
        SingleWriterAnalyzer.IsPublish(call, types) && SymbolEqualityComparer.Default.Equals(CallChain.Variable(call.Instance), stream);

    /// <summary>Whether the lambda publishes whenever it runs, before it could wait for another thread.</summary>
    private bool IsUnconditional(IInvocationOperation publish, IAnonymousFunctionOperation lambda)
    {
        if (CallChain.Function(publish) != lambda)
        {
            return false;
        }

        for (IOperation parent = publish; parent.Parent is { } next && parent != lambda; parent = next)
        {
            if (IsBranching(parent))
            {
                return false;
            }
        }

        return !lambda.Descendants()
            .TakeWhile(operation => operation.Syntax.SpanStart <= publish.Syntax.SpanStart)
            .Where(operation => !operation.Syntax.Span.Contains(publish.Syntax.Span))
            .Any(operation => operation is IAnonymousFunctionOperation || Separates(operation));
    }

    private static bool IsBranching(IOperation operation) =>
        operation is IConditionalOperation or ISwitchOperation or ISwitchExpressionOperation or ITryOperation or ILockOperation
            or ICoalesceOperation or IConditionalAccessOperation
        || operation is IBinaryOperation { OperatorKind: BinaryOperatorKind.ConditionalAnd or BinaryOperatorKind.ConditionalOr };

    /// <summary>May wait for another thread, or leaves.</summary>
    private bool Separates(IOperation operation) => operation switch
    {
        IInvocationOperation call => !Publishes(call) && !IsHarmless(call.TargetMethod),
        IPropertyReferenceOperation property => StreamTypes.IsOfSystem(property.Property.ContainingType, "Threading"),
        IObjectCreationOperation { Type: var type } => !types.IsStream(type) && !types.IsOptions(type) && !IsOfSystem(type),

        // A round of a loop with a stream of its own.
        IVariableDeclaratorOperation declarator => SymbolEqualityComparer.Default.Equals(declarator.Symbol, stream),
        _ => operation is IAwaitOperation or IReturnOperation or IBranchOperation or IThrowOperation or IDynamicInvocationOperation
            or ILockOperation or IUsingOperation,
    };

    private bool IsHarmless(IMethodSymbol method) =>
        method.MethodKind != MethodKind.DelegateInvoke
        && (types.IsStreamOrView(method.ContainingType)
            || (IsOfSystem(method.ContainingType)
                && (method.ContainingType.Name != "Console" || method.Name.StartsWith("Write", StringComparison.Ordinal))));

    private static bool IsOfSystem(ITypeSymbol? type) =>
        StreamTypes.IsOfSystem(type, "") || StreamTypes.IsOfSystem(type, "Collections") || StreamTypes.IsOfSystem(type, "Linq");
}
