namespace Rx.AspNetCore.Dashboard;

/// <summary>Computes the rate of a counter per second, over the last second.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class RateMeter
{
    private const double Window = 1;

    private readonly Queue<(double Time, long Count)> _readings = [];

    /// <param name="time">The time of the reading, in seconds.</param>
    /// <param name="count">The value of the counter at that time.</param>
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
