namespace Rx.Benchmarks.Measuring;

/// <summary>What the target applies to, in each repetition: a ratio to the peer in the same repetition, or the figure itself.</summary>
internal sealed class Spread
{
    /// <summary>How often chance alone may give a verdict: seven repetitions, of which one at most is on the other side.</summary>
    private const double MaxChance = 0.0626;

    private readonly double[] _sorted;

    /// <summary>The repetitions that tell something.</summary>
    private readonly double[] _telling;

    public Spread(IEnumerable<double> measured)
    {
        _sorted = [.. measured.Order()];
        _telling = _sorted;
    }

    /// <param name="measured">What was measured in each repetition.</param>
    /// <param name="tells">Whether the machine was fast enough in it to tell something.</param>
    public Spread(IEnumerable<double> measured, IEnumerable<bool> tells)
        : this(measured)
    {
        _telling = [.. measured.Zip(tells).Where(static pair => pair.Second).Select(static pair => pair.First)];
    }

    public double Least => _sorted[0];

    public double Greatest => _sorted[^1];

    public double Median => _sorted[_sorted.Length / 2];

    /// <summary>Compares the median with a limit by the sign test: the verdict stands if so few repetitions are on the other side that chance
    /// would hardly leave so few. There is no verdict where no more than half of the repetitions tell something.</summary>
    public Verdict Against(double limit)
    {
        if (_telling.Length * 2 <= _sorted.Length)
        {
            return Verdict.NotToldApart;
        }

        int missed = _telling.Count(value => value > limit);
        int met = _telling.Length - missed;
        int exceptions = Exceptions(_telling.Length);
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
