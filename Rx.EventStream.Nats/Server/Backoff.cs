namespace Rx.Nats.Server;

/// <summary>Waits longer from time to time, up to a limit, before something is tried again.</summary>
internal sealed class Backoff
{
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(1);

    private TimeSpan _next = TimeSpan.FromMilliseconds(50);

    internal Task WaitAsync(CancellationToken ct)
    {
        TimeSpan wait = _next;
        _next = wait * 2 < _longest ? wait * 2 : _longest;
        return Task.Delay(wait, ct);
    }
}
