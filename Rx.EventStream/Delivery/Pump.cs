using System.Reactive.Concurrency;
using Rx.Parking;
using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Moves one cursor and calls one observer, on the threads that run its batches. Its <see cref="PumpState"/> says which thread
/// owns the cursor.</summary>
/// <remarks>A handle may be kept for long after the pump has ended. So the pump forgets what leads to the stream's events:
/// <see cref="_log"/>, <see cref="_subscriptions"/> and <see cref="_waiter"/> are cleared with release by the thread that closes the cursor.
/// A thread that does not own the cursor reads them with acquire before it ends the pump, or expects null.</remarks>
internal abstract partial class Pump<T> : EventSubscription, IParked
{
    /// <summary>The first sequence number that it gets. Set before it starts.</summary>
    private long _first;

    private EventLog<T> _log;
    private PumpList<T> _subscriptions;
    private Waiter _waiter = new();

    /// <summary>The observer until the pump has ended. Cleared by the thread that ends it, read with acquire by the thread that runs
    /// it.</summary>
    private IObserver<T>? _observer;

    /// <summary>The observer, if it takes events from the cursor itself. Stays when the pump has ended, for its figures.</summary>
    private readonly CursorObserver<T>? _taking;

    /// <summary>The execution context of <c>Subscribe</c>, in which the observer runs; null if its flow was suppressed there, and once the
    /// pump has ended. Cleared with release by the thread that ends it, read with acquire by the thread that runs it.</summary>
    private ExecutionContext? _context;

    /// <summary>Owned by the thread that runs the pump; any thread reads its sequence number, for figures. The thread that disposes the pump
    /// during a call closes it; see <see cref="SegmentRef{T}"/>.</summary>
    private Cursor<T> _cursor;

    private PumpState _state;

    /// <summary>Whether a thread ran it when it was disposed. For the thread that disposes it.</summary>
    private bool _wasRunning;

    /// <summary>Whether the thread that ran it has returned from the last call. Written with release by that thread before it takes the list's lock,
    /// read with acquire under that lock.</summary>
    private bool _hasReturned;

    /// <summary>How many batches have begun; see <see cref="ActionsBegun"/>. Written with release by the thread that runs the pump.</summary>
    private int _batches;

    /// <summary>What leaves the action that runs, once it need not schedule the next one. For the thread that runs the pump.</summary>
    private ErrorList _passing;

    /// <summary>The greatest <see cref="Delivered"/> that a figure has told.</summary>
    private GreatestState _delivered;

    /// <summary>What is done when the pump has ended.</summary>
    private EndActionState _endActions;

    private protected Pump(in PumpSetup<T> setup)
        : base(setup.Name)
    {
        _log = setup.Log;
        _subscriptions = setup.Subscriptions;
        _cursor = setup.Cursor;
        _first = setup.Cursor.Sequence;
        _observer = setup.Observer;
        _taking = setup.Observer as CursorObserver<T>;
        Scheduler = setup.Scheduler;
        _context = ExecutionContext.Capture();
    }

    public sealed override long Sequence => _taking is { } taking ? taking.ConsumedTo(_cursor.Sequence) : _cursor.Sequence;

    public sealed override long Lag =>
        Volatile.Read(ref _log) is { } log && !IsDisposed ? Math.Max(0, log.NextSequence - Sequence) : 0;

    public sealed override long Delivered
    {
        get
        {
            // In this order: while the cursor jumps over events, they are counted as dropped before its sequence number passes them.
            long delivered = Math.Max(0, Sequence - _first - _cursor.Dropped);
            return _delivered.Raise(_taking is { } taking ? taking.DeliveredOf(delivered) : delivered);
        }
    }

    public sealed override long Dropped => _cursor.Dropped + (_taking?.Conflated ?? 0);

    public sealed override long Faults => _taking?.Faults ?? 0;

    public sealed override bool IsDisposed => _state.IsEnded;

    internal sealed override bool IsReturning => _wasRunning && !Volatile.Read(ref _hasReturned);

    internal sealed override long KeptEvents =>
        Volatile.Read(ref _log) is { } log && !IsDisposed ? Math.Max(0, _cursor.CountKept(log)) : 0;

    bool IParked.IsReadyWhileParked =>
        Volatile.Read(ref _subscriptions) is not { } subscriptions || IsReadyWhileParked(subscriptions.Parking);

    internal sealed override Func<long> SequenceInDelivery => () => _cursor.Sequence;

    internal sealed override bool HasConsumed(long sequence) => IsDisposed || Sequence >= sequence;

    internal sealed override Task WhenConsumedAsync(CancellationToken cancellationToken) =>
        Volatile.Read(ref _subscriptions) is { Parking: var parking } && Volatile.Read(ref _log) is { NextSequence: var next }
            ? ProgressWait<T>.Until(parking, () => HasConsumed(next), cancellationToken)
            : Task.CompletedTask;

    /// <summary>Whether publishers wait for this pump; then they must learn of each event it is done with. Set before it starts.</summary>
    internal bool IsWaitedFor { get; set; }

    /// <summary>The thread that it needs, where publishers may wait for it, or for another pump on its scheduler, and that is known; else null. Set before it
    /// starts.</summary>
    internal NeededThread? Needs { get; set; }

    /// <summary>Where the observer is called.</summary>
    private protected IScheduler Scheduler { get; }

