using System.Collections.Concurrent;

namespace Rx.Tests.Contract;

/// <summary>A synchronization context like that of a user interface: one thread that runs the posted callbacks in order.</summary>
internal sealed class PumpingContext : SynchronizationContext, IDisposable
{
    private readonly BlockingCollection<(SendOrPostCallback Callback, object? State)> _posted = [];
    private readonly Thread _thread;

    public PumpingContext()
    {
        _thread = new Thread(Pump) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>The exceptions that posted callbacks threw.</summary>
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
            // Posted after disposal, as to a closed window.
        }
    }

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("No test sends a callback.");

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
