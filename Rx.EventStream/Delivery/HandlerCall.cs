using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Rx.Delivery;

/// <summary>A handler's call that has not returned yet. It is used again for later events.</summary>
/// <remarks>Owned by the thread that runs the pump until <see cref="Await"/>, then by the thread on which the call returns; pushing it to
/// <see cref="ReturnedCallsState{TItem}"/> gives it back.</remarks>
internal sealed class HandlerCall<TItem>
{
    private readonly Action<HandlerCall<TItem>> _tellObserver;
    private readonly Action _onReturned;
    private ConfiguredValueTaskAwaitable.ConfiguredValueTaskAwaiter _awaiter;

    /// <summary>1 while the call runs. Set by <see cref="Begin"/>; exchanged by the thread on which the call returns, since the task's source may
    /// break its contract and continue twice.</summary>
    private int _isRunning;

    /// <param name="tellObserver">Called when a call has returned, on the thread on which it returns.</param>
    internal HandlerCall(Action<HandlerCall<TItem>> tellObserver)
    {
        _tellObserver = tellObserver;
        _onReturned = OnReturned;
    }

    /// <summary>What it handles.</summary>
    internal HandlerItem<TItem> Item { get; private set; }

    /// <summary>The item's key, if there is a partition key.</summary>
    internal BusyKeys<TItem>.Key Key { get; private set; }

    /// <summary>What flows with the call, if publishers wait for it.</summary>
    internal HandlerScope.Call? Scope { get; private set; }

    /// <summary>The call's activity, or null.</summary>
    internal Activity? Activity { get; private set; }

    /// <summary>What the call threw, once it has returned.</summary>
    internal Exception? Error { get; private set; }

    /// <summary>The neighbors among the calls that run; see <see cref="RunningCalls{TItem}"/>.</summary>
    internal HandlerCall<TItem>? Before { get; set; }

    internal HandlerCall<TItem>? After { get; set; }

    /// <summary>The entry below, on a stack of calls.</summary>
    internal HandlerCall<TItem>? Below { get; set; }

    internal void Begin(HandlerItem<TItem> item, BusyKeys<TItem>.Key key, HandlerScope.Call? scope, Activity? activity)
    {
        Item = item;
        Key = key;
        Scope = scope;
        Activity = activity;
        Error = null;
        _isRunning = 1;
    }

    /// <summary>Has the observer told when the task ends. The observer may be told before this returns.</summary>
    [SuppressMessage("Reliability", "CA2012", Justification = "The awaiter is used once, when the task has ended.")]
    internal void Await(ValueTask task)
    {
        _awaiter = task.ConfigureAwait(false).GetAwaiter();
        try
        {
            _awaiter.UnsafeOnCompleted(_onReturned);
        }
        catch (Exception error)
        {
            if (TryReturn())
            {
                ReturnWith(error); // other code awaits the task already, so it will not continue here
            }
        }
    }

    /// <summary>Forgets what it has handled, but not its place among the calls that run.</summary>
    internal void Clear()
    {
        Item = new HandlerItem<TItem>(default!, Item.Sequence, Trace: null);
        Key = default;
        Scope = null;
        Activity = null;
    }

    private void OnReturned()
    {
        if (!TryReturn())
        {
            return;
        }

        Exception? thrown = null;
        try
        {
            _awaiter.GetResult();
        }
        catch (Exception error)
        {
            thrown = error;
        }

        ReturnWith(thrown);
    }

    /// <summary>True for the first thread on which the call returns.</summary>
    private bool TryReturn() => Interlocked.Exchange(ref _isRunning, 0) != 0;

    private void ReturnWith(Exception? error)
    {
        _awaiter = default;
        Scope?.Return();
        Error = Activity is { } activity ? activity.StopWith(error) : error;
        _tellObserver(this);
    }
}
