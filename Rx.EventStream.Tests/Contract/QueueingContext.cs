namespace Rx.Tests.Contract;

/// <summary>A synchronization context whose posted callbacks run when the test runs them, one by one, in order.</summary>
internal sealed class QueueingContext : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _posted = [];

    /// <summary>How many callbacks have run.</summary>
    public int Runs { get; private set; }

    public override void Post(SendOrPostCallback d, object? state) => _posted.Enqueue((d, state));

    /// <summary>Runs what is posted, and what that posts.</summary>
    public void Run()
    {
        while (_posted.TryDequeue(out (SendOrPostCallback Callback, object? State) posted))
        {
            Runs++;
            posted.Callback(posted.State);
        }
    }
}
