namespace Rx.Samples.Dashboard;

/// <summary>Turns a counter that only rises into what it rises by in a second, measured over the last second.</summary>
/// <remarks>For one thread at a time.</remarks>
internal sealed class RateMeter
{
    private const double Window = 1;

    private readonly Queue<(double Time, long Count)> _readings = [];

    /// <param name="time">In seconds.</param>
    /// <param name="count">What the counter says then.</param>
    public double Read(double time, long count)
    {
        _readings.Enqueue((time, count));
        while (_readings.Count > 2 && time - _readings.Peek().Time > Window)
        {
            _readings.Dequeue();
        }

        (double first, long before) = _readings.Peek();
        return time > first ? (count - before) / (time - first) : 0;
    }
}
