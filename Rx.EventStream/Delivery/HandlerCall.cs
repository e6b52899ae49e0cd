using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Rx.Delivery;

/// <summary>A handler's call that has not returned yet. It is used again for later events.</summary>
/// <remarks>Owned by the thread that runs the pump until <see cref="Await"/>, then by the thread on which the call returns; pushing it to
/// <see cref="ReturnedCallsState{T}"/> gives it back.</remarks>
internal sealed class HandlerCall<T>
{
    private readonly AwaitingObserver<T> _observer;
    private readonly Action _onReturned;
    private ConfiguredValueTaskAwaitable.ConfiguredValueTaskAwaiter _awaiter;

    internal HandlerCall(AwaitingObserver<T> observer)
    {
        _observer = observer;
        _onReturned = OnReturned;
    }

    /// <summary>The event.</summary>
    internal HandlerEvent<T> Event { get; private set; }

    /// <summary>The event's key, if there is a partition key.</summary>
    internal BusyKeys<T>.Key Key { get; private set; }

    /// <summary>What flows with the call, if publishers wait for it.</summary>
    internal HandlerScope.Call? Scope { get; private set; }

    /// <summary>The call's activity, or null.</summary>
    internal Activity? Activity { get; private set; }

    /// <summary>What the call threw, once it has returned.</summary>
    internal Exception? Error { get; private set; }

    /// <summary>The neighbors among the calls that run; see <see cref="RunningCalls{T}"/>.</summary>
    internal HandlerCall<T>? Before { get; set; }

    internal HandlerCall<T>? After { get; set; }

    /// <summary>The entry below, on a stack of calls.</summary>
    internal HandlerCall<T>? Below { get; set; }

    internal void Begin(HandlerEvent<T> value, BusyKeys<T>.Key key, HandlerScope.Call? scope, Activity? activity)
    {
        Event = value;
        Key = key;
        Scope = scope;
        Activity = activity;
        Error = null;
    }

    /// <summary>Has the observer told when the task ends. The observer may be told before this returns.</summary>
    [SuppressMessage("Reliability", "CA2012", Justification = "The awaiter is used once, when the task has ended.")]
    internal void Await(ValueTask task)
    {
        _awaiter = task.ConfigureAwait(false).GetAwaiter();
        _awaiter.UnsafeOnCompleted(_onReturned);
    }

    /// <summary>Forgets the event.</summary>
    internal void Clear()
    {
        Event = default;
        Key = default;
        Scope = null;
        Activity = null;
    }

    private void OnReturned()
    {
        ConfiguredValueTaskAwaitable.ConfiguredValueTaskAwaiter awaiter = _awaiter;
        _awaiter = default;
        try
        {
            awaiter.GetResult();
        }
        catch (Exception error)
        {
            Error = error;
        }

        Scope?.Return();
        Activity?.StopWith(Error);

        _observer.OnReturned(this);
    }
}
