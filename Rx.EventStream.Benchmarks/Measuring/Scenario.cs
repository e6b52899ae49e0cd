namespace Rx.Benchmarks.Measuring;

/// <summary>Work that several contenders do side by side, and the figures that are compared.</summary>
/// <param name="Operations">How many operations one repetition does; the same for every contender.</param>
/// <param name="Figures">What is compared; the first has the scenario's name.</param>
/// <param name="Contenders">Those who do it, ours first.</param>
internal sealed record Scenario(int Operations, IReadOnlyList<Figure> Figures, IReadOnlyList<Contender> Contenders)
{
    /// <summary>A scenario with one figure, the time.</summary>
    public Scenario(string name, string what, int operations, string peer, Limits limits, params Contender[] contenders)
        : this(operations, [new Figure(name, what, Quantity.Time, peer, limits)], contenders)
    {
    }

    public string Name => Figures[0].Name;

    /// <summary>Whether contenders take turns at every operation, not only at every repetition.</summary>
    public bool IsByTurns => Contenders.All(static c => c.PrepareWaking is not null);

    /// <summary>How long each contender runs before it is measured. A slow one is warm after one run; a fast one needs the compiler's second look.</summary>
    public TimeSpan WarmUp { get; init; } = TimeSpan.FromMilliseconds(300);
}
