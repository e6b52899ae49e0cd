namespace Rx.Delivery;

/// <summary>Whether a thread is inside a call to a scheduler that it made after a batch, so that an action which the scheduler runs inside
/// that call can be told.</summary>
/// <remarks>
/// <code>
///   Outside --Enter--> Inside --TryNoteInside--> Inside, ran --Leave--> Outside
/// </code>
/// The thread that runs the pump enters and leaves. Where the scheduler runs the action elsewhere, that thread may have entered already
/// when this one leaves; so leaving is a CAS that changes nothing then. A mutable struct: always used in place.
/// </remarks>
internal struct SchedulingState
{
    /// <summary>The thread that is inside, or 0.</summary>
    private int _thread;

    /// <summary>Whether the scheduler ran the action inside the call. Written and read by the thread that is inside.</summary>
    private bool _hasRun;

    /// <summary>Notes an action that runs inside the call; false if it does not.</summary>
    internal bool TryNoteInside()
    {
        bool isInside = Volatile.Read(ref _thread) == Environment.CurrentManagedThreadId;
        if (isInside)
        {
            _hasRun = true; // plain: only this thread reads it
        }

        return isInside;
    }

    internal void Enter()
    {
        _hasRun = false; // plain: only this thread reads it
        Volatile.Write(ref _thread, Environment.CurrentManagedThreadId);
    }

    internal void Leave() => Interlocked.CompareExchange(ref _thread, 0, Environment.CurrentManagedThreadId);

    /// <summary>Whether the action ran inside the call; for the thread that has left.</summary>
    internal readonly bool HasRun => _hasRun; // plain: written by this thread
}
