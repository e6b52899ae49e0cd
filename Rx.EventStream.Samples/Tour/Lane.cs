namespace Rx.Samples.Tour;

/// <summary>One line of a marble picture: what happened on it at each tick.</summary>
internal sealed class Lane(string name, int since, bool isFigure = false)
{
    private readonly Lock _gate = new();
    private readonly List<Mark> _marks = [];

    public string Name => name;

    /// <summary>The tick it was there from.</summary>
    public int Since => since;

    /// <summary>Whether it shows a figure at each tick, and no events.</summary>
    public bool IsFigure => isFigure;

    /// <summary>What has happened so far. Observers add to it from threads of their own.</summary>
    public IReadOnlyList<Mark> Marks
    {
        get
        {
            lock (_gate)
            {
                return [.. _marks];
            }
        }
    }

    public void Add(Mark mark)
    {
        lock (_gate)
        {
            _marks.Add(mark);
        }
    }
}
