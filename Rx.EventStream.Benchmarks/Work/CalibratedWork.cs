using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Rx.Benchmarks.Work;

/// <summary>Computation of a known duration that touches no shared memory.</summary>
internal static class CalibratedWork
{
    private const int Trials = 9;
    private const int TrialLength = 200_000;

    private static readonly Lazy<int> _stepsPer100Nanoseconds = new(Calibrate);

    /// <summary>Works for about 100 ns, and returns a number that depends on all of it.</summary>
    public static ulong Do(ulong seed) => Step(seed, _stepsPer100Nanoseconds.Value);

    /// <summary>Each step needs the result of the one before, so the processor does them in turn.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static ulong Step(ulong value, int count)
    {
        for (int i = 0; i < count; i++)
        {
            value = (value * 6364136223846793005) + 1442695040888963407;
        }

        return value;
    }

    private static int Calibrate()
    {
        var durations = new List<double>();
        for (int i = 0; i < Trials; i++)
        {
            long start = Stopwatch.GetTimestamp();
            Step((ulong)i, TrialLength);
            durations.Add(Stopwatch.GetElapsedTime(start).TotalNanoseconds / TrialLength);
        }

        return (int)Math.Round(100 / durations.Order().ElementAt(Trials / 2));
    }
}
