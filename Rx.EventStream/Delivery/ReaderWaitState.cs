namespace Rx.Delivery;

/// <summary>The state of a reader's one wait, and which wait it is.</summary>
/// <remarks>
/// <code>
///  Idle --TryBegin--> Pending --TryComplete--> Idle
///
///  any --> Ended:  End (the reader is disposed)
/// </code>
/// The thread that moves it out of Pending completes the wait: a publisher, a cancellation, or the thread that disposes the reader. Each
/// wait has a number of its own, so a thread that has looked at one wait cannot complete the next one:
/// <code>
/// P (wakes):  wait 1 is pending; there is an event;                                   complete wait 1: fails
/// C (owner):                       wait 1 ends;  reads that event;  wait 2 is pending
/// </code>
/// Every transition is an interlocked operation, a full fence: it publishes the wait's result source to that thread. A mutable struct: always
/// used in place.
/// </remarks>
internal struct ReaderWaitState
{
    private const long Idle = 0;
    private const long Pending = 1;
    private const long Ended = 2;
    private const long States = 3;
    private const long OneWait = 4;

    /// <summary>The state in the lowest two bits, the number of the wait above them.</summary>
    private long _state;

    /// <summary>The state at one time.</summary>
    internal readonly struct Snapshot(long state)
    {
        internal bool IsPending => (state & States) == Pending;

        internal long State => state;
    }

    internal readonly bool IsPending => Read().IsPending;

    internal readonly bool IsEnded => (Volatile.Read(in _state) & States) == Ended;

    internal readonly Snapshot Read() => new(Volatile.Read(in _state));

    /// <summary>Idle to Pending, by the reader's owner; false if the reader is disposed.</summary>
    internal bool TryBegin()
    {
        long state = Volatile.Read(in _state);
        return (state & States) == Idle && Interlocked.CompareExchange(ref _state, state + OneWait + Pending, state) == state;
    }

    /// <summary>Pending to Idle, if it is still the wait of the snapshot; true for exactly one thread, which completes the wait.</summary>
    internal bool TryComplete(Snapshot pending) =>
        pending.IsPending && Interlocked.CompareExchange(ref _state, pending.State - Pending, pending.State) == pending.State;

    /// <summary>Ends it; false if it had ended. <paramref name="wasPending"/>: the caller completes the wait.</summary>
    internal bool End(out bool wasPending)
    {
        long state = Interlocked.Exchange(ref _state, Ended);
        wasPending = (state & States) == Pending;
        return (state & States) != Ended;
    }
}
