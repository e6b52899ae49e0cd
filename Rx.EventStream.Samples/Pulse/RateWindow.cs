using System.Diagnostics;

namespace Rx.Samples.Pulse;

/// <summary>Computes the rate of a counter per second, over the last second.</summary>
internal sealed class RateWindow
{
    private readonly Queue<(long Time, double Total)> _readings = [];

    public double Add(double total)
    {
        long now = Stopwatch.GetTimestamp();
        _readings.Enqueue((now, total));
        while (_readings.Count > 2 && Stopwatch.GetElapsedTime(_readings.Peek().Time, now) > TimeSpan.FromSeconds(1))
        {
            _readings.Dequeue();
        }

        (long first, double before) = _readings.Peek();
        double seconds = Stopwatch.GetElapsedTime(first, now).TotalSeconds;
        return seconds > 0 ? (total - before) / seconds : 0;
    }
}
