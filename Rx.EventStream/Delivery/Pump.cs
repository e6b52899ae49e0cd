using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Moves one cursor and calls one observer, on whatever runs its batches.</summary>
/// <remarks>
/// States and who moves them, each by one interlocked operation:
/// <code>
///             who runs it                      who runs it, when dry
///  Scheduled -------------> Running ------------------------------------> Parked
///      ^                       |                                             |
///      +---- batch is full ----+                                             |
///      +------------------- whoever wakes it --------------------------------+
///
///  any state --> Finished:  Dispose, the terminal event, an observer that throws
/// </code>
/// Running owns the cursor. In the other states nobody does, so whoever moves the state to Finished from one of them closes it.
/// </remarks>
internal abstract class Pump<T> : EventSubscription, IParked
{
    private const int Scheduled = 0;
    private const int Running = 1;
    private const int Parked = 2;
    private const int Finished = 3;

    private readonly EventLog<T> _log;
    private readonly SubscriptionList _subscriptions;
    private readonly Waiter _waiter = new();
    private readonly long _first;

    /// <summary>The observer, if it takes whole runs.</summary>
    private readonly BatchObserver<T>? _batches;

    /// <summary>The observer until the pump has ended. Cleared by whoever ends it, read with acquire by who runs it.</summary>
    private IObserver<T>? _observer;

    /// <summary>Owned by who runs the pump; its sequence is read by anyone for figures.</summary>
    private Cursor<T> _cursor;

    /// <summary>See the class remarks. Changed by interlocked operations only.</summary>
    private int _state;

    /// <summary>Whether the observer threw: then what leaves a scheduler that runs actions at once is that. Written by who runs the pump.</summary>
    private bool _hasThrown;

    /// <summary>What is done when the pump has ended, or null. Combined by CAS, exchanged with null by whoever does it.</summary>
    private Action? _ended;

    private protected Pump(EventLog<T> log, SubscriptionList subscriptions, Cursor<T> cursor, IObserver<T> observer, string? name)
        : base(name)
    {
        _log = log;
        _subscriptions = subscriptions;
        _cursor = cursor;
        _first = cursor.Sequence;
        _observer = observer;
        _batches = observer as BatchObserver<T>;
    }

    public sealed override long Sequence => _cursor.Sequence;

    public sealed override long Lag => IsDisposed ? 0 : Math.Max(0, _log.NextSequence - Sequence);

    public sealed override long Delivered => Math.Max(0, Sequence - _first - Dropped);

    public sealed override long Dropped => _cursor.Dropped;

    public sealed override bool IsDisposed => Volatile.Read(ref _state) == Finished;

    bool IParked.IsReadyWhileParked => _cursor.IsReadyWhileParked(_log);

    internal sealed override long SequenceInDelivery => _cursor.Sequence;

    internal sealed override bool HasConsumed(long sequence) => IsDisposed || Sequence >= sequence;

    private protected EventLog<T> Log => _log;

    /// <summary>Whether publishers wait for this pump; then they are to learn of each event it is done with.</summary>
    internal bool IsWaitedFor { get; set; }

    /// <summary>Where the pump parks.</summary>
    private protected virtual ref WaiterStack Stack => ref _log.Waiting;

    /// <summary>Sets the new pump going, or parks it if there is nothing to read yet.</summary>
    internal void Start()
    {
        _log.ExpectReaders();
        _subscriptions.Add(this);
        if (_cursor.LooksReady(_log))
        {
            ScheduleOrEnd();
        }
        else if (Interlocked.CompareExchange(ref _state, Running, Scheduled) == Scheduled && !ParkOwned())
        {
            _cursor.Close(_log); // disposed between the two
        }
    }

    public void Wake()
    {
        if (Interlocked.CompareExchange(ref _state, Scheduled, Parked) == Parked)
        {
            ScheduleOrEnd();
        }
    }

    public override void Dispose()
    {
        int state = Interlocked.Exchange(ref _state, Finished);
        if (state == Finished)
        {
            return;
        }

        Volatile.Write(ref _observer, null);
        _subscriptions.Remove(this);
        if (state != Running)
        {
            _cursor.Close(_log);
        }

        if (state == Parked)
        {
            _waiter.Disarm();
            if (_waiter.IsOnStack && Stack.Abandon(_subscriptions.Count))
            {
                _log.PassOn(Stack.Sweep());
            }
        }

        try
        {
            OnDisposed();
        }
        finally
        {
            // Also where the scheduler cannot cancel: publishers may wait for this pump.
            TellEnded();
            _log.TellProgress();
        }
    }

    internal sealed override void OnEnded(Action action)
    {
        Action? before;
        do
        {
            before = Volatile.Read(ref _ended);
        }
        while (Interlocked.CompareExchange(ref _ended, before + action, before) != before);

        // Behind the CAS: either this sees the end, or whoever ends the pump sees the action.
        if (IsDisposed)
        {
            TellEnded();
        }
    }

    private void TellEnded() => Interlocked.Exchange(ref _ended, null)?.Invoke();

    /// <summary>Has <see cref="RunBatch"/> called soon, on the subscriber's scheduler.</summary>
    private protected abstract void Schedule();

