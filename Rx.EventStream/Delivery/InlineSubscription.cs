using System.Diagnostics;
using Rx.Storage;

namespace Rx.Delivery;

/// <summary>An observer that is called by the draining thread; during a replay, by the subscribing one. See
/// <see cref="SubscriptionState"/>.</summary>
/// <remarks>A handle may be kept for long after the subscription has ended. So it then forgets what leads to the stream's events:
/// <see cref="_delivery"/> and <see cref="_catchUp"/> are cleared with release by the thread that ended it, or by the
/// one that was replaying at that moment. The thread that replays reads them plainly, since no other clears them then; every other
/// thread reads them with acquire, once, and expects null.</remarks>
internal sealed partial class InlineSubscription<T> : EventSubscription, IObserver<T>
{
    private InlineDelivery<T>? _delivery;

    /// <summary>How it catches up with the delivery, or null if it joins at the next event.</summary>
    private CatchUp<T>? _catchUp;

    /// <summary>The delivery once it has ended, or null before. Written with release by the thread that clears <see cref="_delivery"/>, read with
    /// acquire by any.</summary>
    private WeakReference<InlineDelivery<T>>? _formerDelivery;

    private SubscriptionState _state;

    /// <summary>What is done when the subscription has ended.</summary>
    private EndActionState _endActions;

    /// <summary>The observer until the subscription has ended. Cleared by the thread that ends it, read with acquire by the threads that
    /// call it.</summary>
    private IObserver<T>? _observer;

    /// <summary>The first sequence number this observer gets; read by any thread.</summary>
    private FirstEventState _first;

    /// <summary>The sequence number it had reached when it lost its slot, or -1. Written with release under the list's lock; read by any thread for
    /// figures.</summary>
    private long _left = -1;

    /// <summary>The sequence number after the last event that came through this subscription, and not from the list to the observer. Written
    /// with release by the draining thread, read by any thread for figures.</summary>
    private long _passed;

    /// <summary>The greatest sequence number that a figure has told; the last one once it has ended.</summary>
    private GreatestState _reached;

    /// <summary>Whether <see cref="DisposeWith"/> has ended it. Written before it leaves the list, whose lock publishes it.</summary>
    private bool _hasFailed;

    /// <summary>Whether it has gone live, which stays when it has ended. Written with release by the draining thread, read by any thread
    /// for figures.</summary>
    private bool _hasGoneLive;

    private readonly bool _standsForAnother;

    /// <summary>Joins at a cursor, which this takes over, or at the next event.</summary>
    internal InlineSubscription(InlineDelivery<T> delivery, IObserver<T> observer, string? name, Cursor<T> cursor = default)
        : base(name)
    {
        _standsForAnother = observer is PumpTurn<T>;
        _delivery = delivery;
        _observer = observer;
        _first = cursor.IsOpen ? new FirstEventState(cursor.Sequence)
            : _standsForAnother ? new FirstEventState(0) // called with each event from when it is listed
            : new FirstEventState();
        _catchUp = cursor.IsOpen ? new CatchUp<T>(this, delivery, cursor) : null;
        _state = new SubscriptionState(isReplaying: _catchUp is not null);
    }

    public override long Sequence
    {
        get
        {
            // Before the last figure, which is set before these are cleared.
            InlineDelivery<T>? delivery = Volatile.Read(ref _delivery);
            long replayed = Volatile.Read(ref _catchUp)?.Sequence ?? 0;
            long first = First;
            if (delivery is not null && Volatile.Read(ref _hasGoneLive) && Volatile.Read(ref _left) < 0)
            {
                long reached = Math.Max(delivery.ReachedBy(this), Volatile.Read(ref _passed));
                if (Volatile.Read(ref _left) < 0)
                {
                    return _reached.Raise(reached); // it had its slot still; else the delivery went on without it
                }
            }

            return _reached.Raise(Math.Max(Math.Max(Volatile.Read(ref _left), Volatile.Read(ref _passed)), Math.Max(replayed, first)));
        }
    }

    /// <summary>The first sequence number this observer gets, for figures.</summary>
    /// <remarks>A subscription that replays nothing, and still waits when the delivery has passed an event, does not get that event. A single writer, which
    /// claims without a fence, may have missed it.</remarks>
    private long First
    {
        get
        {
            InlineDelivery<T>? delivery = Volatile.Read(ref _delivery);
            bool waits = Volatile.Read(ref _catchUp) is null && !Volatile.Read(ref _hasGoneLive);
            return delivery is null || !waits ? _first.Number
                : _first.IsDecided ? Math.Max(_first.Number, delivery.Sequence)
                : delivery.Log.NextSequence;
        }
    }

