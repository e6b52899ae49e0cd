using System.Diagnostics;

namespace Rx.Delivery;

/// <summary>The calls that run, by sequence number, and calls to be used again. For the thread that runs the pump.</summary>
/// <remarks>A call usually begins with the greatest number, at the end. One whose event had to wait for another of its key goes further to
/// the front.</remarks>
internal sealed class RunningCalls<TItem>(Action<HandlerCall<TItem>> onReturned)
{
    private HandlerCall<TItem>? _first;
    private HandlerCall<TItem>? _last;
    private HandlerCall<TItem>? _unused;

    internal int Count { get; private set; }

    /// <summary>The first event whose call is not settled, or <see cref="long.MaxValue"/>.</summary>
    internal long FirstSequence => _first?.Item.Sequence ?? long.MaxValue;

    internal HandlerCall<TItem> Add(HandlerItem<TItem> item, BusyKeys<TItem>.Key key, HandlerScope.Call? scope, Activity? activity)
    {
        HandlerCall<TItem> call = _unused ?? new HandlerCall<TItem>(onReturned);
        _unused = call.Below;
        call.Below = null;
        call.Begin(item, key, scope, activity);
        HandlerCall<TItem>? before = _last;
        while (before is not null && before.Item.Sequence > item.Sequence)
        {
            before = before.Before;
        }

        HandlerCall<TItem>? after = before is null ? _first : before.After;
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

    internal void Remove(HandlerCall<TItem> call)
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
