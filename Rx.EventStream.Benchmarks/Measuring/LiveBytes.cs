namespace Rx.Benchmarks.Measuring;

/// <summary>How much memory work keeps in use.</summary>
internal static class LiveBytes
{
    /// <summary>How much the heap grows while the result of <paramref name="work"/> is held, per operation.</summary>
    public static Sample PerOperation(int operations, Func<object> work)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        object held = work();
        long after = GC.GetTotalMemory(forceFullCollection: true);
        GC.KeepAlive(held);
        return new Sample(0, (double)(after - before) / operations);
    }
}
