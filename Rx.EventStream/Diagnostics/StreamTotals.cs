namespace Rx.Diagnostics;

/// <summary>What a stream has done since it was made; these figures only grow.</summary>
internal readonly record struct StreamTotals(long Published, long Delivered, long Dropped)
{
    internal StreamTotals Plus(StreamTotals other) =>
        new(Published + other.Published, Delivered + other.Delivered, Dropped + other.Dropped);

    /// <summary>The greater of each figure.</summary>
    internal StreamTotals AtLeast(StreamTotals other) =>
        new(Math.Max(Published, other.Published), Math.Max(Delivered, other.Delivered), Math.Max(Dropped, other.Dropped));
}
