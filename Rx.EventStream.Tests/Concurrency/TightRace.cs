using System.Diagnostics;

namespace Rx.Tests.Concurrency;

/// <summary>Starts two threads within nanoseconds of each other, many times, so that a missing store-load fence shows.</summary>
/// <remarks>An action can call <see cref="DelayStores"/> to fill the store buffer of its processor, so that the other thread sees its next stores late.
/// <see cref="Race"/> starts the threads less close together.</remarks>
internal static class TightRace
{
    private const int MaxSkew = 300;
    private const int MaxUncachedStores = 48;

    /// <summary>Larger than the caches, so that a store at a random index misses them.</summary>
    private static readonly long[] _uncached = new long[1 << 23];

    [ThreadStatic]
    private static ulong _random;

    /// <summary>Far longer than a round takes. A race that ends no round in this time hangs.</summary>
    private static readonly TimeSpan _hangTimeout = TimeSpan.FromSeconds(60);

    /// <summary>No round starts after this time. On a busy machine the threads spend most of their time waiting for each other.</summary>
    private static readonly TimeSpan _maxDuration = TimeSpan.FromSeconds(20);

    /// <summary>In each round calls <paramref name="arrange"/>, then <paramref name="first"/> and <paramref name="second"/> at the same time, then
    /// <paramref name="check"/>, which returns what is wrong, or null.</summary>
    public static void Run(int rounds, Action arrange, Action first, Action second, Func<string?> check)
    {
        int started = 0;
        int finished = 0;
        string? failure = null;
        var other = new Thread(() => Guard(() =>
        {
            var random = new Random(2);
            for (int round = 1; WaitFor(ref started, round) && Volatile.Read(ref started) == round; round++)
            {
                Skew(random);
                second();
                Volatile.Write(ref finished, round);
            }
        }))
        { IsBackground = true };
        var coordinator = new Thread(() => Guard(() =>
        {
            var random = new Random(1);
            long start = Stopwatch.GetTimestamp();
            for (int round = 1; round <= rounds && Stopwatch.GetElapsedTime(start) < _maxDuration; round++)
            {
                arrange();
                Volatile.Write(ref started, round);
                Skew(random);
                first();
                if (!WaitFor(ref finished, round))
                {
                    return;
                }

                if (check() is { } wrong)
                {
                    Volatile.Write(ref failure, $"Round {round}: {wrong}");
                    return;
                }
            }

            Volatile.Write(ref started, int.MaxValue); // there are no more rounds
        }))
        { IsBackground = true };

        other.Start();
        coordinator.Start();
        int seen;
        do
        {
            seen = Volatile.Read(ref finished);
        }
        while (!coordinator.Join(_hangTimeout) && Volatile.Read(ref finished) != seen);
        if (coordinator.IsAlive)
        {
            Interlocked.CompareExchange(ref failure, "The race hangs.", null);
        }

        Assert.That(failure, Is.Null);
        Assert.That(other.Join(_hangTimeout), Is.True, "The race hangs.");

        bool WaitFor(ref int counter, int round)
        {
            var wait = new SpinWait();
            while (Volatile.Read(ref counter) < round)
            {
                if (Volatile.Read(ref failure) is not null)
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
                Interlocked.CompareExchange(ref failure, error.ToString(), null);
            }
        }
    }

    /// <summary>Fills the processor's store buffer with stores that miss the caches. Other threads then see this thread's next stores late, while its
    /// later loads go ahead, unless there is a fence in between.</summary>
    public static void DelayStores()
    {
        ulong random = _random;
        int count = (int)((random >> 32) % MaxUncachedStores); // sometimes none, so that the stores are seen early too
        for (int i = 0; i < count; i++)
        {
            random = (random * 6364136223846793005) + 1442695040888963407;
            _uncached[random >> 41] = i;
        }

        _random = random;
    }

    /// <summary>Waits for a random number of nanoseconds. Finer than <see cref="Thread.SpinWait"/>.</summary>
    public static void Skew(Random random)
    {
        int skew = random.Next(MaxSkew);
        for (int i = 0; i < skew; i++)
        {
            _ = Volatile.Read(ref skew);
        }
    }
}