    /// <summary>Schedules, and ends the subscription if its scheduler takes no work any more.</summary>
    private protected void ScheduleOrEnd()
    {
        try
        {
            Schedule();
        }
        catch (ObjectDisposedException) when (IsDisposed && !_hasThrown)
        {
            // Disposed while somebody was waking it, and its scheduler with it: nobody misses anything.
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>How long to wait for more, behind a run of several events, before parking, in spins of some 30 ns; 0 where others want the thread.</summary>
    private protected abstract int LingerSpins { get; }

    /// <summary>Called once when the pump is disposed, to cancel what was scheduled.</summary>
    private protected virtual void OnDisposed()
    {
    }

    /// <summary>Delivers up to <paramref name="maxCount"/> events, or the terminal event; parks when there is no more.</summary>
    /// <returns>True if there is more: the caller schedules it.</returns>
    /// <remarks>
    /// An observer that throws ends this subscription, and the exception leaves this method. Between two events the stack
    /// holds a segment's array, but no segment.
    /// </remarks>
    private protected bool RunBatch(int maxCount)
    {
        if (Interlocked.CompareExchange(ref _state, Running, Scheduled) != Scheduled)
        {
            return false;
        }

        object? outer = DeliveryScope.Enter(_log);
        try
        {
            int left = maxCount;
            int run = 0;
            do
            {
                int delivered;
                while (left > 0 && (delivered = DeliverRunOwned(left)) > 0)
                {
                    run = delivered;
                    left -= delivered;
                    _log.TellProgress();
                }
            }
            while (left > 0 && run > 1 && AwaitsMoreOwned());

            // The terminal event takes its turn like any other.
            if (left > 0 && (_cursor.IsOver || _cursor.IsAtEnd(_log)))
            {
                FinishOwned();
                return false;
            }

            if (!IsDisposed)
            {
                _cursor.PrepareNext(_log);
            }
        }
        catch
        {
            _hasThrown = true;
            Dispose();
            _cursor.Close(_log);
            throw;
        }
        finally
        {
            DeliveryScope.Leave(outer);
            _log.TellProgress();
        }

        if (_cursor.IsReady(_log))
        {
            if (Interlocked.CompareExchange(ref _state, Scheduled, Running) == Running)
            {
                return true;
            }
        }
        else if (ParkOwned())
        {
            return false;
        }

        _cursor.Close(_log); // disposed while it ran
        return false;
    }

    /// <summary>Waits a moment for more events of a burst; false if none came. A publisher that is about as fast as the observer would
    /// otherwise have to wake it at every event, which costs it a hundred times what publishing does.</summary>
    /// <remarks>Without looking meanwhile: that would take the marks from the publisher's cache, one by one.</remarks>
    private bool AwaitsMoreOwned()
    {
        int spins = LingerSpins;
        if (spins == 0)
        {
            return false;
        }

        Thread.SpinWait(spins);
        return !IsDisposed && _cursor.HasEvent(_log);
    }

    /// <summary>Delivers one run of events that lie side by side; 0 when dry or disposed.</summary>
    private int DeliverRunOwned(int maxCount)
    {
        if (_batches is not null)
        {
            return DeliverBatchOwned(_batches);
        }

        // A guarded cursor looks again after each event; if it is bounded, what it goes on with is to be the newest then.
        ReadOnlySpan<T> run = _cursor.PeekRun(_log, _cursor.IsGuarded || IsWaitedFor ? 1 : maxCount).Span;
        // The same for the whole run, so that the compiler asks for its class once.
        if (Volatile.Read(ref _observer) is not { } observer)
        {
            return 0;
        }

        // Counted from the end, as in InlineSubscription.
        ref T end = ref Unsafe.Add(ref MemoryMarshal.GetReference(run), run.Length);
        long last = _cursor.Sequence + run.Length;
        for (nint i = -run.Length; i < 0; i++)
        {
            observer.OnNext(Unsafe.Add(ref end, i));
            _cursor.MoveTo(last + i + 1);
            if (Volatile.Read(ref _observer) is null)
            {
                return 0;
            }
        }

        return run.Length;
    }

    /// <summary>Delivers one run as a whole, however many events the action was to have; 0 when dry or disposed.</summary>
    private int DeliverBatchOwned(BatchObserver<T> batches)
    {
        ReadOnlyMemory<T> run = _cursor.PeekRun(_log, batches.MaxCount);
        if (run.IsEmpty || Volatile.Read(ref _observer) is null)
        {
            return 0;
        }

        long end = _cursor.Sequence + run.Length;
        batches.OnBatch(run);
        _cursor.MoveTo(end);
        return run.Length;
    }

    private void FinishOwned()
    {
        IObserver<T>? observer = Volatile.Read(ref _observer);
        bool isMine = Interlocked.CompareExchange(ref _state, Finished, Running) == Running;
        _cursor.Close(_log);
        if (!isMine || observer is null)
        {
            return;
        }

        Volatile.Write(ref _observer, null);
        _subscriptions.Remove(this);
        TellEnded();
        if (_cursor.Failure(Name) is { } failure)
        {
            observer.OnError(failure);
        }
        else
        {
            Observers.Notify(observer, _log.Termination);
        }
    }

    /// <summary>Goes to sleep until there is an event; false if it was disposed while it ran, and still owns the cursor.</summary>
    /// <remarks>
    /// After the CAS the pump may be woken and run on another thread at any moment. What is found by the look behind the
    /// push wakes everyone on the stack, since they were all waiting for it.
    /// </remarks>
    private bool ParkOwned()
    {
        if (Interlocked.CompareExchange(ref _state, Parked, Running) != Running)
        {
            return false;
        }

        if (_waiter.Arm(this))
        {
            Stack.Push(_waiter);
        }

        if (_cursor.IsReadyWhileParked(_log))
        {
            _log.WakeAllOn(ref Stack);
        }
        else if (IsDisposed)
        {
            _waiter.Disarm(); // disposed between the CAS and the arming
        }

        return true;
    }
}
