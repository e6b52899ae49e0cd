namespace Rx.Samples.Pulse;

/// <summary>A device that takes some time for each event, such as a display or a slow connection, and counts the events that it
/// missed.</summary>
/// <remarks>One subscriber uses it, which joins at sequence number 0. The counts are read after the subscriber has completed.</remarks>
internal sealed class SlowDevice(TimeSpan pace) : IDisposable
{
    private readonly ManualResetEventSlim _skipDelays = new();
    private long _next;

    /// <summary>The number of events that it has handled.</summary>
    public long Handled { get; private set; }

    /// <summary>The number of events that are missing, by their sequence numbers.</summary>
    public long Missed { get; private set; }

    public void Handle(Sequenced<PulseEvent> value)
    {
        Handled++;
        Missed += value.Sequence - _next;
        _next = value.Sequence + 1;

        // Really blocks the thread. It must not delay any other subscriber.
        _skipDelays.Wait(pace);
    }

    /// <summary>Ends the delays. Thread-safe.</summary>
    public void SkipDelays() => _skipDelays.Set();

    public void Dispose() => _skipDelays.Dispose();
}
