namespace Rx.Hosting.Configuration;

/// <summary>The name of a type as C# writes it, without its namespace.</summary>
internal static class TypeName
{
    internal static string Of(Type type) => type.IsGenericType
        ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Of))}>"
        : type.Name;
}
