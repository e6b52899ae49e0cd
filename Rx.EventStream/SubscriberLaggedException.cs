using Rx.Storage;

namespace Rx;

/// <summary>Ends a subscriber with <see cref="LagPolicy.Fail"/> that lags too far.</summary>
/// <remarks><b>Concurrency.</b> Immutable; may be used from any thread.</remarks>
public sealed class SubscriberLaggedException : Exception
{
    internal SubscriberLaggedException(string? name, long sequence, LagLimit limit)
        : base($"The subscriber{(name is null ? "" : $" '{name}'")} was {limit.Missed} events behind at sequence number {sequence}, " +
            $"{(limit.MissedLag == limit.Missed ? "" : $"{limit.MissedLag} of them published since it subscribed, ")}" +
            $"more than the {limit.Bound} that its lag policy allows.")
    {
        SubscriberName = name;
        Sequence = sequence;
        MissedCount = limit.Missed;
    }

    /// <summary>The subscriber's name, or null.</summary>
    public string? SubscriberName { get; }

    /// <summary>The sequence number of the first event it did not get.</summary>
    public long Sequence { get; }

    /// <summary>How many events had been published from there on when it ended.</summary>
    public long MissedCount { get; }
}
