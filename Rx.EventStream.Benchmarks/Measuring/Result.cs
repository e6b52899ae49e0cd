namespace Rx.Benchmarks.Measuring;

/// <summary>The medians of one contender for one figure, and the ratios of ours to the peers.</summary>
/// <param name="Ratios">The figure divided by each peer's; empty for a peer.</param>
/// <param name="Limit">The target, as a ratio to the peer or for the figure itself; null if there is none.</param>
internal sealed record Result(
    Figure Figure, string Subject, double Nanoseconds, double Bytes, IReadOnlyDictionary<string, double> Ratios, double? Limit)
{
    /// <summary>The compared value, in nanoseconds or bytes.</summary>
    public double Value => Figure.Quantity == Quantity.Bytes ? Bytes : Nanoseconds;

    /// <summary>The value that the target applies to.</summary>
    public double? Measured => Figure.Limits.IsRatio ? (Ratios.TryGetValue(Figure.Peer, out double ratio) ? ratio : null) : Value;

    /// <summary>Whether the target is met, or null if there is none.</summary>
    public bool? IsMet => Limit is { } limit && Measured is { } measured ? measured <= limit : null;
}
