using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Rx.Storage;

namespace Rx.Delivery;

/// <summary>An observer that is called on the publishing thread.</summary>
/// <remarks>
/// States and who moves them, each by one interlocked operation:
/// <code>
///             +----------- who delivers, at its first event -----------+
///             |                                                        v
///  Replaying --> Waiting --> Replaying (the rest, by who delivers) --> Live
///      ^           |
///      +-----------+   the subscriber, when an event came while it was handing over
///
///  any state --> Done:  Dispose, the terminal event
/// </code>
/// Replaying means: one thread is reading <see cref="_cursor"/> and calling the observer. A subscriber that joins at a
/// position replays on its own thread, without keeping others waiting, and hands over when it has caught up. One that
/// joins now starts as Waiting, without a cursor.
/// </remarks>
internal sealed class InlineSubscription<T> : EventSubscription, IObserver<T>
{
    private const int Waiting = 0;
    private const int Live = 1;
    private const int Replaying = 2;
    private const int Done = 3;

    private readonly InlineDelivery<T> _delivery;
    private readonly EventLog<T> _log;

    /// <summary>The observer until Done. Cleared by whoever disposes.</summary>
    private IObserver<T>? _observer;

    /// <summary>See the class remarks. Changed by interlocked operations only.</summary>
    private int _state;

    /// <summary>Where a joiner at a position stands; closed once Live. Owned by who replays; while Waiting by nobody.</summary>
    private Cursor<T> _cursor;

    /// <summary>The first sequence this observer gets. Written before it is in the list, and once when it goes live.</summary>
    private long _first;

    /// <summary>The sequence it had reached when it ended, if it was live, else 0. Written under the list's lock, or by the thread that
    /// delivers the end; read by anyone for figures.</summary>
    private long _last;

    /// <summary>Whether it has gone live, which stays when it has ended. Written by the thread that delivers, read by anyone for figures.</summary>
    private bool _hasGoneLive;

    /// <summary>Joins now: from the next event on.</summary>
    internal InlineSubscription(InlineDelivery<T> delivery, EventLog<T> log, IObserver<T> observer, string? name)
        : base(name)
    {
        _delivery = delivery;
        _log = log;
        _observer = observer;
    }

    /// <summary>Joins at a cursor, which this takes over.</summary>
    internal InlineSubscription(InlineDelivery<T> delivery, EventLog<T> log, IObserver<T> observer, string? name, Cursor<T> cursor)
        : base(name)
    {
        _delivery = delivery;
        _log = log;
        _observer = observer;
        _cursor = cursor;
        _first = cursor.Sequence;
        _state = Replaying;
    }

    /// <summary>Where one that joins now begins. Called before it is in the list: who claims later then finds it there.</summary>
    internal void SetFirst()
    {
        if (!_cursor.IsOpen)
        {
            _first = _log.NextSequence;
        }
    }

    public override long Sequence => Volatile.Read(ref _hasGoneLive) && Volatile.Read(ref _last) == 0
        ? _delivery.ReachedBy(this)
        : Math.Max(Math.Max(Volatile.Read(ref _last), _cursor.Sequence), Volatile.Read(ref _first));

    public override long Lag => IsDisposed ? 0 : Math.Max(0, _log.NextSequence - Sequence);

    public override long Delivered => Math.Max(0, Sequence - Volatile.Read(ref _first));

    public override long Dropped => 0;

    public override bool IsDisposed => Volatile.Read(ref _state) == Done;

    internal override long SequenceInDelivery => _hasGoneLive ? _delivery.Sequence : _cursor.Sequence;

    /// <summary>The event that the observer is being called with, where it lies.</summary>
    internal ReadOnlyMemory<T> SliceInDelivery() => _hasGoneLive ? _delivery.SliceInDelivery() : _cursor.PeekBatch(_log, 1);

    /// <summary>Notes how far it came. Called under the list's lock, when it is not called any more.</summary>
    internal void SetLast() => Volatile.Write(ref _last, Sequence);

    /// <summary>What is to be called at each event: its observer while that is live, else itself.</summary>
    internal IObserver<T> Called => Volatile.Read(ref _state) == Live ? Volatile.Read(ref _observer) ?? this : this;

