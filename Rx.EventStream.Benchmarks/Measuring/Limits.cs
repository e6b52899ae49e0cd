namespace Rx.Benchmarks.Measuring;

/// <summary>The target for each mode of ours: the most that it may take, or null for none.</summary>
/// <param name="MultiWriter">The target with several writers, and for streams on NATS.</param>
/// <param name="SingleWriter">The target with <see cref="EventStreamOptions.SingleWriter"/>.</param>
/// <param name="IsRatio">Whether the target limits the ratio to the peer's figure. If false, it limits the figure itself.</param>
/// <param name="Floor">For a limit of the figure itself, a contender that shows how fast the machine is at this moment, or null.</param>
internal sealed record Limits(double? MultiWriter, double? SingleWriter, bool IsRatio = true, string? Floor = null)
{
    /// <summary>What is reached where the target is known to be missed, for a reason that docs/performance.md gives; else null. A miss within this is
    /// shown, and does not fail the comparison.</summary>
    public Limits? Reached { get; init; }

    /// <summary>No target: the figure is only shown beside the peer's.</summary>
    public static Limits None { get; } = new(null, null);

    /// <summary>The same ratio for both modes.</summary>
    public static Limits Ratio(double both) => new(both, both);

    /// <summary>The same limit of the figure itself for both modes.</summary>
    /// <param name="both">The limit.</param>
    /// <param name="floor">A contender without a library. A repetition in which it takes more than half of the limit shows how slow the machine is,
    /// and says nothing about ours.</param>
    public static Limits Absolute(double both, string? floor = null) => new(both, both, IsRatio: false, floor);

    public double? Of(Contender contender) => contender.Name switch
    {
        Contender.MultiWriter or Contender.Shared => MultiWriter,
        Contender.SingleWriter => SingleWriter,
        _ => null,
    };
}
