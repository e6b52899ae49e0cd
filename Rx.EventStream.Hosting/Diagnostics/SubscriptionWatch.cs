namespace Rx.Hosting.Diagnostics;

/// <summary>Looks at the subscriptions of a stream now and then: which have lost events, have ended with an exception, or stand still.</summary>
/// <remarks><b>Concurrency.</b> Any thread may look at any time. A lock guards what was seen; the log is written outside of it.</remarks>
internal sealed class SubscriptionWatch(Func<IReadOnlyList<EventSubscription>> subscriptions, HostLog log, TimeProvider time)
{
    private readonly Lock _gate = new();

    /// <summary>What the last look has seen. Under the lock.</summary>
    private readonly Dictionary<EventSubscription, Seen> _seen = [];

    /// <summary>The error that was reported last: a stream's error ends all its subscriptions, and is reported once. Under the lock.</summary>
    private Exception? _lastError;

    /// <summary>Looks, and logs what is new.</summary>
    internal void Look()
    {
        var reports = new List<Action>();
        lock (_gate)
        {
            LookLocked(reports);
        }

        reports.ForEach(report => report());
    }

    /// <summary>Looks, and returns each subscription with the time for which it had events and did not move, as the looks saw it.</summary>
    internal List<(EventSubscription Subscription, TimeSpan Standstill)> LookForStandstills()
    {
        Look();
        lock (_gate)
        {
            return [.. _seen.Where(entry => !entry.Key.IsDisposed)
                .Select(entry => (entry.Key, entry.Value.StandsSince is { } since ? time.GetElapsedTime(since) : TimeSpan.Zero))];
        }
    }

    private void LookLocked(List<Action> reports)
    {
        foreach (EventSubscription subscription in subscriptions())
        {
            _seen.TryAdd(subscription, new Seen());
        }

        foreach ((EventSubscription subscription, Seen seen) in _seen)
        {
            seen.Note(subscription, time.GetTimestamp());
            ReportDroppedLocked(subscription, seen, reports);
            if (subscription.IsDisposed && IsReportedLocked(subscription, seen, reports))
            {
                _seen.Remove(subscription); // removing does not end the enumeration
            }
        }
    }

    private void ReportDroppedLocked(EventSubscription subscription, Seen seen, List<Action> reports)
    {
        long total = subscription.Dropped;
        long count = total - seen.Dropped;
        bool isDue = seen.ReportedAt is not { } last || time.GetElapsedTime(last) >= Running.EventStreamLifetime.LookInterval;
        if (count > 0 && (isDue || subscription.IsDisposed))
        {
            seen.Dropped = total;
            seen.ReportedAt = time.GetTimestamp();
            reports.Add(() => log.Dropped(NameOf(subscription), count, total));
        }
    }

    /// <summary>Reports the error of a subscription that has ended. True if there is no more to come.</summary>
    private bool IsReportedLocked(EventSubscription subscription, Seen seen, List<Action> reports)
    {
        if (subscription.Error is { } error)
        {
            if (!ReferenceEquals(error, _lastError))
            {
                _lastError = error;
                long sequence = subscription.Sequence;
                reports.Add(() => log.Failed(NameOf(subscription), sequence, error));
            }

            return true;
        }

        // A subscription ends shortly before it has its error.
        bool wasEnded = seen.IsEnded;
        seen.IsEnded = true;
        return wasEnded;
    }

    internal static string NameOf(EventSubscription subscription) => subscription.Name ?? "(unnamed)";

    private sealed class Seen
    {
        private long _sequence = -1;

        internal long Dropped { get; set; }

        internal long? ReportedAt { get; set; }

        /// <summary>When it was first seen at its place with events to come, or null if it has none. Never earlier than it came there.</summary>
        internal long? StandsSince { get; private set; }

        internal bool IsEnded { get; set; }

        internal void Note(EventSubscription subscription, long now)
        {
            long sequence = subscription.Sequence;
            bool hasMoved = sequence != _sequence;
            _sequence = sequence;
            StandsSince = subscription.Lag == 0 ? null : hasMoved ? now : StandsSince ?? now;
        }
    }
}
