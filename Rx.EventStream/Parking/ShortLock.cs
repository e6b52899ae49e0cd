namespace Rx.Parking;

/// <summary>A lock that threads hold for a moment. None blocks to enter it, so <see cref="Thread.Interrupt"/> cannot keep a thread out: a publisher
/// that was interrupted while it waited can always give its place up, for which others wait.</summary>
internal sealed class ShortLock
{
    private const int SpinsBeforeYield = 8;

    private readonly Lock _lock = new();

    internal Scope Enter()
    {
        for (int spins = 1; !_lock.TryEnter(); spins++)
        {
            if (spins % SpinsBeforeYield == 0)
            {
                Thread.Yield(); // not SpinWait, which also sleeps, and sleeping can be interrupted
            }
            else
            {
                Thread.SpinWait(10);
            }
        }

        return new Scope(_lock);
    }

    /// <summary>Holds the lock until it is disposed.</summary>
    internal readonly ref struct Scope(Lock held)
    {
        public void Dispose() => held.Exit();
    }
}