    internal override bool HasConsumed(long sequence) => Volatile.Read(ref _state) switch
    {
        Done => true,
        Live => _delivery.Sequence >= sequence,
        Replaying => _cursor.Sequence >= sequence,

        // Not taken in yet: what is published behind its place may be on its way to it.
        _ => Sequence >= sequence || _delivery.Sequence >= sequence,
    };

    /// <summary>Calls the observer, once it is to be called. Called by the thread that delivers, with the event it is delivering.</summary>
    void IObserver<T>.OnNext(T value)
    {
        IObserver<T>? observer = Volatile.Read(ref _state) == Live ? Volatile.Read(ref _observer) : TryTakeInOwned(_delivery.Sequence);
        if (observer is not null)
        {
            _delivery.Subscriptions.TryGoDirect(this);
            observer.OnNext(value);
        }
    }

    void IObserver<T>.OnError(Exception error) => throw new UnreachableException();

    void IObserver<T>.OnCompleted() => throw new UnreachableException();

    /// <summary>Brings a waiting observer into the delivery of the event at <paramref name="sequence"/>: replays what lies
    /// between, and returns the observer if it is to get that event too. Called by the thread that delivers.</summary>
    internal IObserver<T>? TryTakeInOwned(long sequence) =>
        Volatile.Read(ref _state) == Waiting && sequence >= Math.Max(_cursor.Sequence, _first)
            ? TakeInOwned(sequence)
            : null;

    private IObserver<T>? TakeInOwned(long sequence)
    {
        if (Interlocked.CompareExchange(ref _state, Replaying, Waiting) != Waiting)
        {
            return null;
        }

        if (_cursor.IsOpen)
        {
            if (_cursor.Sequence > sequence)
            {
                // Between the look at the state and the CAS it took itself back, and has had this event.
                if (Interlocked.CompareExchange(ref _state, Waiting, Replaying) != Replaying)
                {
                    _cursor.Close(_log); // disposed meanwhile
                }

                return null;
            }

            while (_cursor.Sequence < sequence && _cursor.TryPeek(_log, out T? value) && Volatile.Read(ref _observer) is { } observer)
            {
                try
                {
                    observer.OnNext(value);
                }
                catch (Exception error)
                {
                    _delivery.AddError(error);
                }

                _cursor.MoveTo(_cursor.Sequence + 1);
            }

            _cursor.Close(_log);
        }
        else
        {
            Volatile.Write(ref _first, sequence);
        }

        IObserver<T>? joined = Volatile.Read(ref _observer);
        Volatile.Write(ref _hasGoneLive, true);
        return Interlocked.CompareExchange(ref _state, Live, Replaying) == Replaying ? joined : null; // if not, disposed meanwhile
    }

    /// <summary>Ends the subscription and tells the observer, unless it is Done or still replaying on its own thread,
    /// which then finds the end itself. Called by the thread that delivers, at the terminal event.</summary>
    internal void FinishOwned(long end, Termination termination)
    {
        TakeInOwned(end);
        Volatile.Write(ref _last, end);
        if (Interlocked.CompareExchange(ref _state, Done, Live) == Live)
        {
            try
            {
                Observers.Notify(Release(), termination);
            }
            catch (Exception error)
            {
                _delivery.AddError(error);
            }
        }
    }

    /// <summary>Ends a subscription that joined as the log ended, if nobody has taken it in.</summary>
    internal void FinishWaiting(Termination termination)
    {
        if (Interlocked.CompareExchange(ref _state, Done, Waiting) == Waiting)
        {
            IObserver<T>? observer = Release();
            _delivery.Remove(this);
            Observers.Notify(observer, termination);
        }
    }

