namespace Rx.Benchmarks.Measuring;

/// <summary>The most that ours may take, for each of its modes; null where a mode is not held to anything.</summary>
/// <param name="MultiWriter">With several writers, or shared by machines.</param>
/// <param name="SingleWriter">With <see cref="EventStreamOptions.SingleWriter"/>.</param>
/// <param name="IsRatio">Whether they are multiples of the peer's figure; else they are the figure itself.</param>
internal sealed record Limits(double? MultiWriter, double? SingleWriter, bool IsRatio = true)
{
    /// <summary>What is shown beside its peer, and held to nothing.</summary>
    public static Limits None { get; } = new(null, null);

    /// <summary>One limit for both modes.</summary>
    public static Limits Ratio(double both) => new(both, both);

    /// <summary>The figure itself is limited, in both modes.</summary>
    public static Limits Absolute(double both) => new(both, both, IsRatio: false);

    public double? Of(Contender contender) => contender.Name switch
    {
        Contender.MultiWriter or Contender.Shared => MultiWriter,
        Contender.SingleWriter => SingleWriter,
        _ => null,
    };
}
