namespace Rx.Delivery;

/// <summary>The state of a projection.</summary>
/// <remarks>
/// <code>
///   Idle --TryBeginFold--> Folding --TryEndFold--> Idle
///
///   any --> Ended:  TryEnd (disposed, or folding threw)
/// </code>
/// Folding owns the projection's cursor. The thread that ends the projection closes the cursor. If that was during a fold, the folding thread
/// forgets the rest when it finds the end. Beside it, why nothing more is folded:
/// <code>
///   none --TryEndStream--> the stream has ended --TryEnd--> disposed
///   none --TryEnd--> disposed, or failed
/// </code>
/// Every transition is an interlocked operation, a full fence. A mutable struct: always used in place.
/// </remarks>
internal struct ProjectionState
{
    private const int Idle = 0;
    private const int Folding = 1;
    private const int Ended = 2;

    private int _state;

    /// <summary>Why nothing more is folded. A final one is set before the state is Ended.</summary>
    private ProjectionEnd? _end;

    /// <summary>Why nothing more is folded, or null; read with acquire.</summary>
    internal readonly ProjectionEnd? End => Volatile.Read(in _end);

    /// <summary>Idle to Folding, for the next event; false if it has ended.</summary>
    internal bool TryBeginFold() => Interlocked.CompareExchange(ref _state, Folding, Idle) == Idle;

    /// <summary>Folding to Idle; false if it has ended: the caller closes the cursor. It is also the fence between the new state and the
    /// look for waiting callers; see <see cref="ProjectionWaits"/>.</summary>
    internal bool TryEndFold() => Interlocked.CompareExchange(ref _state, Idle, Folding) == Folding;

    /// <summary>Notes that the stream has ended; false if the projection, or the stream, had ended.</summary>
    internal bool TryEndStream(ProjectionEnd end) => Interlocked.CompareExchange(ref _end, end, null) is null;

    /// <summary>Ends it for good; false if it had ended for good. <paramref name="wasIdle"/>: the caller closes the cursor.</summary>
    internal bool TryEnd(ProjectionEnd end, out bool wasIdle)
    {
        ProjectionEnd? seen = Volatile.Read(ref _end);
        bool isFirst = false;
        while (!isFirst && seen is not { IsFinal: true })
        {
            ProjectionEnd? found = Interlocked.CompareExchange(ref _end, end, seen);
            isFirst = ReferenceEquals(found, seen);
            seen = found;
        }

        wasIdle = Interlocked.Exchange(ref _state, Ended) == Idle;
        return isFirst;
    }
}
