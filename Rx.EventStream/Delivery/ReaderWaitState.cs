namespace Rx.Delivery;

/// <summary>The state of a reader's one wait.</summary>
/// <remarks>
/// <code>
///  Idle --TryBegin--> Pending --TryComplete--> Idle
///
///  any --> Ended:  End (the reader is disposed)
/// </code>
/// The thread that moves it out of Pending completes the wait: a publisher, a cancellation, or the thread that disposes the reader. Every
/// transition is an interlocked operation, a full fence: it publishes the wait's result source to that thread. A mutable struct: always
/// used in place.
/// </remarks>
internal struct ReaderWaitState
{
    private const int Idle = 0;
    private const int Pending = 1;
    private const int Ended = 2;

    private int _state;

    internal readonly bool IsPending => Volatile.Read(in _state) == Pending;

    internal readonly bool IsEnded => Volatile.Read(in _state) == Ended;

    /// <summary>Idle to Pending, by the reader's owner; false if the reader is disposed.</summary>
    internal bool TryBegin() => Interlocked.CompareExchange(ref _state, Pending, Idle) == Idle;

    /// <summary>Pending to Idle; true for exactly one thread, which completes the wait.</summary>
    internal bool TryComplete() => Interlocked.CompareExchange(ref _state, Idle, Pending) == Pending;

    /// <summary>Ends it; false if it had ended. <paramref name="wasPending"/>: the caller completes the wait.</summary>
    internal bool End(out bool wasPending)
    {
        int state = Interlocked.Exchange(ref _state, Ended);
        wasPending = state == Pending;
        return state != Ended;
    }
}
