using System.Diagnostics;
using Rx.Storage;

namespace Rx.Delivery;

/// <summary>An observer that is called by the draining thread; during a replay, by the subscribing one. See
/// <see cref="SubscriptionState"/>.</summary>
internal sealed class InlineSubscription<T> : EventSubscription, IObserver<T>
{
    private readonly InlineDelivery<T> _delivery;
    private readonly EventLog<T> _log;

    /// <summary>How it catches up with the delivery, or null if it joins at the next event.</summary>
    private readonly CatchUp<T>? _catchUp;

    private SubscriptionState _state;

    /// <summary>The observer until the subscription has ended. Cleared by the thread that ends it, read with acquire by the threads that
    /// call it.</summary>
    private IObserver<T>? _observer;

    /// <summary>The first sequence number this observer gets. Written with release before it is in the list, and once when it goes live;
    /// read by any thread.</summary>
    private long _first;

    /// <summary>The sequence number it had reached when it ended, if it was live, else 0. Written with release under the list's lock, or by
    /// the thread that delivers the end; read by any thread for figures.</summary>
    private long _last;

    /// <summary>Whether it has gone live, which stays when it has ended. Written with release by the draining thread, read by any thread
    /// for figures.</summary>
    private bool _hasGoneLive;

    /// <summary>Whether it is being disposed: then its observer itself is not in the list again. Written with release by the disposing thread, read with
    /// acquire under the list's lock.</summary>
    private bool _isLeaving;

    /// <summary>Joins at a cursor, which this takes over, or at the next event.</summary>
    internal InlineSubscription(InlineDelivery<T> delivery, EventLog<T> log, IObserver<T> observer, string? name, Cursor<T> cursor = default)
        : base(name)
    {
        _delivery = delivery;
        _log = log;
        _observer = observer;
        _first = cursor.Sequence;
        _catchUp = cursor.IsOpen ? new CatchUp<T>(this, log, cursor) : null;
        _state = new SubscriptionState(isReplaying: _catchUp is not null);
    }

    public override long Sequence => Volatile.Read(ref _hasGoneLive) && Volatile.Read(ref _last) == 0
        ? _delivery.ReachedBy(this)
        : Math.Max(Math.Max(Volatile.Read(ref _last), _catchUp?.Sequence ?? 0), Volatile.Read(ref _first));

    public override long Lag => IsDisposed ? 0 : Math.Max(0, _log.NextSequence - Sequence);

    public override long Delivered => Math.Max(0, Sequence - Volatile.Read(ref _first));

    public override long Dropped => 0;

    public override bool IsDisposed => _state.IsEnded;

    internal override long SequenceInDelivery => _hasGoneLive ? _delivery.Sequence : _catchUp!.Sequence;

    internal bool IsWaiting => _state.IsWaiting;

    /// <summary>What stands for it in the list: its observer while it is live, else itself.</summary>
    internal IObserver<T> Called => _state.IsLive && !Volatile.Read(ref _isLeaving) ? Volatile.Read(ref _observer) ?? this : this;

    /// <summary>The observer, or null once it has ended.</summary>
    internal IObserver<T>? Observer => Volatile.Read(ref _observer);

    /// <summary>The event that the observer is being called with, where it lies.</summary>
    internal ReadOnlyMemory<T> SliceInDelivery() => _hasGoneLive ? _delivery.SliceInDelivery() : _catchUp!.SliceInDelivery();

    /// <summary>Sets where a subscription begins that joins at the next event. Called before it is in the list: a writer that claims later
    /// then finds it there.</summary>
    internal void SetFirst()
    {
        if (_catchUp is null)
        {
            Volatile.Write(ref _first, _log.NextSequence);
        }
    }

    /// <summary>Notes how far it came. Called under the list's lock, when it is no longer called.</summary>
    internal void SetLast() => Volatile.Write(ref _last, Sequence);

    internal override bool HasConsumed(long sequence)
    {
        if (_state.IsEnded)
        {
            return true;
        }

        // A subscription that still waits when the delivery has passed an event does not get that event.
        return _state.IsLive ? _delivery.Sequence >= sequence
            : Sequence >= sequence || (_state.IsWaiting && _delivery.Sequence >= sequence);
    }

    /// <summary>Passes an event on while it is live, for a walk over a list that holds it in place of its observer.</summary>
    void IObserver<T>.OnNext(T value)
    {
        if (_state.IsLive)
        {
            Volatile.Read(ref _observer)?.OnNext(value);
        }
    }

    void IObserver<T>.OnError(Exception error) => throw new UnreachableException();

    void IObserver<T>.OnCompleted() => throw new UnreachableException();

