using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Reactive.Concurrency;
using System.Runtime.ExceptionServices;
using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Calls a handler that returns a task, so many calls at a time, and tells the pump when one has returned.</summary>
/// <remarks>
/// The cursor moves when a call begins. What is not handled yet, <see cref="ConsumedTo"/> tells: the first event whose call is not settled. An
/// event that waits for its key comes after such an event of the same key.
/// <para>While no call may begin, events do not wake the pump, however many are published: it parks on no stack. A call that returns wakes
/// it.</para>
/// <code>
/// H (handler): pushes the returned call;  state Parked? (both full fences)  then wakes the pump
/// C (pump):    state := Parked;           has a call returned?              then goes on
/// </code>
/// </remarks>
/// <typeparam name="T">The type of the events.</typeparam>
/// <typeparam name="TItem">What one call handles: an event, or a batch of events.</typeparam>
[SuppressMessage("Design", "CA1001", Justification = "The source of the token has no timer, and the handler may use the token later.")]
internal abstract partial class AwaitingObserver<T, TItem> : CursorObserver<T>
{
    private readonly int _maxConcurrency;
    private readonly CancellationTokenSource _cancellation = new();
    private readonly CancellationToken _token;
    private readonly RunningCalls<TItem> _running;

    /// <summary>The handler, until the subscription has ended. Cleared with release by the thread that ends it, read with acquire by the thread
    /// that runs the pump.</summary>
    private Func<TItem, CancellationToken, ValueTask>? _handler;

    /// <summary>The callbacks. As <see cref="_handler"/>.</summary>
    private SubscribeAwaitOptions<TItem>? _options;

    /// <summary>What gets the faults, or null. As <see cref="_handler"/>.</summary>
    private Action<EventFault<TItem>>? _report;

    /// <summary>The subscription. Set before the first event.</summary>
    private Pump<T>? _pump;

    /// <summary>Whether events of other keys pass one that waits. Set before the first event.</summary>
    private bool _readsAhead;

    /// <summary>The calls, if publishers wait for them, else null. Set before the first event.</summary>
    private HandlerScope? _scope;

    /// <summary>Makes the calls' activities, or null. Set before the first event.</summary>
    private HandlerTracing? _tracing;

    private ReturnedCallsState<TItem> _returned;

    /// <summary>Whether no call may begin until one returns. Written with release by the thread that runs the pump, read with acquire by threads
    /// that look whether the parked pump is ready.</summary>
    private bool _isBusy;

    /// <summary>The first event whose call is not settled, or <see cref="long.MaxValue"/>. Written with release by the thread that runs the pump,
    /// before the cursor moves over such an event; read with acquire by any thread, for figures.</summary>
    private long _firstRunning = long.MaxValue;

    /// <summary>How many events were handled. As <see cref="_firstRunning"/>.</summary>
    private long _handled;

    /// <summary>How many of them had a fault. As <see cref="_firstRunning"/>.</summary>
    private long _faults;

    /// <summary>Whether the end has left an event unhandled, which stays unconsumed. For the thread that runs the pump.</summary>
    private bool _hasDropped;

    /// <summary>How many calls have not returned. Changed by interlocked operations: up by the thread that runs the pump, down by the threads on
    /// which calls return.</summary>
    private int _unreturned;

    /// <summary>What waits for the last call to return, or null. Set once, by CAS.</summary>
    private TaskCompletionSource? _lastReturned;

    private protected AwaitingObserver(Func<TItem, CancellationToken, ValueTask> handler, SubscribeAwaitOptions<TItem> options, FaultPolicy<TItem> faults)
    {
        _token = _cancellation.Token;
        _handler = handler;
        _maxConcurrency = options.MaxConcurrency;
        _isByKey = options.PartitionKey is not null;
        _options = options;
        _report = faults.Report;
        _running = new RunningCalls<TItem>(OnReturned);
        _keys = _isByKey ? new BusyKeys<TItem>() : null;
    }

    internal override bool IsDue => !_returned.IsEmpty;

    internal override bool IsBusy => Volatile.Read(ref _isBusy);

