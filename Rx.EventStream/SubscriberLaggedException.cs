namespace Rx;

/// <summary>What a subscriber with <see cref="LagPolicy.Fail"/> ends with when it has fallen too far behind.</summary>
/// <remarks><b>Concurrency.</b> Immutable; may be used from any thread.</remarks>
public sealed class SubscriberLaggedException : Exception
{
    internal SubscriberLaggedException(string? name, long sequence, long missedCount, int capacity)
        : base($"The subscriber{(name is null ? "" : $" '{name}'")} was {missedCount} events behind at sequence {sequence}, " +
            $"more than the {capacity} its lag policy allows.")
    {
        SubscriberName = name;
        Sequence = sequence;
        MissedCount = missedCount;
    }

    /// <summary>The subscriber's name, or null.</summary>
    public string? SubscriberName { get; }

    /// <summary>The sequence of the first event it did not get.</summary>
    public long Sequence { get; }

    /// <summary>How many events had been published from there on when it was given up.</summary>
    public long MissedCount { get; }
}
