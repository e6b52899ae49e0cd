using Rx.Delivery;
using Rx.Diagnostics;

namespace Rx;

/// <content>What the stream tells of its subscribers and its memory.</content>
public sealed partial class EventStream<T>
{
    StreamTotals IMeteredStream.Totals
    {
        get
        {
            SubscriptionTotals totals = (Volatile.Read(ref _inlineObservers)?.Totals ?? default)
                .Plus(Volatile.Read(ref _scheduled)?.Totals ?? default)
                .Plus(Volatile.Read(ref _scheduled)?.Readers.Totals ?? default);
            return new StreamTotals(_log.NextSequence, totals.Delivered, totals.Dropped, totals.Failed, totals.Faults);
        }
    }

    StreamFigures IMeteredStream.Figures
    {
        get
        {
            List<EventSubscription> subscriptions = List(hasReaders: true);
            long oldest = _log.OldestSequence; // before the newest: both only grow
            return new StreamFigures(
                subscriptions.Count,
                subscriptions.Select(static s => s.Lag).DefaultIfEmpty().Max(),
                _log.NextSequence - oldest,
                _log.CountSegments(),
                CountKept(subscriptions));
        }
    }

    private List<EventSubscription> List(bool hasReaders)
    {
        var subscriptions = new List<EventSubscription>();
        Volatile.Read(ref _inlineObservers)?.CopyTo(subscriptions);
        Volatile.Read(ref _scheduled)?.CopyTo(subscriptions);
        if (hasReaders)
        {
            Volatile.Read(ref _scheduled)?.Readers.CopyTo(subscriptions);
        }

        subscriptions.RemoveAll(static s => s.IsDisposed);
        return subscriptions;
    }

    /// <summary>How many of the newest events each kind of holder keeps in memory.</summary>
    /// <remarks>Positions are in no list. But a segment that is open has a holder: if neither a subscriber nor the window needs the oldest
    /// one, then a position does.</remarks>
    private KeptEvents CountKept(List<EventSubscription> subscriptions)
    {
        (long First, long End) oldest = _log.OldestSegment;
        long oldestRetained = _log.OldestSequence;
        long next = _log.NextSequence; // last: all of them only grow
        long retained = next - oldestRetained;
        long observers = Greatest(isReader: false);
        long readers = Greatest(isReader: true);
        long place = Math.Min(next - Math.Max(retained, Math.Max(observers, readers)), _log.WindowFirst);

        // A holder that has read a segment to its end leaves it when it reads on.
        return new KeptEvents(retained, observers, readers, place > oldest.End ? next - oldest.First : 0);

        long Greatest(bool isReader) => subscriptions.Where(s => s.IsReader == isReader).Select(static s => s.KeptEvents).DefaultIfEmpty().Max();
    }
}
