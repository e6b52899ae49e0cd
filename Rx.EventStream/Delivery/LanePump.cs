using System.Reactive.Concurrency;

namespace Rx.Delivery;

/// <summary>Delivers in the actions of a <see cref="SchedulerLane{T}"/>, together with the stream's other observers on the same event loop
/// or synchronization context.</summary>
internal sealed class LanePump<T> : Pump<T>
{
    private readonly object _key;

    /// <summary>The lane, from before the pump is first scheduled until it has left. Written with release by the subscribing thread, read
    /// with acquire by threads that schedule; cleared by the thread that ends the pump.</summary>
    private SchedulerLane<T>? _lane;

    internal LanePump(in PumpSetup<T> setup, object key, int maxBatch)
        : base(setup)
    {
        _key = key;
        MaxBatch = maxBatch;
    }

    /// <summary>The most events in one action.</summary>
    internal int MaxBatch { get; }

    private protected override int LingerSpins => 0;

    /// <summary>Its entry in one of the lane's queues of turns. Under the lane's lock.</summary>
    internal LinkedListNode<LanePump<T>> Turn => field ??= new(this);

    /// <summary>Whether a queue of the lane has the pump. Under the lane's lock.</summary>
    internal bool HasTurn => Turn.List is not null;

    /// <summary>Whether its next event comes before that of another pump, or is the same and it subscribed before.</summary>
    internal bool ComesBefore(LanePump<T> other) =>
        Sequence < other.Sequence || (Sequence == other.Sequence && Number < other.Number);

    /// <summary>Delivers up to so many events; true if there is more. By the lane's action.</summary>
    internal bool RunInLane(int maxCount) => RunBatch(maxCount);

    /// <summary>Whether the pump has an event, so that the lane may give it a turn: it wakes the pump, unless a thread that has woken it is
    /// about to request the turn.</summary>
    internal bool TryWakeForLane() => TryWakeReady() || IsScheduled;

    private protected override void OnStarting(PumpList<T> subscriptions, InlineDelivery<T>? inline)
    {
        Volatile.Write(ref _lane, subscriptions.JoinLane(_key, Scheduler, this));
        if (IsDisposed)
        {
            OnLeaving(subscriptions, isDisposed: false); // disposed before the lane was known
        }
    }

    /// <remarks>Another number once it has left: what is thrown then has not ended it.</remarks>
    private protected override int ActionsBegun => Volatile.Read(ref _lane)?.ActionsBegun ?? -1;

    private protected override void Schedule() => Volatile.Read(ref _lane)?.Request(this);

    private protected override void OnLeaving(PumpList<T> subscriptions, bool isDisposed)
    {
        if (Volatile.Read(ref _lane) is { } lane)
        {
            subscriptions.LeaveLane(lane, this);
        }

        if (!isDisposed)
        {
            Volatile.Write(ref _lane, null);
        }
    }

    private protected override void OnDisposed() => Interlocked.Exchange(ref _lane, null)?.CancelIfEmpty();
}
