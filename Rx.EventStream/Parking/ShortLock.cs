namespace Rx.Parking;

/// <summary>A lock that threads hold for a moment. None blocks to enter it, so <see cref="Thread.Interrupt"/> cannot keep a thread out: a publisher
/// that was interrupted while it waited can always give its place up, for which others wait.</summary>
internal sealed class ShortLock
{
    private readonly Lock _lock = new();

    internal Scope Enter()
    {
        var wait = new SpinWait();
        while (!_lock.TryEnter())
        {
            wait.SpinOnce(sleep1Threshold: -1);
        }

        return new Scope(_lock);
    }

    /// <summary>Holds the lock until it is disposed.</summary>
    internal readonly ref struct Scope(Lock held)
    {
        public void Dispose() => held.Exit();
    }
}
