using System.Diagnostics.CodeAnalysis;
using Rx.Storage;

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
        new(name is null ? TypeName.Of(type) : $"{TypeName.Of(type)} '{name}'", "Cannot access a disposed object.");

    /// <summary>Throws if a log's stream is disposed.</summary>
    internal static void ThrowIf<T>([DoesNotReturnIf(true)] bool isDisposed, EventLog<T> log)
    {
        if (isDisposed)
        {
            throw OfStream(log);
        }
    }

    /// <summary>The exception of a disposed stream.</summary>
    internal static ObjectDisposedException OfStream<T>(EventLog<T> log) => Of(typeof(EventStream<T>), log.Name);
}
