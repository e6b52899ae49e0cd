namespace Rx.Benchmarks.Measuring;

/// <summary>Work that several contenders do, and the figures by which they are compared.</summary>
/// <param name="Operations">The number of operations in one repetition, the same for every contender.</param>
/// <param name="Figures">The compared figures. The first one has the name of the scenario.</param>
/// <param name="Contenders">The contenders, ours first.</param>
internal sealed record Scenario(int Operations, IReadOnlyList<Figure> Figures, IReadOnlyList<Contender> Contenders)
{
    /// <summary>A scenario with one figure, the time.</summary>
    public Scenario(string name, string what, int operations, string peer, Limits limits, params Contender[] contenders)
        : this(operations, [new Figure(name, what, Quantity.Time, peer, limits)], contenders)
    {
    }

    public string Name => Figures[0].Name;

    /// <summary>Whether contenders take turns at each operation instead of each repetition.</summary>
    public bool IsInterleaved => Contenders.All(static c => c.PrepareWaking is not null);

    /// <summary>How long each contender runs before it is measured, so that its methods are compiled with optimizations; zero where
    /// each measurement has a process of its own.</summary>
    public TimeSpan WarmUp { get; init; } = TimeSpan.FromMilliseconds(300);
}
