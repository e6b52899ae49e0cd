using System.Diagnostics;

namespace Rx.Delivery;

/// <summary>The calls that run, by sequence number, and calls to be used again. For the thread that runs the pump.</summary>
/// <remarks>A call usually begins with the greatest number, at the end. One whose event had to wait for another of its key goes further to
/// the front.</remarks>
internal sealed class RunningCalls<T>(AwaitingObserver<T> observer)
{
    private HandlerCall<T>? _first;
    private HandlerCall<T>? _last;
    private HandlerCall<T>? _unused;

    internal int Count { get; private set; }

    /// <summary>The first event whose call is not settled, or <see cref="long.MaxValue"/>.</summary>
    internal long FirstSequence => _first?.Event.Sequence ?? long.MaxValue;

    internal HandlerCall<T> Add(HandlerEvent<T> value, BusyKeys<T>.Key key, HandlerScope.Call? scope, Activity? activity)
    {
        HandlerCall<T> call = _unused ?? new HandlerCall<T>(observer);
        _unused = call.Below;
        call.Below = null;
        call.Begin(value, key, scope, activity);
        HandlerCall<T>? before = _last;
        while (before is not null && before.Event.Sequence > value.Sequence)
        {
            before = before.Before;
        }

        HandlerCall<T>? after = before is null ? _first : before.After;
        call.Before = before;
        call.After = after;
        if (before is null)
        {
            _first = call;
        }
        else
        {
            before.After = call;
        }

        if (after is null)
        {
            _last = call;
        }
        else
        {
            after.Before = call;
        }

        Count++;
        return call;
    }

    internal void Remove(HandlerCall<T> call)
    {
        if (call.Before is { } before)
        {
            before.After = call.After;
        }
        else
        {
            _first = call.After;
        }

        if (call.After is { } after)
        {
            after.Before = call.Before;
        }
        else
        {
            _last = call.Before;
        }

        call.Before = null;
        call.After = null;
        call.Clear();
        call.Below = _unused;
        _unused = call;
        Count--;
    }
}
