namespace Rx.Samples.Pulse;

/// <summary>The end of a subscriber's chain of operators. It knows when all events were handled, and the maximum lag.</summary>
/// <remarks>It observes any type, because the result of the operators before it does not matter.</remarks>
internal sealed class Subscriber(string name, string thread, LagPolicy policy, EventStream<PulseEvent> stream) : IObserver<object>
{
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private EventSubscription? _subscription;

    /// <summary>Written only by the subscriber's thread, read by any thread.</summary>
    private long _maxLag;

    /// <summary>The name for <see cref="EventObservable{T}.WithName"/>.</summary>
    public string Name => name;

    /// <summary>The kind of thread that handles the events.</summary>
    public string Thread => thread;

    /// <summary>The policy for <see cref="EventObservable{T}.WithLagPolicy"/>.</summary>
    public LagPolicy Policy => policy;

    /// <summary>Whether its policy never drops an event.</summary>
    public bool MissesNothing => policy == LagPolicy.Unbounded;

    public bool HasJoined => Subscription is not null;

    public long Delivered => Subscription?.Delivered ?? 0;

    public long Dropped => Subscription?.Dropped ?? 0;

    public long Lag => Subscription?.Lag ?? 0;

    public long MaxLag => Volatile.Read(ref _maxLag);

    /// <summary>The sequence number of the first event that it has not handled: during a call, of the event that it handles.</summary>
    public long Sequence => Subscription?.Sequence ?? 0;

    /// <summary>The sequence number at which it joined.</summary>
    public long First => Subscription is { } s ? s.Sequence - s.Delivered - s.Dropped : 0;

    /// <summary>Completes when the subscriber has handled the end of the stream, and faults if the subscriber failed.</summary>
    public Task Completion => _completion.Task;

    /// <summary>The subscription with its counts. Stored in a field, because the stream no longer lists a subscription that has ended.</summary>
    private EventSubscription? Subscription => _subscription ??= stream.Subscriptions.FirstOrDefault(s => s.Name == name);

    public void OnNext(object value) => Volatile.Write(ref _maxLag, Math.Max(_maxLag, Lag));

    public void OnError(Exception error) => _completion.TrySetException(error);

    public void OnCompleted() => _completion.TrySetResult();
}
