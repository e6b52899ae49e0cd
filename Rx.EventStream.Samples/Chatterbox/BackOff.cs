namespace Rx.Samples.Chatterbox;

/// <summary>Computes the delay before the next attempt: exponential back-off with jitter.</summary>
internal sealed class BackOff
{
    private const double Jitter = 0.2;
    private static readonly TimeSpan _min = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan _max = TimeSpan.FromSeconds(16);

    private TimeSpan _next = _min;

    public TimeSpan GetNextDelay()
    {
        TimeSpan delay = _next;
        _next = delay * 2 < _max ? delay * 2 : _max;
        return delay * (1 + (Jitter * Random.Shared.NextDouble()));
    }

    /// <summary>Starts again with the shortest delay, after a successful attempt.</summary>
    public void Reset() => _next = _min;
}
