namespace Rx.Samples.Pulse;

/// <summary>The end of a subscriber's chain of operators: knows when all was handled, and how far behind it ever was.</summary>
/// <remarks>An observer of anything: what the operators before it make of an event does not matter here.</remarks>
internal sealed class Subscriber(string name, string thread, LagPolicy policy, EventStream<PulseEvent> stream) : IObserver<object>
{
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private EventSubscription? _subscription;

    /// <summary>Written by the subscriber's thread only, read by anyone for figures.</summary>
    private long _greatestLag;

    /// <summary>Give it to <see cref="EventObservable{T}.WithName"/>.</summary>
    public string Name => name;

    /// <summary>What its events are handled on.</summary>
    public string Thread => thread;

    /// <summary>Give it to <see cref="EventObservable{T}.WithLagPolicy"/>.</summary>
    public LagPolicy Policy => policy;

    /// <summary>Whether its policy is to get every event, however late.</summary>
    public bool MissesNothing => policy == LagPolicy.Unbounded;

    public bool HasJoined => Subscription is not null;

    public long Delivered => Subscription?.Delivered ?? 0;

    public long Dropped => Subscription?.Dropped ?? 0;

    public long Lag => Subscription?.Lag ?? 0;

    public long GreatestLag => Volatile.Read(ref _greatestLag);

    /// <summary>The sequence it joined at.</summary>
    public long First => Subscription is { } s ? s.Sequence - s.Delivered - s.Dropped : 0;

    /// <summary>Done when it has handled the end of the stream; faulted when it failed.</summary>
    public Task Completion => _completion.Task;

    /// <summary>The stream's own figures. Kept, because a subscription that has ended is listed no more.</summary>
    private EventSubscription? Subscription => _subscription ??= stream.Subscriptions.FirstOrDefault(s => s.Name == name);

    public void OnNext(object value) => Volatile.Write(ref _greatestLag, Math.Max(_greatestLag, Lag));

    public void OnError(Exception error) => _completion.TrySetException(error);

    public void OnCompleted() => _completion.TrySetResult();
}
