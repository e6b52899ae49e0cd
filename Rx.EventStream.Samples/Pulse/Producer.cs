namespace Rx.Samples.Pulse;

/// <summary>Publishes one kind of live data on its own thread, concurrently with the other producers.</summary>
internal abstract class Producer(string source, IObserver<PulseEvent> stream) : IDisposable
{
    private long _published;

    public string Source => source;

    /// <summary>The number of published events, by the producer's own count.</summary>
    public long Published => Interlocked.Read(ref _published);

    /// <summary>The data that is not available on this machine, or the reason; null if everything is available.</summary>
    public string? Unavailable { get; protected set; }

    public abstract void Start();

    /// <summary>Ends the producer. It publishes nothing after this call has returned.</summary>
    public abstract void Dispose();

    protected void Publish(string name, double value, string unit, string? text = null)
    {
        stream.OnNext(new PulseEvent(DateTimeOffset.UtcNow, source, name, value, unit, text));
        Interlocked.Increment(ref _published);
    }
}
