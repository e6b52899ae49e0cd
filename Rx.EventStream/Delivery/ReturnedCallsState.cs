namespace Rx.Delivery;

/// <summary>The calls that have returned, and that the thread which runs the pump has not seen yet.</summary>
/// <remarks>
/// <code>
///   Empty --Push--> Some --Push--> Some --TakeAll--> Empty
/// </code>
/// Any thread pushes; the one that runs the pump takes everything. Both are full fences: a push publishes the call, and comes before the look
/// whether the pump is parked. A mutable struct: always used in place.
/// </remarks>
internal struct ReturnedCallsState<TItem>
{
    private HandlerCall<TItem>? _top;

    internal readonly bool IsEmpty => Volatile.Read(in _top) is null;

    internal void Push(HandlerCall<TItem> call)
    {
        HandlerCall<TItem>? top = Volatile.Read(ref _top);
        HandlerCall<TItem>? seen;
        do
        {
            seen = top;
            call.Below = seen;
            top = Interlocked.CompareExchange(ref _top, call, seen);
        }
        while (top != seen);
    }

    /// <summary>Takes all calls, linked by <see cref="HandlerCall{TItem}.Below"/> in the order in which they returned.</summary>
    internal HandlerCall<TItem>? TakeAll()
    {
        HandlerCall<TItem>? call = IsEmpty ? null : Interlocked.Exchange(ref _top, null);
        HandlerCall<TItem>? oldest = null;
        while (call is not null)
        {
            HandlerCall<TItem>? below = call.Below;
            call.Below = oldest;
            oldest = call;
            call = below;
        }

        return oldest;
    }
}
