namespace Rx.Diagnostics;

/// <summary>What a stream has done since it was made; these figures only grow.</summary>
/// <param name="Published">How many events were published.</param>
/// <param name="Delivered">How many were delivered, summed over subscribers.</param>
/// <param name="Dropped">How many subscribers missed.</param>
/// <param name="Failed">How many subscriptions ended with an exception of their own.</param>
/// <param name="Faults">How many faults of observers and handlers were reported.</param>
internal readonly record struct StreamTotals(long Published, long Delivered, long Dropped, long Failed, long Faults)
{
    internal StreamTotals Plus(StreamTotals other) =>
        new(
            Published + other.Published,
            Delivered + other.Delivered,
            Dropped + other.Dropped,
            Failed + other.Failed,
            Faults + other.Faults);

    /// <summary>The greater of each figure.</summary>
    internal StreamTotals AtLeast(StreamTotals other) => new(
        Math.Max(Published, other.Published),
        Math.Max(Delivered, other.Delivered),
        Math.Max(Dropped, other.Dropped),
        Math.Max(Failed, other.Failed),
        Math.Max(Faults, other.Faults));
}
