namespace Rx.Samples.Chatterbox;

/// <summary>How long to wait before the next try: twice as long each time, and not all clients at once.</summary>
internal sealed class BackOff
{
    private const double Spread = 0.2;
    private static readonly TimeSpan _shortest = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(16);

    private TimeSpan _next = _shortest;

    public TimeSpan Next()
    {
        TimeSpan now = _next;
        _next = now * 2 < _longest ? now * 2 : _longest;
        return now * (1 + (Spread * Random.Shared.NextDouble()));
    }

    /// <summary>The last try was a success.</summary>
    public void Reset() => _next = _shortest;
}