    /// <summary>Replays from the cursor on the subscriber's thread, then hands over to those who publish.</summary>
    /// <remarks>
    /// Once the subscription is in the list, whoever claims an event later delivers it. Events claimed before that are
    /// read here, even if that means waiting for a writer to finish publishing its own. Then:
    /// <code>
    /// P (publisher):  mark := published;           who waits? none: not delivered to it
    /// C (subscriber): state := Waiting;  barrier;  mark? then take the subscription back
    /// </code>
    /// The barrier is process-wide, since a single writer has no fence between its mark and its walk. If both see the
    /// other, the CAS from Waiting decides who goes on. An observer slower than the publishers is never caught up:
    /// then this does not return.
    /// </remarks>
    internal void ReplayAndJoin()
    {
        object? outer = DeliveryScope.Enter(_log);
        try
        {
            _delivery.BeginReplay(this);
            try
            {
                ReplayOwned(upTo: 0);
            }
            finally
            {
                _delivery.EndReplay(this);
            }

            if (!_cursor.IsAtEnd(_log) && !_log.IsDisposed && !IsDisposed)
            {
                _delivery.Add(this);
            }

            long claimed = _log.Claimed;
            do
            {
                ReplayOwned(claimed);
                if (_cursor.IsAtEnd(_log) || _log.IsDisposed)
                {
                    FinishReplay();
                    return;
                }

                if (Interlocked.CompareExchange(ref _state, Waiting, Replaying) != Replaying)
                {
                    FinishReplay();
                    return;
                }

                Interlocked.MemoryBarrierProcessWide();
            }
            while (_cursor.LooksReady(_log) && Interlocked.CompareExchange(ref _state, Replaying, Waiting) == Waiting);
            _log.TellProgress();
        }
        catch
        {
            Dispose();
            _cursor.Close(_log);
            throw;
        }
        finally
        {
            DeliveryScope.Leave(outer);
        }
    }

    /// <summary>Leaves the replay for good: disposed meanwhile, or at the end, which the observer is then told.</summary>
    private void FinishReplay()
    {
        bool isMine = Interlocked.CompareExchange(ref _state, Done, Replaying) == Replaying;
        IObserver<T>? observer = isMine ? Release() : null;
        _cursor.Close(_log);
        _delivery.Remove(this);
        _log.TellProgress();
        Observers.Notify(observer, _log.Termination);
    }

    /// <summary>Calls the observer with what is published, and at least with all before <paramref name="upTo"/>, unless disposed.</summary>
    private void ReplayOwned(long upTo)
    {
        var wait = new SpinWait();
        while (Volatile.Read(ref _observer) is not null && !_log.IsDisposed)
        {
            ReadOnlySpan<T> run = _cursor.PeekRun(_log, int.MaxValue).Span;
            if (!run.IsEmpty)
            {
                ReplayRunOwned(run);
            }
            else if (_cursor.Sequence >= upTo || _cursor.IsAtEnd(_log))
            {
                return;
            }
            else
            {
                wait.SpinOnce();
            }
        }
    }

    /// <summary>Calls the observer with events that lie side by side, unless disposed.</summary>
    private void ReplayRunOwned(ReadOnlySpan<T> run)
    {
        // The same for the whole run, so that the compiler asks for its class once.
        if (Volatile.Read(ref _observer) is not { } observer)
        {
            return;
        }

        // Counted from the end, by one number for the place and the sequence: with two the loop would keep one of them on the stack.
        ref T end = ref Unsafe.Add(ref MemoryMarshal.GetReference(run), run.Length);
        long last = _cursor.Sequence + run.Length;
        for (nint i = -run.Length; i < 0; i++)
        {
            observer.OnNext(Unsafe.Add(ref end, i));
            _cursor.MoveTo(last + i + 1);
            if (Volatile.Read(ref _observer) is null)
            {
                return;
            }
        }
    }

    public override void Dispose()
    {
        int state = Interlocked.Exchange(ref _state, Done);
        if (state == Done)
        {
            return;
        }

        Release();
        if (state == Waiting)
        {
            _cursor.Close(_log);
        }

        _delivery.Remove(this);
        _log.TellProgress();
    }

    /// <summary>Forgets the observer, so that it is collectable at once, and returns it.</summary>
    private IObserver<T>? Release()
    {
        Debug.Assert(Volatile.Read(ref _state) == Done, "Only a subscription that ended forgets its observer.");
        IObserver<T>? observer = _observer;
        Volatile.Write(ref _observer, null);
        return observer;
    }
}
