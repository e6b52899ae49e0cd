namespace Rx.Samples.Pulse;

/// <summary>Publishes one kind of live data, on a thread of its own, at the same time as the others.</summary>
internal abstract class Producer(string source, IObserver<PulseEvent> stream) : IDisposable
{
    private long _published;

    public string Source => source;

    /// <summary>How many events it has published, counted on its own side.</summary>
    public long Published => Interlocked.Read(ref _published);

    /// <summary>What this machine does not offer, or null.</summary>
    public string? Missing { get; protected set; }

    public abstract void Start();

    /// <summary>Ends it. Nothing is published once this returns.</summary>
    public abstract void Dispose();

    protected void Publish(string name, double value, string unit, string? text = null)
    {
        stream.OnNext(new PulseEvent(DateTimeOffset.UtcNow, source, name, value, unit, text));
        Interlocked.Increment(ref _published);
    }
}
