namespace Rx.Delivery;

/// <summary>The state of a pump.</summary>
/// <remarks>
/// <code>
///              TryRun                           TryPark, when dry
///  Scheduled ----------> Running ------------------------------------> Parked
///      ^                    |                                             |
///      +-- TryReschedule ---+                                             |
///      +--------------------------- TryWake ------------------------------+
///      +-------------------------- SleepAgain --------------------------->+
///
///  any state --> Ended:  End (disposed, or the observer threw), TryEndRunning (the terminal event)
/// </code>
/// Running owns the cursor. In the other states no thread does, so the thread that ends one of them closes the cursor; the thread that runs
/// the pump closes it where it finds that another thread has ended it. Every transition is an interlocked operation, a full fence: it
/// publishes the cursor to the next thread that runs the pump. A mutable struct: always used in place.
/// </remarks>
internal struct PumpState
{
    private const int Scheduled = 0;
    private const int Running = 1;
    private const int Parked = 2;
    private const int Ended = 3;

    private int _state;

    internal readonly bool IsScheduled => Volatile.Read(in _state) == Scheduled;

    internal readonly bool IsParked => Volatile.Read(in _state) == Parked;

    internal readonly bool IsEnded => Volatile.Read(in _state) == Ended;

    /// <summary>Scheduled to Running; false if the pump has ended, or another action runs it.</summary>
    internal bool TryRun() => TryMove(Scheduled, Running);

    /// <summary>Running to Scheduled, with more to deliver; false if the pump has ended.</summary>
    internal bool TryReschedule() => TryMove(Running, Scheduled);

    /// <summary>Running to Parked; false if the pump has ended. The caller then pushes its entry and looks again.</summary>
    internal bool TryPark() => TryMove(Running, Parked);

    /// <summary>Parked to Scheduled; true for exactly one of the threads that wake it, which schedules it.</summary>
    internal bool TryWake() => TryMove(Parked, Scheduled);

    /// <summary>Scheduled to Parked, by the thread that woke or ran it and has scheduled no action; does nothing if the pump has ended.</summary>
    internal void SleepAgain() => TryMove(Scheduled, Parked);

    /// <summary>Running to Ended, before the terminal event; false if the pump has ended.</summary>
    internal bool TryEndRunning() => TryMove(Running, Ended);

    /// <summary>Ends the pump; returns what the caller must clean up.</summary>
    internal PumpEnd End() => Interlocked.Exchange(ref _state, Ended) switch
    {
        Ended => PumpEnd.EndedBefore,
        Running => PumpEnd.WasRunning,
        Parked => PumpEnd.WasParked,
        _ => PumpEnd.WasScheduled,
    };

    private bool TryMove(int from, int to) => Interlocked.CompareExchange(ref _state, to, from) == from;
}
