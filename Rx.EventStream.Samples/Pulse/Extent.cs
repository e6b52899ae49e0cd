namespace Rx.Samples.Pulse;

/// <summary>Running statistics of one measure.</summary>
internal sealed record Extent(string Name, long Count, double Least, double Most, double Sum)
{
    public static Extent None(string name) => new(name, 0, double.PositiveInfinity, double.NegativeInfinity, 0);

    public double Mean => Sum / Count;

    public Extent With(double value) => new(Name, Count + 1, Math.Min(Least, value), Math.Max(Most, value), Sum + value);
}
