using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace Rx.Analyzers;

/// <summary>Finds the <c>new</c> expression that a variable always refers to. Called only where all else of a diagnostic is certain,
/// because it reads the whole member or the constructors.</summary>
internal static class Creation
{
    /// <summary>Null unless the variable has one value from its declaration on, or from the constructor, and that can be seen.</summary>
    public static IObjectCreationOperation? Of(IOperation expression)
    {
        expression = CallChain.Unwrap(expression);
        IOperation? value = expression as IObjectCreationOperation ?? CallChain.Variable(expression) switch
        {
            ILocalSymbol local => OfLocal(local, expression),
            IFieldSymbol { IsReadOnly: true } field => OfMember(field, expression),
            IPropertySymbol { SetMethod: null } property => OfMember(property, expression),
            _ => null,
        };
        return value is null ? null : CallChain.Unwrap(value) as IObjectCreationOperation;
    }

    /// <summary>Looks up an option of a stream.</summary>
    /// <param name="stream">The expression that gives the stream.</param>
    /// <param name="name">The name of the option.</param>
    /// <param name="value">What the option is set to, or null if it is not set, or to null.</param>
    /// <returns>False if the options cannot be seen.</returns>
    public static bool TryGetOption(IOperation stream, string name, out IOperation? value)
    {
        value = null;
        if (Of(stream) is not { } creation)
        {
            return false;
        }

        if (creation.Arguments.IsEmpty)
        {
            return true;
        }

        if (Of(creation.Arguments[0].Value) is not { } options)
        {
            return false;
        }

        value = options.Initializer?.Initializers.OfType<ISimpleAssignmentOperation>()
            .FirstOrDefault(set => set.Target is IPropertyReferenceOperation { Property: { } property } && property.Name == name)?.Value;
        if (value is not null && CallChain.Unwrap(value).ConstantValue is { HasValue: true, Value: null })
        {
            value = null;
        }

        return true;
    }

    /// <summary>Whether a member writes a local or a parameter, other than with the local's declaration.</summary>
    public static bool IsWritten(ISymbol variable, IOperation member)
    {
        return member.DescendantsAndSelf().Any(operation => operation switch
        {
            IDeconstructionAssignmentOperation assignment => assignment.Target.DescendantsAndSelf().Any(IsIt),
            IAssignmentOperation assignment => IsIt(assignment.Target),
            IIncrementOrDecrementOperation step => IsIt(step.Target),
            IArgumentOperation { Parameter.RefKind: RefKind.Ref or RefKind.Out } argument => IsIt(argument.Value),
            _ => false,
        });

        bool IsIt(IOperation target) => SymbolEqualityComparer.Default.Equals(CallChain.Variable(target), variable);
    }

    private static IOperation? OfLocal(ILocalSymbol local, IOperation reference) =>
        local.DeclaringSyntaxReferences is { Length: 1 } declarations
        && reference.SemanticModel?.GetOperation(declarations[0].GetSyntax()) is IVariableDeclaratorOperation declarator
        && !IsWritten(local, CallChain.Member(reference))
            ? declarator.GetVariableInitializer()?.Value
            : null;

    private static IOperation? OfMember(ISymbol member, IOperation reference)
    {
        // In another file it would take another semantic model.
        SyntaxTree tree = reference.Syntax.SyntaxTree;
        if (reference.SemanticModel is not { } model
            || member.ContainingType.DeclaringSyntaxReferences.Any(part => part.SyntaxTree != tree))
        {
            return null;
        }

        IOperation[] values =
        [
            .. member.DeclaringSyntaxReferences
                .Select(static part => InitializerOf(part.GetSyntax())).OfType<ExpressionSyntax>()
                .Select(value => model.GetOperation(value)).OfType<IOperation>(),
            .. member.ContainingType.Constructors
                .SelectMany(static constructor => constructor.DeclaringSyntaxReferences)
                .Select(static part => part.GetSyntax()).OfType<ConstructorDeclarationSyntax>()
                .Select(constructor => model.GetOperation(constructor)).OfType<IOperation>()
                .SelectMany(static constructor => constructor.Descendants()).OfType<IAssignmentOperation>()
                .Where(set => SymbolEqualityComparer.Default.Equals(CallChain.Variable(set.Target), member))
                .Select(static set => set.Value),
        ];
        return values.Length == 1 ? values[0] : null;
    }

    private static ExpressionSyntax? InitializerOf(SyntaxNode declaration) => declaration switch
    {
        VariableDeclaratorSyntax field => field.Initializer?.Value,
        PropertyDeclarationSyntax property => property.Initializer?.Value,
        _ => null,
    };
}
