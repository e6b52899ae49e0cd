namespace Rx.Benchmarks.Measuring;

/// <summary>The medians of one contender for one figure, and the ratios of ours to the peers.</summary>
/// <param name="Ratios">The figure divided by each peer's; empty for a peer.</param>
/// <param name="Spread">What the target applies to, or the ratio to the peer, in each repetition; null for a peer.</param>
/// <param name="Limit">The target, as a ratio to the peer or for the figure itself; null if there is none.</param>
internal sealed record Result(
    Figure Figure, string Subject, double Nanoseconds, double Bytes, IReadOnlyDictionary<string, double> Ratios, Spread? Spread, double? Limit)
{
    /// <summary>What is reached where the target is known to be missed; null where it is not.</summary>
    public double? Reached { get; init; }

    /// <summary>The compared value, in nanoseconds or bytes.</summary>
    public double Value => Figure.Quantity == Quantity.Bytes ? Bytes : Nanoseconds;

    /// <summary>Whether the target is met.</summary>
    public Verdict Verdict => Against(Limit);

    /// <summary>Whether a target is missed, and by more than is known.</summary>
    public bool Fails => Verdict == Verdict.Missed && (Reached is not { } reached || Against(reached) == Verdict.Missed);

    private Verdict Against(double? limit) => limit is { } value && Spread is { } spread ? spread.Against(value) : Verdict.None;
}
