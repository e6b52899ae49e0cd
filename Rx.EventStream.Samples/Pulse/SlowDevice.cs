namespace Rx.Samples.Pulse;

/// <summary>Something that takes its time for each event, such as a display or a thin line, and notices which ones it misses.</summary>
/// <remarks>Used by one subscriber that joins at sequence 0; its figures are read after that one has completed.</remarks>
internal sealed class SlowDevice(TimeSpan pace) : IDisposable
{
    private readonly ManualResetEventSlim _hurry = new();
    private long _next;

    /// <summary>How many events it was given.</summary>
    public long Given { get; private set; }

    /// <summary>How many events are missing in the sequences it was given.</summary>
    public long Missed { get; private set; }

    public void Handle(Sequenced<PulseEvent> value)
    {
        Given++;
        Missed += value.Sequence - _next;
        _next = value.Sequence + 1;

        // Really blocks the thread: nobody but this subscriber is to notice.
        _hurry.Wait(pace);
    }

    /// <summary>No more waiting. Any thread may call it.</summary>
    public void Hurry() => _hurry.Set();

    public void Dispose() => _hurry.Dispose();
}
