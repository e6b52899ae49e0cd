namespace Rx.Benchmarks.Measuring;

/// <summary>What the target applies to, in each repetition: a ratio to the peer in the same repetition, or the figure itself.</summary>
internal sealed class Spread
{
    /// <summary>How often chance alone may give a verdict: seven repetitions, of which one at most is on the other side.</summary>
    private const double MaxChance = 0.0626;

    private readonly double[] _sorted;

    public Spread(IEnumerable<double> measured) => _sorted = [.. measured.Order()];

    public double Least => _sorted[0];

    public double Greatest => _sorted[^1];

    public double Median => _sorted[_sorted.Length / 2];

    /// <summary>Compares the median with a limit by the sign test: the verdict stands if so few repetitions are on the other side that chance
    /// would hardly leave so few.</summary>
    public Verdict Against(double limit)
    {
        int missed = _sorted.Count(value => value > limit);
        int met = _sorted.Length - missed;
        int exceptions = Exceptions(_sorted.Length);
        return missed <= exceptions ? Verdict.Met : met <= exceptions ? Verdict.Missed : Verdict.NotToldApart;
    }

    /// <summary>How many of so many repetitions may be on the other side. With less than five, none may, and the verdict is less certain.</summary>
    private static int Exceptions(int count)
    {
        double chance = Math.Pow(0.5, count);
        double cumulated = chance;
        int exceptions = 0;
        while (true)
        {
            chance *= (double)(count - exceptions) / (exceptions + 1);
            cumulated += chance;
            if (cumulated > MaxChance)
            {
                return exceptions;
            }

            exceptions++;
        }
    }
}
