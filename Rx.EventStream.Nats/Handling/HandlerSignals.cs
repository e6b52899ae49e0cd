namespace Rx.Nats.Handling;

/// <summary>What the parts of a running handler tell each other: a failure, a change of its partitions, progress, a lost checkpoint.</summary>
/// <remarks><b>Concurrency.</b> Any thread.</remarks>
internal sealed class HandlerSignals
{
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();

    /// <summary>The checkpoints that were lost and that <see cref="TakeLost"/> has not returned, by partition. Under the lock.</summary>
    private readonly Dictionary<int, CheckpointLostException> _lost = [];

    /// <summary>What waits for the next change. Exchanged; its completion publishes what the caller wrote before.</summary>
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What waits for progress, or null while nothing waits. Exchanged with full fences: a waiter registers and then looks at the position, a call
    /// writes the position and then looks for waiters.</summary>
    private TaskCompletionSource? _progress;

    /// <summary>Faulted when the handler cannot go on.</summary>
    internal Task Failed => _failed.Task;

    internal void Fail(Exception error)
    {
        if (_failed.TrySetException(error))
        {
            _ = _failed.Task.Exception; // observed: the run may have ended
        }
    }

    /// <summary>Completes at the next call of <see cref="OnChanged"/>.</summary>
    internal Task WhenChanged() => Volatile.Read(ref _changed).Task;

    /// <summary>The partitions that must be read have changed.</summary>
    internal void OnChanged() =>
        Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    /// <summary>Completes at the next call of <see cref="OnProgress"/>.</summary>
    internal Task WhenProgress()
    {
        var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return (Interlocked.CompareExchange(ref _progress, mine, null) ?? mine).Task;
    }

    /// <summary>A position has moved.</summary>
    internal void OnProgress()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _progress) is not null)
        {
            Interlocked.Exchange(ref _progress, null)?.TrySetResult();
        }
    }

    /// <summary>Another owner has opened the checkpoint of a partition.</summary>
    internal void OnLost(int partition, CheckpointLostException lost)
    {
        lock (_lock)
        {
            _lost[partition] = lost;
        }
    }

    /// <summary>The lost checkpoints, each once.</summary>
    internal IReadOnlyDictionary<int, CheckpointLostException> TakeLost()
    {
        lock (_lock)
        {
            var lost = new Dictionary<int, CheckpointLostException>(_lost);
            _lost.Clear();
            return lost;
        }
    }
}