    public override long Lag => Volatile.Read(ref _delivery) is { Log: var log } && !IsDisposed ? Math.Max(0, log.NextSequence - Sequence) : 0;

    public override long Delivered => Math.Max(0, Sequence - First);

    public override long Dropped => 0;

    public override long Faults => 0;

    public override bool IsDisposed => _state.IsEnded;

    internal override bool StandsForAnother => _standsForAnother;

    /// <remarks>It replays, or waits, until <see cref="LetGo"/>.</remarks>
    internal override bool IsReturning => !_hasGoneLive && Volatile.Read(ref _catchUp) is not null;

    /// <summary>False unless it is a projection's, or an observer threw in its replay: an exception that leaves a live observer does not end it.</summary>
    internal override bool HasFailed => _hasFailed;

    internal override void DisposeWith(Exception error)
    {
        if (!IsDisposed)
        {
            _hasFailed = true;
            if (Volatile.Read(ref _delivery) is { } delivery)
            {
                _reached.Close(_hasGoneLive ? delivery.Sequence : _catchUp?.Sequence ?? First); // it has not had the event at which it ends
            }
        }

        base.DisposeWith(error);
    }

    internal override Func<long> SequenceInDelivery
    {
        get
        {
            InlineDelivery<T> delivery = _delivery!;
            CatchUp<T>? catchUp = _catchUp;
            return () => _hasGoneLive ? delivery.Sequence : catchUp!.Sequence;
        }
    }

    /// <summary>As <see cref="SequenceInDelivery"/>: what gives the event that the observer is being called with, where it lies.</summary>
    internal Func<ReadOnlyMemory<T>> SliceInDelivery
    {
        get
        {
            InlineDelivery<T> delivery = _delivery!;
            CatchUp<T>? catchUp = _catchUp;
            return () => _hasGoneLive ? delivery.SliceInDelivery() : catchUp!.SliceInDelivery();
        }
    }

    internal bool IsWaiting => _state.IsWaiting;

    /// <summary>What stands for it in the list: its observer while it is live, else itself.</summary>
    internal IObserver<T> Called => _state.IsLive ? Volatile.Read(ref _observer) ?? this : this;

    /// <summary>The observer, or null once it has ended.</summary>
    internal IObserver<T>? Observer => Volatile.Read(ref _observer);

    /// <summary>Decides where a subscription begins that joins at the next event, unless that is decided. Returns the number.</summary>
    /// <remarks>
    /// <code>
    /// S (subscribes): lists the subscription; full fence; first := what is claimed  (a CAS)
    /// P (drainer):    claims; has joiners?    calls it from its first event on; decides, if S has not  (a CAS)
    /// </code>
    /// What a writer claims after the fence is delivered by a thread that finds the subscription. What was claimed before is not for it. Both
    /// threads read the number of claims, so it begins at no event in the middle of a run.
    /// </remarks>
    internal long DecideFirst()
    {
        if (!_first.IsDecided && Volatile.Read(ref _delivery) is { } delivery)
        {
            _first.TryDecide(delivery.Log.NextSequence);
        }

        return _first.Number;
    }

    /// <summary>Notes what it has reached, as its slot tells. Called under the list's lock, before it gets another slot.</summary>
    /// <returns>The event that is in delivery, or -1.</returns>
    internal long NoteReached()
    {
        _ = Sequence;
        return Volatile.Read(ref _delivery) is { IsCalling: true } delivery ? delivery.Sequence : -1;
    }

    /// <summary>Notes how far it came. Called under the list's lock, when it has lost its slot: a later call goes through this type, and notes
    /// itself.</summary>
    internal void SetLeft() => Volatile.Write(ref _left, Sequence);

    /// <summary>Notes the last figures. Called under the list's lock, when it has ended and no thread replays: so its observer is called no more, but by
    /// a call that has begun, which may count or not.</summary>
    internal void SetLast()
    {
        if (_hasGoneLive)
        {
            _reached.Close(Sequence);
        }
        else
        {
            _reached.Close(First);
            _first.Set(_reached.Greatest); // it has had nothing
        }
    }

