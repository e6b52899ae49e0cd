namespace Rx.Benchmarks.Measuring;

/// <summary>One contender's medians in one figure, and how ours stand against the peers'.</summary>
/// <param name="Ratios">Ours divided by each peer's; empty for a peer.</param>
/// <param name="Limit">The most allowed, as a ratio to the figure's peer or as the figure itself; null if there is none.</param>
internal sealed record Result(
    Figure Figure, string Subject, double Nanoseconds, double Bytes, IReadOnlyDictionary<string, double> Ratios, double? Limit)
{
    /// <summary>What was compared: nanoseconds or bytes.</summary>
    public double Value => Figure.Quantity == Quantity.Bytes ? Bytes : Nanoseconds;

    /// <summary>What the limit is held against.</summary>
    public double? Measured => Figure.Limits.IsRatio ? (Ratios.TryGetValue(Figure.Peer, out double ratio) ? ratio : null) : Value;

    /// <summary>Whether the limit is kept, or null if there is none.</summary>
    public bool? IsMet => Limit is { } limit && Measured is { } measured ? measured <= limit : null;
}
