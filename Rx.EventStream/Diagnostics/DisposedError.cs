using System.Diagnostics.CodeAnalysis;

namespace Rx.Diagnostics;

/// <summary>The exception of a disposed object, with the object's type as C# writes it.</summary>
internal static class DisposedError
{
    /// <summary>Throws if an object is disposed.</summary>
    /// <param name="isDisposed">Whether it is.</param>
    /// <param name="type">Its type.</param>
    /// <param name="name">Its own name, or null.</param>
    internal static void ThrowIf([DoesNotReturnIf(true)] bool isDisposed, Type type, string? name = null)
    {
        if (isDisposed)
        {
            throw Of(type, name);
        }
    }

    /// <remarks>With a message: the runtime takes a lock to look up its own, where <see cref="Thread.Interrupt"/> could keep the thread from cleaning
    /// up.</remarks>
    internal static ObjectDisposedException Of(Type type, string? name = null) =>
        new(name is null ? NameOf(type) : $"{NameOf(type)} '{name}'", "Cannot access a disposed object.");

    private static string NameOf(Type type) => type.IsGenericType
        ? $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>"
        : type.Name;
}