    internal override bool HasConsumed(long sequence)
    {
        if (Volatile.Read(ref _delivery) is not { } delivery || _state.IsEnded)
        {
            return true;
        }

        // A subscription without a replay that still waits when the delivery has passed an event does not get that event.
        return _state.IsLive ? delivery.Sequence >= sequence
            : Sequence >= sequence || (Volatile.Read(ref _catchUp) is null && _state.IsWaiting && delivery.Sequence >= sequence);
    }

    internal override Task WhenConsumedAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _delivery) is not { } delivery)
        {
            return Task.CompletedTask;
        }

        long next = delivery.Log.NextSequence;
        return delivery.WhenAsync(() => HasConsumed(next), cancellationToken);
    }

    /// <summary>Passes an event on while it is live, for a walk over a list that holds it in place of its observer.</summary>
    void IObserver<T>.OnNext(T value)
    {
        if (_state.IsLive && Volatile.Read(ref _delivery) is { } delivery)
        {
            Pass(value, delivery.Sequence, Observer);
        }
    }

    void IObserver<T>.OnError(Exception error) => throw new UnreachableException();

    void IObserver<T>.OnCompleted() => throw new UnreachableException();

    /// <summary>Calls the observer with the event at <paramref name="sequence"/>, if it is live, or can be admitted now. By the draining
    /// thread.</summary>
    internal void DeliverOwned(T value, long sequence)
    {
        InlineDelivery<T>? delivery = Volatile.Read(ref _delivery);
        IObserver<T>? observer = _state.IsLive ? Observer : TryAdmitOwned(sequence);
        try
        {
            Pass(value, sequence, observer);
        }
        catch (Exception error)
        {
            delivery!.AddErrorOwned(error); // it had not ended when its observer was read, which was later
        }
    }

    /// <summary>Makes a waiting subscription live before the event at <paramref name="sequence"/>: replays what lies
    /// between, and returns the observer if it gets that event too. By the draining thread.</summary>
    internal IObserver<T>? TryAdmitOwned(long sequence) =>
        _state.IsWaiting && sequence >= Math.Max(Volatile.Read(ref _catchUp)?.Sequence ?? 0, DecideFirst())
            ? AdmitOwned(sequence)
            : null;

    /// <summary>Makes a waiting subscription live that has nothing to replay before the event at <paramref name="sequence"/>, which is not
    /// delivered yet. By the draining thread.</summary>
    internal void TryAdmitBetweenOwned(long sequence)
    {
        if (Volatile.Read(ref _catchUp) is not { } catchUp || catchUp.Sequence == sequence)
        {
            TryAdmitOwned(sequence);
        }
    }

    /// <summary>Replays on the subscribing thread, then waits to be admitted. See <see cref="CatchUp{T}"/>.</summary>
    internal void ReplayAndJoin() => _catchUp!.Run();

    /// <summary>Waits to be admitted by the draining thread; false if it has ended.</summary>
    internal bool TryWait()
    {
        InlineDelivery<T> delivery = _delivery!;
        if (!_state.TryWait())
        {
            return false;
        }

        delivery.AnnounceJoiner(this);
        return true;
    }

    /// <summary>Goes on with the replay; false if the draining thread has admitted it, or it has ended.</summary>
    internal bool TryTakeBack() => _state.TryTakeBack();

    /// <summary>Calls the observer, if there is one. Noted before: a figure that is read during the call counts it.</summary>
    private void Pass(T value, long sequence, IObserver<T>? observer)
    {
        if (observer is not null)
        {
            Volatile.Write(ref _passed, sequence + 1);
            observer.OnNext(value);
        }
    }

    private IObserver<T>? AdmitOwned(long sequence)
    {
        if (!_state.TryAdmit())
        {
            return null;
        }

        if (_catchUp is null)
        {
            _first.Set(sequence);
        }
        else if (_catchUp.Sequence > sequence)
        {
            // Between the look at the state and the CAS the subscribing thread took it back, and it has had this event.
            if (!_state.TryWait())
            {
                _catchUp.Close(); // disposed in between
                LetGo(_catchUp.Sequence);
            }

            return null;
        }
        else
        {
            _catchUp.ReplayRestOwned(sequence, _delivery!);
        }

        IObserver<T>? observer = Observer;
        if (!_state.GoLive())
        {
            LetGo(_catchUp?.Sequence ?? 0); // disposed in between
            return null;
        }

        Volatile.Write(ref _hasGoneLive, true);
        return observer;
    }
}