    /// <summary>Calls the observer with the event at <paramref name="sequence"/>, if it is live, or can be admitted now. By the draining
    /// thread.</summary>
    internal void DeliverOwned(T value, long sequence)
    {
        IObserver<T>? observer = _state.IsLive ? Observer : TryAdmitOwned(sequence);
        try
        {
            observer?.OnNext(value);
        }
        catch (Exception error)
        {
            _delivery.AddErrorOwned(error);
        }
    }

    /// <summary>Makes a waiting subscription live before the event at <paramref name="sequence"/>: replays what lies
    /// between, and returns the observer if it gets that event too. By the draining thread.</summary>
    internal IObserver<T>? TryAdmitOwned(long sequence) =>
        _state.IsWaiting && sequence >= Math.Max(_catchUp?.Sequence ?? 0, Volatile.Read(ref _first))
            ? AdmitOwned(sequence)
            : null;

    /// <summary>Makes a waiting subscription live that has nothing to replay before the event at <paramref name="sequence"/>, which is not
    /// delivered yet. By the draining thread.</summary>
    internal void TryAdmitBetweenOwned(long sequence)
    {
        if (_catchUp is null || _catchUp.Sequence == sequence)
        {
            TryAdmitOwned(sequence);
        }
    }

    /// <summary>Ends the subscription and tells the observer, unless it has ended or still replays on its own thread,
    /// which then finds the end itself. By the draining thread, at the terminal event.</summary>
    internal void FinishOwned(long end, Termination termination)
    {
        AdmitOwned(end);
        if (_state.IsLive)
        {
            Volatile.Write(ref _last, end);
        }

        if (_state.TryEndLive())
        {
            try
            {
                Error = termination.Error;
                Observers.Notify(Release(), termination);
            }
            catch (Exception error)
            {
                _delivery.AddErrorOwned(error);
            }
        }
    }

    /// <summary>Ends a subscription that joined as the log ended, if it has not been admitted.</summary>
    internal void FinishWaiting(Termination termination)
    {
        if (_state.TryEndWaiting())
        {
            Error = termination.Error;
            IObserver<T>? observer = Release();
            _delivery.Remove(this);
            Observers.Notify(observer, termination);
        }
    }

    /// <summary>Replays on the subscribing thread, then waits to be admitted. See <see cref="CatchUp{T}"/>.</summary>
    internal void ReplayAndJoin() => _catchUp!.Run();

    /// <summary>Takes its place in the list, before it replays.</summary>
    internal void AddToDelivery() => _delivery.Add(this);

    /// <summary>Waits to be admitted by the draining thread; false if it has ended.</summary>
    internal bool TryWait()
    {
        if (!_state.TryWait())
        {
            return false;
        }

        _delivery.AnnounceJoiner(this);
        return true;
    }

    /// <summary>Goes on with the replay; false if the draining thread has admitted it, or it has ended.</summary>
    internal bool TryTakeBack() => _state.TryTakeBack();

    /// <summary>Leaves the replay for good: at the end, and tells the observer; or because it was disposed.</summary>
    internal void FinishReplaying()
    {
        IObserver<T>? observer = null;
        if (_state.TryEndReplaying())
        {
            Error = _log.Termination?.Error;
            observer = Release();
        }

        _delivery.Remove(this);
        Observers.Notify(observer, _log.Termination);
    }

    internal void NotifyProgress() => _delivery.NotifyProgress();

    /// <remarks>
    /// The observer is taken out of the list before the state is Ended. From then on every walk asks the state, whether it goes over the
    /// observers or over the subscriptions. Otherwise one walk would skip an event, and a later one would still call the observer.
    /// </remarks>
    public override void Dispose()
    {
        Volatile.Write(ref _isLeaving, true);
        _delivery.Unlist(this);
        if (!_state.End(out bool wasWaiting))
        {
            return;
        }

        Release();
        if (wasWaiting)
        {
            _catchUp?.Close();
        }

        _delivery.Remove(this);
        NotifyProgress();
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
            }

            return null;
        }
        else
        {
            _catchUp.ReplayRestOwned(sequence, _delivery);
        }

        IObserver<T>? observer = Observer;
        Volatile.Write(ref _hasGoneLive, true);
        return _state.GoLive() ? observer : null; // if not, disposed in between
    }

    /// <summary>Forgets the observer, so that it can be collected at once, and returns it.</summary>
    private IObserver<T>? Release()
    {
        Debug.Assert(_state.IsEnded, "Only a subscription that has ended forgets its observer.");
        IObserver<T>? observer = _observer;
        Volatile.Write(ref _observer, null);
        return observer;
    }
}
