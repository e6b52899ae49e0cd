namespace Rx.Benchmarks.Measuring;

/// <summary>What a run costs in garbage collection.</summary>
internal static class CollectorCost
{
    /// <summary>The pause time and the promoted bytes, per operation.</summary>
    public static Sample Of(Session session, int operations)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        using var promotions = new Promotions();
        TimeSpan pause = GC.GetTotalPauseDuration();
        session.Run();
        pause = GC.GetTotalPauseDuration() - pause;
        long promoted = promotions.Bytes;
        session.Close?.Invoke();
        return new Sample(pause.TotalNanoseconds / operations, (double)promoted / operations);
    }
}
