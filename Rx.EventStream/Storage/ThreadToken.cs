using System.Runtime.CompilerServices;

namespace Rx.Storage;

/// <summary>A number for the current thread, never 0.</summary>
/// <remarks>A thread-static field, which the compiler reads without a call.</remarks>
internal static class ThreadToken
{
    [ThreadStatic]
    private static int _current;

    internal static int Current
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _current is not 0 and var token ? token : CreateSlow();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int CreateSlow() => _current = Environment.CurrentManagedThreadId;
}
