namespace Rx.Samples.Tour;

/// <summary>One line of a marble diagram: the marbles of each tick.</summary>
internal sealed class Lane(string name, int since, bool isMetric = false)
{
    private readonly Lock _gate = new();
    private readonly List<Marble> _marbles = [];

    public string Name => name;

    /// <summary>The tick in which the lane was added.</summary>
    public int Since => since;

    /// <summary>Whether the lane shows a number for each tick instead of events.</summary>
    public bool IsMetric => isMetric;

    /// <summary>The marbles so far. Observers add marbles from their own threads.</summary>
    public IReadOnlyList<Marble> Marbles
    {
        get
        {
            lock (_gate)
            {
                return [.. _marbles];
            }
        }
    }

    public void Add(Marble marble)
    {
        lock (_gate)
        {
            _marbles.Add(marble);
        }
    }
}
