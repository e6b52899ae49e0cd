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

    /// <summary>What it has left, or null before. Written with release by the thread that clears <see cref="_delivery"/>, read with acquire by
    /// any.</summary>
    private WeakReference<InlineDelivery<T>>? _left;

    private SubscriptionState _state;

    /// <summary>What is done when the subscription has ended.</summary>
    private EndActionState _endActions;

    /// <summary>The observer until the subscription has ended. Cleared by the thread that ends it, read with acquire by the threads that
    /// call it.</summary>
    private IObserver<T>? _observer;

    /// <summary>The first sequence number this observer gets. Written with release before it is in the list, and, if it replays nothing, once
    /// more when it goes live; read by any thread.</summary>
    private long _first;

    /// <summary>The sequence number it had reached when it lost its slot, or -1. Written with release under the list's lock, or by the thread that
    /// delivers the end; read by any thread for figures.</summary>
    private long _last = -1;

    /// <summary>The sequence number after the last event that came through this subscription, and not from the list to the observer. Written
    /// with release by the draining thread, read by any thread for figures.</summary>
    private long _passed;

    /// <summary>The greatest sequence number that a figure has told while it was live.</summary>
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
        _first = cursor.Sequence;
        _catchUp = cursor.IsOpen ? new CatchUp<T>(this, delivery, cursor) : null;
        _state = new SubscriptionState(isReplaying: _catchUp is not null);
    }

    public override long Sequence
    {
        get
        {
            // Before the last figure, which is written before these are cleared.
            InlineDelivery<T>? delivery = Volatile.Read(ref _delivery);
            long replayed = Volatile.Read(ref _catchUp)?.Sequence ?? 0;
            if (delivery is not null && Volatile.Read(ref _last) < 0 && Volatile.Read(ref _hasGoneLive))
            {
                long reached = Math.Max(delivery.ReachedBy(this), Volatile.Read(ref _passed));
                if (Volatile.Read(ref _last) < 0)
                {
                    return _reached.Raise(reached); // it had its slot still; else the delivery went on without it
                }
            }

            return Math.Max(Math.Max(Volatile.Read(ref _last), Volatile.Read(ref _passed)), Math.Max(replayed, Volatile.Read(ref _first)));
        }
    }

    public override long Lag => Volatile.Read(ref _delivery) is { Log: var log } && !IsDisposed ? Math.Max(0, log.NextSequence - Sequence) : 0;

    public override long Delivered => Math.Max(0, Sequence - Volatile.Read(ref _first));

    public override long Dropped => 0;

    public override long Faults => 0;

    public override bool IsDisposed => _state.IsEnded;

    internal override bool StandsForAnother => _standsForAnother;

    /// <remarks>It replays, or waits, until <see cref="LetGo"/>.</remarks>
    internal override bool IsReturning => !_hasGoneLive && Volatile.Read(ref _catchUp) is not null;

    /// <summary>False unless it is a projection's: an exception that leaves an observer on the publishing thread does not end it.</summary>
    internal override bool HasFailed => _hasFailed;

    internal override void DisposeWith(Exception error)
    {
        _hasFailed = !IsDisposed;
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

    /// <summary>Sets where a subscription begins that joins at the next event. Called before it is in the list, so that it gets no event claimed
    /// before. A writer that claims before it is listed may miss it: <see cref="AdmitOwned"/> then sets a later one.</summary>
    internal void SetFirst()
    {
        if (_catchUp is null)
        {
            Volatile.Write(ref _first, _delivery!.Log.NextSequence);
        }
    }

    /// <summary>Notes what it has reached, as its slot tells. Called under the list's lock, before it gets another slot.</summary>
    /// <returns>The event that is in delivery, or -1.</returns>
    internal long NoteReached()
    {
        _ = Sequence;
        return Volatile.Read(ref _delivery) is { IsCalling: true } delivery ? delivery.Sequence : -1;
    }

    /// <summary>Notes how far it came. Called under the list's lock, when it loses its slot: a later call goes through this type, and notes
    /// itself.</summary>
    internal void SetLast() => Volatile.Write(ref _last, Sequence);

    internal override bool HasConsumed(long sequence)
    {
        if (Volatile.Read(ref _delivery) is not { } delivery || _state.IsEnded)
        {
            return true;
        }

        // A subscription that still waits when the delivery has passed an event does not get that event.
        return _state.IsLive ? delivery.Sequence >= sequence
            : Sequence >= sequence || (_state.IsWaiting && delivery.Sequence >= sequence);
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
        _state.IsWaiting && sequence >= Math.Max(Volatile.Read(ref _catchUp)?.Sequence ?? 0, Volatile.Read(ref _first))
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
            Volatile.Write(ref _first, sequence);
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
