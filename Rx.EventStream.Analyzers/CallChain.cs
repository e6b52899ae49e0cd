using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace Rx.Analyzers;

/// <summary>Calls that are chained with dots, and the expressions that they begin with.</summary>
internal static class CallChain
{
    /// <summary>The operation, without conversions.</summary>
    public static IOperation Unwrap(IOperation operation)
    {
        while (operation is IConversionOperation conversion)
        {
            operation = conversion.Operand;
        }

        return operation;
    }

    /// <summary>What uses the result of the operation, past conversions.</summary>
    public static IOperation? User(IOperation operation)
    {
        IOperation? parent = operation.Parent;
        while (parent is IConversionOperation)
        {
            parent = parent.Parent;
        }

        return parent;
    }

    /// <summary>What stands before the dot, also if the method is an extension.</summary>
    public static IOperation? Receiver(IInvocationOperation call)
    {
        IOperation? receiver = call.Instance
            ?? (call.TargetMethod.IsExtensionMethod ? call.Arguments.FirstOrDefault(static a => a.Parameter?.Ordinal == 0)?.Value : null);
        return receiver is null ? null : Unwrap(receiver);
    }

    /// <summary>The value of an argument, by the name of its parameter.</summary>
    public static IOperation? Argument(IInvocationOperation call, string name) =>
        call.Arguments.FirstOrDefault(a => a.Parameter?.Name == name) is { } argument ? Unwrap(argument.Value) : null;

    /// <summary>The function that a delegate is made of: a lambda, or null.</summary>
    public static IAnonymousFunctionOperation? Lambda(IOperation value) =>
        (Unwrap(value) as IDelegateCreationOperation)?.Target as IAnonymousFunctionOperation;

    /// <summary>The variable that an expression names: a local, a parameter, or a field or property of this object or of a
    /// type.</summary>
    public static ISymbol? Variable(IOperation? expression) => expression is null ? null : Unwrap(expression) switch
    {
        ILocalReferenceOperation local => local.Local,
        IParameterReferenceOperation parameter => parameter.Parameter,
        IFieldReferenceOperation { Instance: null or IInstanceReferenceOperation } field => field.Field,
        IPropertyReferenceOperation { Instance: null or IInstanceReferenceOperation, Arguments.IsEmpty: true } property =>
            property.Property,
        _ => null,
    };

    /// <summary>The innermost function that the operation is in, and null in the member itself.</summary>
    public static IOperation? Function(IOperation operation)
    {
        IOperation? parent = operation.Parent;
        while (parent is not (null or IAnonymousFunctionOperation or ILocalFunctionOperation))
        {
            parent = parent.Parent;
        }

        return parent;
    }

    /// <summary>The whole member that the operation is in.</summary>
    public static IOperation Member(IOperation operation)
    {
        while (operation.Parent is { } parent)
        {
            operation = parent;
        }

        return operation;
    }

    /// <summary>Where a call names its method.</summary>
    public static Location NameOf(IInvocationOperation call) =>
        (call.Syntax as InvocationExpressionSyntax)?.Expression switch
        {
            MemberAccessExpressionSyntax access => access.Name.GetLocation(),
            MemberBindingExpressionSyntax binding => binding.Name.GetLocation(),
            _ => call.Syntax.GetLocation(),
        };
}
