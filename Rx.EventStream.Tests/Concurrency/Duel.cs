using System.Diagnostics;

namespace Rx.Tests.Concurrency;

/// <summary>Two threads that meet again and again within nanoseconds, where a missing fence shows. <see cref="Race"/> lets them meet less closely.</summary>
internal static class Duel
{
    private const int MaxSkew = 300;
    private const int MaxFarStores = 48;

    /// <summary>More than caches hold.</summary>
    private static readonly long[] _far = new long[1 << 23];

    [ThreadStatic]
    private static ulong _place;

    /// <summary>Far beyond what a round takes: who has not ended one by then hangs.</summary>
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(60);

    /// <summary>No round begins later: where other programs want the processors too, the two wait for each other most of the time.</summary>
    private static readonly TimeSpan _enough = TimeSpan.FromSeconds(20);

    /// <summary>Each round: <paramref name="arrange"/>, then the two against each other, then <paramref name="check"/>, which returns what is wrong, or null.</summary>
    public static void Run(int rounds, Action arrange, Action first, Action second, Func<string?> check)
    {
        int started = 0;
        int finished = 0;
        string? breach = null;
        var other = new Thread(() => Guard(() =>
        {
            var random = new Random(2);
            for (int round = 1; Awaits(ref started, round) && Volatile.Read(ref started) == round; round++)
            {
                Skew(random);
                second();
                Volatile.Write(ref finished, round);
            }
        }))
        { IsBackground = true };
        var referee = new Thread(() => Guard(() =>
        {
            var random = new Random(1);
            long start = Stopwatch.GetTimestamp();
            for (int round = 1; round <= rounds && Stopwatch.GetElapsedTime(start) < _enough; round++)
            {
                arrange();
                Volatile.Write(ref started, round);
                Skew(random);
                first();
                if (!Awaits(ref finished, round))
                {
                    return;
                }

                if (check() is { } wrong)
                {
                    Volatile.Write(ref breach, $"Round {round}: {wrong}");
                    return;
                }
            }

            Volatile.Write(ref started, int.MaxValue); // there is no more
        }))
        { IsBackground = true };

        other.Start();
        referee.Start();
        int seen;
        do
        {
            seen = Volatile.Read(ref finished);
        }
        while (!referee.Join(_limit) && Volatile.Read(ref finished) != seen);
        if (referee.IsAlive)
        {
            Interlocked.CompareExchange(ref breach, "The duel hangs.", null);
        }

        Assert.That(breach, Is.Null);
        Assert.That(other.Join(_limit), Is.True, "The duel hangs.");

        bool Awaits(ref int counter, int round)
        {
            var wait = new SpinWait();
            while (Volatile.Read(ref counter) < round)
            {
                if (Volatile.Read(ref breach) is not null)
                {
                    return false;
                }

                wait.SpinOnce(sleep1Threshold: -1);
            }

            return true;
        }

        void Guard(Action action)
        {
            try
            {
                action();
            }
            catch (Exception error)
            {
                Interlocked.CompareExchange(ref breach, error.ToString(), null);
            }
        }
    }

    /// <summary>Fills the processor's store buffer with stores that miss the caches. What the thread stores next is seen that much later by
    /// others, while its loads go ahead: as long as there is no fence between.</summary>
    public static void DelayStores()
    {
        ulong place = _place;
        int count = (int)((place >> 32) % MaxFarStores); // sometimes none: then the two meet sooner
        for (int i = 0; i < count; i++)
        {
            place = (place * 6364136223846793005) + 1442695040888963407;
            _far[place >> 41] = i;
        }

        _place = place;
    }

    /// <summary>Some nanoseconds more or less; finer than <see cref="Thread.SpinWait"/>.</summary>
    public static void Skew(Random random)
    {
        int skew = random.Next(MaxSkew);
        for (int i = 0; i < skew; i++)
        {
            _ = Volatile.Read(ref skew);
        }
    }
}
