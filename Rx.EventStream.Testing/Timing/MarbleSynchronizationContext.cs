namespace Rx.Testing.Timing;

/// <summary>Awaited code continues on the thread that runs the scheduler, in the tick in which the awaited operation completed.</summary>
internal sealed class MarbleSynchronizationContext : SynchronizationContext
{
    private readonly MarbleScheduler _scheduler;

    public MarbleSynchronizationContext(MarbleScheduler scheduler) => _scheduler = scheduler;

    public override SynchronizationContext CreateCopy() => this;

    public override void Post(SendOrPostCallback d, object? state) => _scheduler.Post(() => d(state));

    public override void Send(SendOrPostCallback d, object? state)
    {
        if (Current != this)
        {
            throw new NotSupportedException("Another thread cannot wait for the marble scheduler, which waits for this thread before the clock moves on. Use Post.");
        }

        d(state);
    }
}