    internal override bool HoldsEndOwned => _running.Count > 0;

    internal override long Faults => Volatile.Read(ref _faults);

    public override void OnNext(T value) => throw new UnreachableException();

    public override void OnError(Exception error)
    {
        // Told once, before it is forgotten.
        if (_options!.OnError is { } onError)
        {
            onError(error);
        }
        else
        {
            ExceptionDispatchInfo.Throw(error);
        }
    }

    public override void OnCompleted() => _options!.OnCompleted?.Invoke();

    internal override void OnPumped(Pump<T> pump, in PumpSetup<T> setup, LagPolicy policy)
    {
        _pump = pump;
        _tracing = setup.Tracing;
        _readsAhead = !policy.IsBounded;
        _scope = policy.WaitsWhenFull ? new HandlerScope(setup.Log) : null;
    }

    internal override long ConsumedTo(long cursor) => Math.Min(cursor, Volatile.Read(ref _firstRunning));

    internal override long DeliveredOf(long delivered) => Volatile.Read(ref _handled);

    internal override bool IsDueOwned(ref Cursor<T> cursor, EventLog<T> log, long granted) =>
        IsDue || (!_isBusy && base.IsDueOwned(ref cursor, log, granted));

    internal override int DeliverOwned(ref Cursor<T> cursor, EventLog<T> log, int budget, long granted)
    {
        Volatile.Write(ref _isBusy, false);
        if (!_returned.IsEmpty)
        {
            return SettleReturnedOwned();
        }

        if (_running.Count == _maxConcurrency)
        {
            Volatile.Write(ref _isBusy, true);
            return 0;
        }

        int begun = BeginOwned(ref cursor, log, budget, granted, out bool isDry);
        if (isDry)
        {
            // The end comes after the last call.
            Volatile.Write(ref _isBusy, _running.Count > 0 && (cursor.HasFailed || cursor.IsAtEnd(log)));
        }

        return begun;
    }

    /// <summary>Begins calls for what is there, and moves the cursor over it; returns how many events that was.</summary>
    /// <param name="cursor">The pump's cursor.</param>
    /// <param name="log">Its log.</param>
    /// <param name="budget">How many events the action may still deliver.</param>
    /// <param name="granted">The sequence number before which it may deliver.</param>
    /// <param name="isDry">Whether no event is there.</param>
    private protected abstract int BeginOwned(ref Cursor<T> cursor, EventLog<T> log, int budget, long granted, out bool isDry);

    /// <summary>How many events one call handles.</summary>
    private protected abstract int CountOf(TItem item);

    /// <summary>Whether calls have activities, for which the items need the publishers' traces.</summary>
    private protected bool IsTraced => _tracing is not null;

    /// <summary>Whether one more call may begin.</summary>
    private protected bool HasRoom => _running.Count < _maxConcurrency;

    internal override void Release()
    {
        Volatile.Write(ref _handler, null);
        Volatile.Write(ref _keys, null);
        Volatile.Write(ref _options, null);
        Volatile.Write(ref _report, null);
        ClearAll(_returned.TakeAll());
        _scope?.End();
        _cancellation.Cancel();
    }

