using Rx.Storage;

namespace Rx;

/// <summary>Ends a subscriber with <see cref="LagPolicy.Fail"/> that lags too far.</summary>
/// <remarks><b>Concurrency.</b> Immutable; may be used from any thread.</remarks>
public sealed class SubscriberLaggedException : Exception
{
    internal SubscriberLaggedException(string? name, long sequence, LagLimit limit)
        : this(name, sequence, limit.MissedFrom(sequence), limit.MissedLagFrom(sequence), limit.Bound)
    {
    }

    private SubscriberLaggedException(string? name, long sequence, long missed, long lag, int bound)
        : base($"The subscriber{(name is null ? "" : $" '{name}'")} was {missed} events behind at sequence number {sequence}, " +
            $"{(lag == missed ? "" : $"{lag} of them published since it subscribed, ")}more than the {bound} that its lag policy allows.")
    {
        SubscriberName = name;
        Sequence = sequence;
        MissedCount = missed;
    }

    /// <summary>The subscriber's name, or null.</summary>
    public string? SubscriberName { get; }

    /// <summary>The sequence number of the first event it did not get.</summary>
    public long Sequence { get; }

    /// <summary>How many events had been published from there on when it ended.</summary>
    public long MissedCount { get; }
}
