namespace Rx.Benchmarks.Measuring;

/// <summary>What a run costs the garbage collector.</summary>
internal static class CollectorCost
{
    /// <summary>The pauses, and the bytes that were promoted, for each operation of a session.</summary>
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
