namespace Rx.Tests.GcCheck;

/// <summary>What one run cost the collector.</summary>
internal sealed record Cost(double PauseMilliseconds, double PromotedMegabytes, int Collections)
{
    public static Cost Median(IEnumerable<Cost> costs)
    {
        List<Cost> sorted = [.. costs.OrderBy(c => c.PauseMilliseconds)];
        return sorted[sorted.Count / 2];
    }

    public override string ToString() => $"pause {PauseMilliseconds,8:0.0} ms   promoted {PromotedMegabytes,8:0.0} MB   gen 0 {Collections,4}";
}
