using System.Diagnostics;

namespace Rx.Benchmarks.Measuring;

/// <summary>Runs the contenders of a scenario in turns, so that other load on the machine affects all of them, and takes medians.</summary>
/// <param name="scenario">The scenario.</param>
internal sealed class Comparison(Scenario scenario)
{
    public const int DefaultRepetitions = 7;

    /// <summary>The runtime compiles a method three times: quickly, with instrumentation, and optimized.</summary>
    private const int WarmUpRounds = 3;

    private static readonly TimeSpan _compilerDelay = TimeSpan.FromMilliseconds(150);

    /// <summary>A contender that has run for this long is compiled with optimizations.</summary>
    private static readonly TimeSpan _longWarmUp = TimeSpan.FromSeconds(1);

    private readonly Dictionary<Contender, List<Sample>> _samples = scenario.Contenders.ToDictionary(c => c, _ => new List<Sample>());

    public string Name => scenario.Name;

    /// <summary>The medians of all repetitions so far.</summary>
    public IReadOnlyList<Result> Results => [.. scenario.Figures.SelectMany(figure => ResultsOf(figure, _samples))];

    /// <summary>Measures, in addition to what was measured before.</summary>
    /// <param name="repetitions">How often each contender is measured; in all odd, so that the median is the result of one repetition.</param>
    /// <param name="report">Called with the scenario and the contender that runs next.</param>
    public void Run(int repetitions, Action<string> report)
    {
        WarmUp(report);
        var random = new Random(1);
        Contender[] order = [.. scenario.Contenders];
        for (int repetition = 1; repetition <= repetitions; repetition++)
        {
            // Each contender leaves data in the heap and in caches. In another order, that does not always affect the same next one.
            random.Shuffle(order);
            string which = $"{scenario.Name}: {repetition} of {repetitions}";
            if (scenario.IsInterleaved)
            {
                report($"{which}, all in turns");
                IReadOnlyList<Sample> taken = Latencies.Measure([.. order.Select(static c => c.PrepareWaking!)], scenario.Operations, random);
                foreach ((Contender contender, Sample sample) in order.Zip(taken))
                {
                    _samples[contender].Add(sample);
                }
            }
            else
            {
                foreach (Contender contender in order)
                {
                    report($"{which}, {contender.Name}");
                    _samples[contender].Add(contender.Measure(scenario.Operations));
                }
            }
        }
    }

    private void WarmUp(Action<string> report)
    {
        List<Contender> cold = scenario.WarmUp > TimeSpan.Zero ? [.. scenario.Contenders] : [];
        for (int round = 0; round < WarmUpRounds && cold.Count > 0; round++)
        {
            foreach (Contender contender in cold.ToArray())
            {
                report($"{scenario.Name}: warming up {contender.Name}");
                long start = Stopwatch.GetTimestamp();
                do
                {
                    contender.Measure(scenario.Operations);
                }
                while (Stopwatch.GetElapsedTime(start) < scenario.WarmUp / WarmUpRounds);

                if (Stopwatch.GetElapsedTime(start) > _longWarmUp)
                {
                    cold.Remove(contender);
                }
            }

            // The runtime recompiles methods only after no new method has been called for a while.
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
            yield return new Result(figure, contender.Name, nanoseconds, bytes, ratios, SpreadOf(figure, contender, samples), figure.Limits.Of(contender))
            {
                Reached = figure.Limits.Reached?.Of(contender),
            };
        }
    }

    /// <summary>Ratios are taken within each repetition, in which all contenders ran on the same machine under the same load.</summary>
    private static Spread? SpreadOf(Figure figure, Contender contender, Dictionary<Contender, List<Sample>> samples)
    {
        if (!contender.IsOurs)
        {
            return null;
        }

        IEnumerable<double> ours = samples[contender].Select(figure.Of);
        if (!figure.Limits.IsRatio)
        {
            return figure.Limits is { Floor: { } floor } && figure.Limits.Of(contender) is { } limit
                ? new Spread(ours, samples.Single(s => s.Key.Name == floor).Value.Select(sample => figure.Of(sample) <= limit / 2))
                : new Spread(ours);
        }

        List<Sample>? peer = samples.FirstOrDefault(s => s.Key.Name == figure.Peer).Value;
        return peer is null || peer.Exists(sample => figure.Of(sample) <= 0) ? null : new Spread(ours.Zip(peer.Select(figure.Of), (our, its) => our / its));
    }

    private static double Median(IEnumerable<double> values)
    {
        List<double> sorted = [.. values.Order()];
        return sorted[sorted.Count / 2];
    }
}
