using System.Globalization;

namespace Rx.Diagnostics;

/// <summary>The name of a type as C# writes it, without its namespace and without the type that it is nested in.</summary>
internal static class TypeName
{
    internal static string Of(Type type)
    {
        if (type.IsArray)
        {
            return OfArray(type);
        }

        string[] parts = type.Name.Split('`'); // the second one is the number of its own parameters
        return parts.Length == 1
            ? type.Name // also of a type that is nested in a generic one, whose arguments it has
            : $"{parts[0]}<{string.Join(", ", type.GetGenericArguments().TakeLast(int.Parse(parts[1], CultureInfo.InvariantCulture)).Select(Of))}>";
    }

    /// <remarks>An array of arrays has the ranks of the outer one first.</remarks>
    private static string OfArray(Type type)
    {
        string ranks = "";
        Type element = type;
        for (; element.IsArray; element = element.GetElementType()!)
        {
            ranks += $"[{new string(',', element.GetArrayRank() - 1)}]";
        }

        return Of(element) + ranks;
    }
}
