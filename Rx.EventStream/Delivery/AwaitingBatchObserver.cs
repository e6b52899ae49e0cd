using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Calls a handler with what is there, in batches.</summary>
internal sealed class AwaitingBatchObserver<T>(
    Func<ReadOnlyMemory<T>, CancellationToken, ValueTask> handler, int maxCount, SubscribeAwaitOptions<ReadOnlyMemory<T>> options,
    FaultPolicy<ReadOnlyMemory<T>> faults)
    : AwaitingObserver<T, ReadOnlyMemory<T>>(handler, options, faults)
{
    private protected override int BeginOwned(ref Cursor<T> cursor, EventLog<T> log, int budget, long granted, out bool isDry)
    {
        // A batch is what is there, as for observers of batches: the turn of its first event is that of the batch.
        ReadOnlyMemory<T> batch = cursor.PeekAcross(log, maxCount, minCount: maxCount);
        isDry = batch.IsEmpty;
        long end = cursor.Sequence + batch.Length;
        PublisherTrace? trace = IsTraced ? cursor.PeekTraces(batch.Length) : null;
        if (isDry || cursor.Sequence >= granted || !TryBeginOwned(new HandlerItem<ReadOnlyMemory<T>>(batch, cursor.Sequence, trace)))
        {
            return 0;
        }

        cursor.MoveTo(end);
        return batch.Length;
    }

    private protected override int CountOf(ReadOnlyMemory<T> item) => item.Length;
}