    /// <summary>Where the pump parks.</summary>
    private protected virtual ParkingPlace Place => ParkingPlace.Direct;

    /// <summary>Whether an exception left an action: it then wins over one of a scheduler that runs actions at once. Written by the
    /// thread that runs the pump.</summary>
    private protected bool HasThrown { get; private set; }

    /// <summary>How long to wait for more, after a run of several events, before parking, in spins of some 30 ns; 0 where others want the
    /// thread.</summary>
    private protected abstract int LingerSpins { get; }

    /// <summary>Whether its thread waits for the first event awake.</summary>
    private protected virtual bool StartsAwake => false;

    /// <summary>Whether it waits, although there is more, for a thread that publishes; see <see cref="CatchUpRounds"/>.</summary>
    private protected virtual bool IsLeft => false;

    /// <summary>Whether an action must run it.</summary>
    internal bool IsScheduled => _state.IsScheduled;

    internal bool IsParked => _state.IsParked;

    /// <summary>Whether it is woken in its turn among the observers on the publishing thread.</summary>
    internal virtual bool TakesTurn => false;

    /// <summary>Joins at the next event instead of where it stands, before it starts.</summary>
    internal void SkipToNext()
    {
        _cursor.SkipToNext(_log);
        _first = _cursor.Sequence;
    }

    /// <summary>Sets the new pump going, or parks it if there is nothing to read yet. Ends it if a scheduler throws, also one that has taken the action
    /// before: no caller has the subscription.</summary>
    /// <param name="inline">For a pump with <see cref="TakesTurn"/>, else null.</param>
    internal void Start(InlineDelivery<T>? inline)
    {
        try
        {
            ScheduleOrPark(inline);
        }
        catch (Exception error)
        {
            if (!IsDisposed)
            {
                EndWith(error);
            }

            throw;
        }
    }

    private void ScheduleOrPark(InlineDelivery<T>? inline)
    {
        EventLog<T> log = _log; // once it is listed, another thread may dispose it
        Waiter waiter = _waiter;
        PumpList<T> subscriptions = _subscriptions;
        subscriptions.Parking.AnnounceWaiters();
        subscriptions.Add(this);
        waiter.Order = Number;
        OnStarting(subscriptions, inline);
        if (StartsAwake || _cursor.LooksReady(log))
        {
            ScheduleOrEnd();
        }
        else if (_state.TryRun())
        {
            if (!TryParkOwned(out bool isAwake))
            {
                CloseOwned(); // disposed between the two
                NoteRunOwned(subscriptions);
            }
            else if (isAwake)
            {
                ScheduleOrEnd();
            }
        }
    }

    public void Wake()
    {
        if (_state.TryWake())
        {
            ScheduleOrEnd();
        }
    }

    /// <summary>As <see cref="Wake"/>, for an event that was granted: unless an earlier one waits, for which the pump schedules itself, or the
    /// pump has delivered this one in between. It would have an action without an event, which a later event could use ahead of its
    /// turn. One that was left wakes all the same.</summary>
    /// <param name="before">The sequence number before which events were granted until now.</param>
    /// <param name="granted">The same from now on.</param>
    internal void WakeFor(long before, long granted)
    {
        if (_taking is { IsBusy: true } || (IsLeft ? AwaitedSequence >= granted : AwaitedSequence < before) || !_state.TryWake())
        {
            return;
        }

        if (AwaitedSequence < granted)
        {
            ScheduleOrEnd();
        }
        else
        {
            _state.SleepAgain(); // only this thread grants, so no grant was missed
            if (_taking is { IsDue: true })
            {
                Wake(); // a call that returned, or a timer, found the pump not parked
            }
        }
    }

    private long AwaitedSequence => _taking is { } taking ? taking.Awaited(in _cursor).Sequence : _cursor.Sequence;

    /// <summary>As <see cref="Wake"/>, for a timer's action on the pump's scheduler.</summary>
    internal virtual void WakeOnTime() => Wake();

    internal sealed override void OnEnded(Action action) => _endActions.Add(action);

    /// <summary>How many of the actions have begun that <see cref="Schedule"/> asks for. It changes during that call where the scheduler runs actions
    /// at once.</summary>
    private protected virtual int ActionsBegun => Volatile.Read(ref _batches);

    /// <summary>Has <see cref="RunBatch"/> called soon, on the subscriber's scheduler.</summary>
    private protected abstract void Schedule();

    /// <summary>Called before the pump is first scheduled or parked, once it is listed.</summary>
    private protected virtual void OnStarting(PumpList<T> subscriptions, InlineDelivery<T>? inline)
    {
    }

    /// <summary>Whether the event at <paramref name="sequence"/>, and each after it, wakes the pump in its turn.</summary>
    private protected virtual bool IsCalledAt(long sequence) => false;

    /// <summary>The sequence number before which it may deliver; see <see cref="PumpTurn{T}"/>.</summary>
    private protected virtual long Granted => long.MaxValue;

    /// <summary>Called when the pump has ended, to release what it shares with other pumps. If it was disposed, <see cref="OnDisposed"/>
    /// follows.</summary>
    private protected virtual void OnLeaving(PumpList<T> subscriptions, bool isDisposed)
    {
    }

    /// <summary>Called once when the pump is disposed, to cancel what was scheduled.</summary>
    private protected virtual void OnDisposed()
    {
    }
}
