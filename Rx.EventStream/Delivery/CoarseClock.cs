namespace Rx.Delivery;

/// <summary>The time in UTC, to some 16 milliseconds. Reading the exact time would be the greatest part of subscribing.</summary>
/// <remarks>It counts the system's ticks from a pair of both times. The pair is taken again after a second, so that the clock follows when the
/// system's time is set.</remarks>
internal static class CoarseClock
{
    private const long PairLifetime = 1000;

    /// <summary>The last pair. Exchanged by any thread: one that is older or newer serves as well. Written with release, read with
    /// acquire.</summary>
    private static Pair _pair = Pair.Take();

    internal static DateTime UtcNow
    {
        get
        {
            Pair pair = Volatile.Read(ref _pair);
            long since = Environment.TickCount64 - pair.Ticks;
            if (since > PairLifetime)
            {
                pair = Pair.Take();
                since = 0;
                Volatile.Write(ref _pair, pair);
            }

            return pair.Utc.AddTicks(since * TimeSpan.TicksPerMillisecond);
        }
    }

    private sealed record Pair(long Ticks, DateTime Utc)
    {
        internal static Pair Take() => new(Environment.TickCount64, DateTime.UtcNow);
    }
}
