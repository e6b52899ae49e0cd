using System.Collections.Concurrent;

namespace Rx.Tests.Contract;

/// <summary>A synchronization context as a user interface has it: one thread that runs what is posted, in order.</summary>
internal sealed class PumpingContext : SynchronizationContext, IDisposable
{
    private readonly BlockingCollection<(SendOrPostCallback Callback, object? State)> _posted = [];
    private readonly Thread _thread;

    public PumpingContext()
    {
        _thread = new Thread(Pump) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>What left the posted callbacks.</summary>
    public ConcurrentQueue<Exception> Errors { get; } = new();

    public int ThreadId => _thread.ManagedThreadId;

    public override void Post(SendOrPostCallback d, object? state)
    {
        try
        {
            _posted.Add((d, state));
        }
        catch (InvalidOperationException)
        {
            // Posted behind the end, as to a window that is closed.
        }
    }

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("Nobody has to send.");

    public void Dispose() => _posted.CompleteAdding();

    private void Pump()
    {
        SetSynchronizationContext(this);
        foreach ((SendOrPostCallback callback, object? state) in _posted.GetConsumingEnumerable())
        {
            try
            {
                callback(state);
            }
            catch (Exception error)
            {
                Errors.Enqueue(error);
            }
        }
    }
}
