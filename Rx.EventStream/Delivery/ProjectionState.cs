using System.Runtime.ExceptionServices;

namespace Rx.Delivery;

/// <summary>The state of a projection.</summary>
/// <remarks>
/// <code>
///   Idle --TryBeginFold--> Folding --TryEndFold--> Idle
///
///   any --> Ended:  TryEnd (disposed, or folding threw)
/// </code>
/// Folding owns the projection's cursor. In the other states no thread does, so the thread that ends it closes the cursor; the folding
/// thread closes it where it finds that another thread has ended the projection. Every transition is an interlocked operation, a full
/// fence. A mutable struct: always used in place.
/// </remarks>
internal struct ProjectionState
{
    private const int Idle = 0;
    private const int Folding = 1;
    private const int Ended = 2;

    private int _state;

    /// <summary>Why the projection has ended. Set once, before the state is Ended.</summary>
    private ExceptionDispatchInfo? _error;

    /// <summary>Why the projection has ended, or null; read with acquire.</summary>
    internal readonly ExceptionDispatchInfo? Error => Volatile.Read(in _error);

    /// <summary>Idle to Folding, for the next event; false if it has ended.</summary>
    internal bool TryBeginFold() => Interlocked.CompareExchange(ref _state, Folding, Idle) == Idle;

    /// <summary>Folding to Idle; false if it has ended: the caller closes the cursor.</summary>
    internal bool TryEndFold() => Interlocked.CompareExchange(ref _state, Idle, Folding) == Folding;

    /// <summary>Ends it with an error; false if it had ended. <paramref name="wasIdle"/>: the caller closes the cursor.</summary>
    internal bool TryEnd(Exception error, out bool wasIdle)
    {
        bool isFirst = Interlocked.CompareExchange(ref _error, ExceptionDispatchInfo.Capture(error), null) is null;
        wasIdle = Interlocked.Exchange(ref _state, Ended) == Idle;
        return isFirst;
    }
}
