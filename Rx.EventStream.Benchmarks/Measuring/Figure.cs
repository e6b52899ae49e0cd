namespace Rx.Benchmarks.Measuring;

/// <summary>A figure by which contenders are compared.</summary>
/// <param name="Name">The name, for <c>--only</c> and the tables.</param>
/// <param name="What">One line that says what is measured.</param>
/// <param name="Quantity">The part of a sample that is compared.</param>
/// <param name="Peer">The contender that ours is compared with.</param>
/// <param name="Limits">The target.</param>
internal sealed record Figure(string Name, string What, Quantity Quantity, string Peer, Limits Limits)
{
    /// <summary>Where the figure lies on the horizontal axis of a curve; 0 if it is part of none.</summary>
    public int At { get; init; }

    public double Of(Sample sample) => Quantity switch
    {
        Quantity.Time => sample.Nanoseconds,
        Quantity.TailTime => sample.TailNanoseconds,
        _ => sample.Bytes,
    };
}
