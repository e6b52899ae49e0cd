namespace Rx.Tests.Contract;

/// <summary>Settings that must not change what a stream does: the writer mode and the segment capacity.</summary>
internal sealed record StreamConfiguration(bool SingleWriter, int SegmentCapacity)
{
    /// <summary>Each writer mode with a new segment for every event, for every second event, and rarely.</summary>
    public static IEnumerable<StreamConfiguration> All =>
        from singleWriter in new[] { false, true }
        from capacity in new[] { 1, 2, 64 }
        select new StreamConfiguration(singleWriter, capacity);

    /// <summary>The configurations that allow several publishing threads.</summary>
    public static IEnumerable<StreamConfiguration> MultiWriter => All.Where(c => !c.SingleWriter);

    public EventStreamOptions Options => new() { SingleWriter = SingleWriter, SegmentCapacity = SegmentCapacity };

    public EventStream<T> Create<T>() => new(Options);

    public override string ToString() => $"{(SingleWriter ? "single" : "multi")} writer, capacity {SegmentCapacity}";
}