    internal override Task WhenReturnedAsync()
    {
        LazyInitializer.EnsureInitialized(
            ref _lastReturned, static () => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        if (Volatile.Read(ref _unreturned) == 0)
        {
            _lastReturned.TrySetResult();
        }

        return _lastReturned.Task;
    }

    /// <summary>A call has returned. By the thread on which it returns.</summary>
    private void OnReturned(HandlerCall<TItem> call)
    {
        Pump<T> pump = _pump!;
        _returned.Push(call);
        try
        {
            pump.Wake();
        }
        catch (Exception)
        {
            // The scheduler takes no work: the subscription has ended with that as its error. This thread is the handler's.
        }

        if (pump.IsDisposed)
        {
            ClearAll(_returned.TakeAll()); // no thread settles it
        }

        if (Interlocked.Decrement(ref _unreturned) == 0)
        {
            Volatile.Read(ref _lastReturned)?.TrySetResult();
        }
    }

    /// <summary>Settles the calls that have returned, and calls the handler for what has waited for them; returns how many there were.</summary>
    private int SettleReturnedOwned()
    {
        int settled = 0;
        HandlerCall<TItem>? call = _returned.TakeAll();
        try
        {
            while (call is not null && Volatile.Read(ref _handler) is not null)
            {
                HandlerCall<TItem> returned = call;
                call = call.Below;
                (HandlerItem<TItem> item, BusyKeys<TItem>.Key key, Exception? error) = (returned.Item, returned.Key, returned.Error);
                _running.Remove(returned);
                SettleOwned(item, error);
                long last = LeaveKeyOwned(key, item.Sequence);
                Volatile.Write(ref _firstRunning, _hasDropped ? _firstRunning : FirstUnhandledOwned(last));
                settled++;
            }
        }
        finally
        {
            ClearAll(call);
        }

        return settled;
    }

    /// <summary>Forgets the events of calls that are not settled, since the subscription has ended, or ends. By the thread that has taken the
    /// calls.</summary>
    private static void ClearAll(HandlerCall<TItem>? call)
    {
        for (; call is not null; call = call.Below)
        {
            call.Clear();
        }
    }

    /// <summary>Calls the handler with what is at the cursor, or has it wait for its key; false if the cursor must stay.</summary>
    private protected bool TryBeginOwned(HandlerItem<TItem> item)
    {
        if (_isByKey)
        {
            return TryBeginByKeyOwned(item);
        }

        bool isSubscribed = Volatile.Read(ref _handler) is not null;
        if (isSubscribed)
        {
            CallOwned(item, default);
        }

        return isSubscribed && !_hasDropped;
    }

    /// <summary>Calls the handler; true if the call has not returned yet, or if the subscription has ended.</summary>
    private bool CallOwned(HandlerItem<TItem> item, BusyKeys<TItem>.Key key)
    {
        if (Volatile.Read(ref _handler) is not { } handler)
        {
            return _hasDropped = true; // the subscription has ended
        }

        HandlerScope.Call? scope = _scope?.Enter();
        Activity? outer = _tracing is null ? null : Activity.Current;
        Activity? activity = null;
        Exception? error = null;
        try
        {
            activity = _tracing?.Start(item.Sequence, CountOf(item.Value), item.Trace);
            ValueTask task = handler(item.Value, _token);
            if (!task.IsCompleted)
            {
                AwaitOwned(task, item, key, scope, activity);
                return true;
            }

            task.GetAwaiter().GetResult();
        }
        catch (Exception thrown)
        {
            error = thrown;
        }
        finally
        {
            scope?.Leave();
            if (_tracing is not null)
            {
                Activity.Current = outer;
            }
        }

        scope?.Return();
        SettleOwned(item, activity is null ? error : activity.StopWith(error));
        return false;
    }

    private void AwaitOwned(ValueTask task, HandlerItem<TItem> item, BusyKeys<TItem>.Key key, HandlerScope.Call? scope, Activity? activity)
    {
        HandlerCall<TItem> call = _running.Add(item, key, scope, activity);
        Volatile.Write(ref _firstRunning, _running.FirstSequence);
        Interlocked.Increment(ref _unreturned);
        call.Await(task);
    }

    /// <summary>Counts an item's events as handled, or throws what ends the subscription. What a call throws after that end is dropped, whether the call
    /// has completed synchronously or not.</summary>
    private void SettleOwned(HandlerItem<TItem> item, Exception? error)
    {
        if (error is not null)
        {
            Action<EventFault<TItem>>? report = Volatile.Read(ref _report); // first: it is forgotten after the handler
            if (Volatile.Read(ref _handler) is null)
            {
                _hasDropped = true;
                return;
            }

            if (report is null)
            {
                ExceptionDispatchInfo.Throw(error);
                return;
            }

            Volatile.Write(ref _faults, _faults + CountOf(item.Value));
            report(new EventFault<TItem>(item.Value, item.Sequence, error, _pump!));
        }

        Volatile.Write(ref _handled, _handled + CountOf(item.Value));
    }
}
