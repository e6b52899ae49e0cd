namespace Rx.Nats.Server;

/// <summary>The pauses between the attempts of one operation: each is twice as long as the one before, up to a limit.</summary>
internal sealed class Backoff
{
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(1);

    private TimeSpan _next = TimeSpan.FromMilliseconds(50);

    internal Task WaitAsync(CancellationToken cancellationToken)
    {
        TimeSpan wait = _next;
        _next = wait * 2 < _longest ? wait * 2 : _longest;
        return Task.Delay(wait, cancellationToken);
    }
}
