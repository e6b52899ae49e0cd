namespace Rx.Samples.Pulse;

/// <summary>A device that takes some time for each event, such as a display or a slow connection, and counts the events that it
/// missed.</summary>
/// <remarks>One subscriber uses it, which joins at sequence number 0. The counts are read after the subscriber has completed.</remarks>
internal sealed class SlowDevice(TimeSpan pace)
{
    private readonly TaskCompletionSource _skipDelays = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _next;

    /// <summary>The number of events that it has handled.</summary>
    public long Handled { get; private set; }

    /// <summary>The number of events that are missing, by their sequence numbers.</summary>
    public long Missed { get; private set; }

    /// <summary>Blocks the thread until the device is done with an event. That must not delay any other subscriber.</summary>
    public void Handle(Sequenced<PulseEvent> value)
    {
        Count(value.Sequence);
        _skipDelays.Task.Wait(pace);
    }

    /// <summary>Completes when the device is done with the event of that sequence number.</summary>
    public async ValueTask HandleAsync(long sequence)
    {
        Count(sequence);
        await Task.WhenAny(Task.Delay(pace), _skipDelays.Task);
    }

    /// <summary>Ends the delays. Thread-safe.</summary>
    public void SkipDelays() => _skipDelays.TrySetResult();

    private void Count(long sequence)
    {
        Handled++;
        Missed += sequence - _next;
        _next = sequence + 1;
    }
}
