using System.Diagnostics;

namespace Rx.Benchmarks.Measuring;

/// <summary>Runs the contenders of a scenario by turns, so that what else the machine does hits all of them, and takes medians.</summary>
internal static class Comparison
{
    public const int DefaultRepetitions = 7;

    /// <summary>A method is compiled three times until it is fast: as it comes, to be watched, and for good.</summary>
    private const int WarmUpRounds = 3;

    private static readonly TimeSpan _compilerDelay = TimeSpan.FromMilliseconds(150);

    /// <summary>Who has run that long has been compiled for good meanwhile.</summary>
    private static readonly TimeSpan _warm = TimeSpan.FromSeconds(1);

    /// <param name="scenario">What is compared.</param>
    /// <param name="repetitions">How often each is measured; odd, so that a median is a repetition that was.</param>
    /// <param name="report">Is told who is at it.</param>
    public static IReadOnlyList<Result> Run(Scenario scenario, int repetitions, Action<string> report)
    {
        WarmUp(scenario, report);
        Dictionary<Contender, List<Sample>> samples = scenario.Contenders.ToDictionary(c => c, _ => new List<Sample>());
        var random = new Random(1);
        Contender[] order = [.. scenario.Contenders];
        for (int repetition = 1; repetition <= repetitions; repetition++)
        {
            // What one leaves behind, in the heap and in caches, is not always to meet the same one.
            random.Shuffle(order);
            string which = $"{scenario.Name}: {repetition} of {repetitions}";
            if (scenario.IsByTurns)
            {
                report($"{which}, all by turns");
                IReadOnlyList<Sample> taken = Latencies.Measure([.. order.Select(static c => c.PrepareWaking!)], scenario.Operations, random);
                foreach ((Contender contender, Sample sample) in order.Zip(taken))
                {
                    samples[contender].Add(sample);
                }
            }
            else
            {
                foreach (Contender contender in order)
                {
                    report($"{which}, {contender.Name}");
                    samples[contender].Add(contender.Measure(scenario.Operations));
                }
            }
        }

        return [.. scenario.Figures.SelectMany(figure => ResultsOf(figure, samples))];
    }

    private static void WarmUp(Scenario scenario, Action<string> report)
    {
        List<Contender> cold = [.. scenario.Contenders];
        for (int round = 0; round < WarmUpRounds && cold.Count > 0; round++)
        {
            foreach (Contender contender in cold.ToArray())
            {
                report($"{scenario.Name}: warming {contender.Name}");
                long start = Stopwatch.GetTimestamp();
                do
                {
                    contender.Measure(scenario.Operations);
                }
                while (Stopwatch.GetElapsedTime(start) < scenario.WarmUp / WarmUpRounds);

                if (Stopwatch.GetElapsedTime(start) > _warm)
                {
                    cold.Remove(contender);
                }
            }

            // The compiler takes its next look only when nothing new has come for a while.
            Thread.Sleep(_compilerDelay);
        }
    }

    private static IEnumerable<Result> ResultsOf(Figure figure, Dictionary<Contender, List<Sample>> samples)
    {
        Dictionary<Contender, double> medians = samples.ToDictionary(s => s.Key, s => Median(s.Value.Select(figure.Of)));
        foreach ((Contender contender, List<Sample> taken) in samples)
        {
            double bytes = Median(taken.Select(s => s.Bytes));
            double nanoseconds = figure.Quantity == Quantity.TailTime ? medians[contender] : Median(taken.Select(s => s.Nanoseconds));
            Dictionary<string, double> ratios = contender.IsOurs
                ? medians.Where(m => !m.Key.IsOurs && m.Value > 0).ToDictionary(m => m.Key.Name, m => medians[contender] / m.Value)
                : [];
            yield return new Result(figure, contender.Name, nanoseconds, bytes, ratios, figure.Limits.Of(contender));
        }
    }

    private static double Median(IEnumerable<double> values)
    {
        List<double> sorted = [.. values.Order()];
        return sorted[sorted.Count / 2];
    }
}
