using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Calls a handler with each event.</summary>
internal sealed class AwaitingEventObserver<T>(
    Func<T, CancellationToken, ValueTask> handler, SubscribeAwaitOptions<T> options, FaultPolicy<T> faults)
    : AwaitingObserver<T, T>(handler, options, faults)
{
    private protected override int BeginOwned(ref Cursor<T> cursor, EventLog<T> log, int budget, long granted, out bool isDry)
    {
        // A bounded cursor looks again after each event, as for other observers.
        ReadOnlySpan<T> run = cursor.PeekRun(log, cursor.IsBounded ? 1 : budget).Span;
        isDry = run.IsEmpty;
        int begun = 0;
        while (begun < run.Length && cursor.Sequence < granted && HasRoom && TryBeginOwned(Item(cursor, run[begun])))
        {
            begun++;
            cursor.MoveOn();
        }

        return begun;
    }

    private protected override int CountOf(T item) => 1;

    private HandlerItem<T> Item(in Cursor<T> cursor, T value) => new(value, cursor.Sequence, IsTraced ? cursor.PeekTrace() : null);
}
