namespace Rx.Tests.Contract;

/// <summary>One way to set up a stream that must not show: who may write, and how soon a segment is full.</summary>
internal sealed record StreamConfiguration(bool SingleWriter, int SegmentCapacity)
{
    /// <summary>The fixtures' source: each writer mode with a boundary at every event, at every second, and rarely.</summary>
    public static IEnumerable<StreamConfiguration> All =>
        from singleWriter in new[] { false, true }
        from capacity in new[] { 1, 2, 64 }
        select new StreamConfiguration(singleWriter, capacity);

    /// <summary>Those that several threads may publish to at once.</summary>
    public static IEnumerable<StreamConfiguration> MultiWriter => All.Where(c => !c.SingleWriter);

    public EventStreamOptions Options => new() { SingleWriter = SingleWriter, SegmentCapacity = SegmentCapacity };

    public EventStream<T> Create<T>() => new(Options);

    public override string ToString() => $"{(SingleWriter ? "single" : "multi")} writer, capacity {SegmentCapacity}";
}
