namespace Rx.Samples.Pulse;

/// <summary>Running statistics of one measure.</summary>
internal sealed record MeasureStatistics(string Name, long Count, double Min, double Max, double Sum)
{
    public static MeasureStatistics None(string name) => new(name, 0, double.PositiveInfinity, double.NegativeInfinity, 0);

    public double Mean => Sum / Count;

    public MeasureStatistics With(double value) => new(Name, Count + 1, Math.Min(Min, value), Math.Max(Max, value), Sum + value);
}
