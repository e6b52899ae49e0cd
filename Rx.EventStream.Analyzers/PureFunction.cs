using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Rx.Analyzers;

/// <summary>Tells whether it makes no difference on which thread a lambda runs, and when: it computes a value of its parameters alone, with
/// nothing that takes long.</summary>
internal static class PureFunction
{
    public static bool Is(IOperation argument) =>
        CallChain.Lambda(argument) is { Symbol.IsAsync: false } lambda
        && lambda.Body.Descendants().All(operation => IsPure(operation, lambda));

    private static bool IsPure(IOperation operation, IAnonymousFunctionOperation lambda) => operation switch
    {
        // What the lambda captures must stay as it is.
        IParameterReferenceOperation reference => IsOf(lambda, reference.Parameter) || IsConstant(reference.Parameter, lambda),
        ILocalReferenceOperation reference => IsConstant(reference.Local, lambda),
        IFieldReferenceOperation field =>
            field.Instance is not (null or IInstanceReferenceOperation) || field.Field.IsReadOnly || field.Field.IsConst,

        // Of an event, or of an anonymous object that is being made.
        IPropertyReferenceOperation property => property.Instance is not null && property.Arguments.IsEmpty
            && (property.Instance is not IInstanceReferenceOperation || property.Parent is ISimpleAssignmentOperation),
        IInvocationOperation call => IsPure(call.TargetMethod.ContainingType),
        IObjectCreationOperation creation => creation.Type is { IsRecord: true } or { IsValueType: true },
        ISimpleAssignmentOperation => operation.Parent is IAnonymousObjectCreationOperation,
        IBinaryOperation binary => IsBuiltIn(binary.OperatorMethod),
        IUnaryOperation unary => IsBuiltIn(unary.OperatorMethod),
        IConversionOperation conversion => IsBuiltIn(conversion.OperatorMethod),
        _ => operation.Kind is OperationKind.Block or OperationKind.Return or OperationKind.Literal or OperationKind.DefaultValue
            or OperationKind.Conditional or OperationKind.Coalesce
            or OperationKind.ConditionalAccess or OperationKind.ConditionalAccessInstance
            or OperationKind.Tuple or OperationKind.TupleBinaryOperator or OperationKind.AnonymousObjectCreation or OperationKind.Argument
            or OperationKind.InstanceReference or OperationKind.InterpolatedString or OperationKind.InterpolatedStringText
            or OperationKind.Interpolation or OperationKind.IsType or OperationKind.IsPattern or OperationKind.ConstantPattern
            or OperationKind.NegatedPattern or OperationKind.BinaryPattern or OperationKind.RelationalPattern or OperationKind.TypePattern
            or OperationKind.DiscardPattern or OperationKind.RecursivePattern or OperationKind.PropertySubpattern
            or OperationKind.SwitchExpression or OperationKind.SwitchExpressionArm or OperationKind.TypeOf or OperationKind.NameOf,
    };

    private static bool IsOf(IAnonymousFunctionOperation lambda, IParameterSymbol parameter) =>
        SymbolEqualityComparer.Default.Equals(parameter.ContainingSymbol, lambda.Symbol);

    private static bool IsConstant(ISymbol captured, IOperation lambda) => !Creation.IsWritten(captured, CallChain.Member(lambda));

    private static bool IsPure(INamedTypeSymbol type) =>
        type.SpecialType is SpecialType.System_String or (>= SpecialType.System_Boolean and <= SpecialType.System_Double)
        || (type.Name == "Math" && StreamTypes.IsOfSystem(type, ""));

    /// <summary>Of the language, of a record, or of a type such as <c>decimal</c>.</summary>
    private static bool IsBuiltIn(IMethodSymbol? method) =>
        method is null || method.IsImplicitlyDeclared || method.ContainingType.IsRecord
        || StreamTypes.IsOfSystem(method.ContainingType, "");
}
