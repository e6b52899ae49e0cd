namespace Rx.Delivery;

/// <summary>The state of a subscription on the publishing thread.</summary>
/// <remarks>
/// <code>
///             TryAdmit                 GoLive
///  Waiting -------------> Replaying ---------> Live
///    ^  |                    ^ |
///    |  +--- TryTakeBack ----+ |    by the subscribing thread, which has found another event
///    +------ TryWait ----------+    by the thread that replays
///
///  any state --> Ended:  End (disposed), TryEndLive, TryEndWaiting, TryEndReplaying (the terminal event)
/// </code>
/// Replaying: one thread, the subscribing or the draining one, owns the catch-up's cursor and calls the observer. Waiting: no thread does,
/// and the draining thread admits the subscription between two events. Live: the draining thread calls the observer at each event. Every
/// transition is an interlocked operation, a full fence: it publishes the cursor to the next owner. A mutable struct: always used in place.
/// </remarks>
internal struct SubscriptionState
{
    private const int Waiting = 0;
    private const int Live = 1;
    private const int Replaying = 2;
    private const int Ended = 3;

    private int _state;

    internal SubscriptionState(bool isReplaying) => _state = isReplaying ? Replaying : Waiting;

    internal readonly bool IsWaiting => Volatile.Read(in _state) == Waiting;

    internal readonly bool IsLive => Volatile.Read(in _state) == Live;

    internal readonly bool IsEnded => Volatile.Read(in _state) == Ended;

    /// <summary>Waiting to Replaying, by the draining thread.</summary>
    internal bool TryAdmit() => TryMove(Waiting, Replaying);

    /// <summary>Replaying to Live, by the draining thread that has admitted it; false if it has ended.</summary>
    internal bool GoLive() => TryMove(Replaying, Live);

    /// <summary>Replaying to Waiting, by the thread that replays; false if it has ended. The subscribing thread then looks for another
    /// event.</summary>
    internal bool TryWait() => TryMove(Replaying, Waiting);

    /// <summary>Waiting to Replaying, by the subscribing thread; false if it was admitted, or has ended.</summary>
    internal bool TryTakeBack() => TryMove(Waiting, Replaying);

    /// <summary>Live to Ended, before the terminal event.</summary>
    internal bool TryEndLive() => TryMove(Live, Ended);

    /// <summary>Waiting to Ended, before the terminal event.</summary>
    internal bool TryEndWaiting() => TryMove(Waiting, Ended);

    /// <summary>Replaying to Ended, before the terminal event, by the thread that replays.</summary>
    internal bool TryEndReplaying() => TryMove(Replaying, Ended);

    /// <summary>Ends it; false if it had ended. <paramref name="wasWaiting"/>: no thread owns the cursor, so the caller closes it.
    /// <paramref name="wasReplaying"/>: the thread that replays closes it, and cleans up.</summary>
    internal bool End(out bool wasWaiting, out bool wasReplaying)
    {
        int state = Interlocked.Exchange(ref _state, Ended);
        wasWaiting = state == Waiting;
        wasReplaying = state == Replaying;
        return state != Ended;
    }

    private bool TryMove(int from, int to) => Interlocked.CompareExchange(ref _state, to, from) == from;
}
