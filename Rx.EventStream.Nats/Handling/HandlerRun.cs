using Rx.Nats.Reading;
using Rx.Nats.Server;

namespace Rx.Nats.Handling;

/// <summary>A handler that runs: its partitions, the task that reads for them, and the task that saves their checkpoints.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// Without <see cref="NatsHandlerOptions{T}.Partitions"/> it has one partition, which it owns from its start to its end. Otherwise a
/// <see cref="PartitionGroup"/> tells which ones it owns.
/// <para><b>Concurrency.</b> Any thread; one lock for the partitions.</para>
/// </remarks>
internal sealed class HandlerRun<T> : IHandlerRun, IPartitionOwner
{
    /// <summary>The time between two saves if the options ask for a save after each call: only reading moves the checkpoint then.</summary>
    private static readonly TimeSpan _idleInterval = TimeSpan.FromSeconds(1);

    /// <summary>How long to wait for the server when the handler has ended.</summary>
    private static readonly TimeSpan _courtesy = TimeSpan.FromSeconds(5);

    private readonly StreamApi _api;
    private readonly NatsEventStreamOptions<T> _streamOptions;
    private readonly NatsHandlerOptions<T> _options;
    private readonly TimeProvider _clock;
    private readonly HandlerSignals _signals = new();
    private readonly DeadLetters<T>? _deadLetters;
    private readonly HandlerCalls<T> _calls;
    private readonly PartitionReader<T> _reader;
    private readonly TaskCompletionSource _stopRequested = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();

    /// <summary>The partitions that have not ended, by number. Under the lock.</summary>
    private readonly Dictionary<int, HandledPartition<T>> _held = [];

    internal HandlerRun(
        StreamApi api,
        NatsEventStreamOptions<T> streamOptions,
        NatsHandlerOptions<T> options,
        Func<NatsEvent<T>, CancellationToken, ValueTask> handler,
        TimeProvider clock)
    {
        _api = api;
        _streamOptions = streamOptions;
        _options = options;
        _clock = clock;
        _deadLetters = options.DeadLetterSubject is { } subject ? new DeadLetters<T>(api, streamOptions, options.Name, subject) : null;
        _calls = new HandlerCalls<T>(api.Stream, handler, options, _deadLetters, _signals);
        _reader = new PartitionReader<T>(api, streamOptions, options, _signals, HeldPartitions);
        Completion = Task.Run(RunAsync, CancellationToken.None);
    }

    public string Name => _options.Name;

    public long Handled => _calls.Handled;

    public long Faults => _calls.Faults;

    public Task Completion { get; }

    public IReadOnlyList<int> Partitions => [.. HeldPartitions().Where(partition => partition.IsRunning).Select(partition => partition.Number).Order()];

    public IReadOnlySet<int> Held => HeldPartitions().Select(partition => partition.Number).ToHashSet();

    public long Position
    {
        get
        {
            _reader.Advance();
            return HeldPartitions().Where(partition => partition.IsRunning).Select(partition => partition.Position).DefaultIfEmpty().Min();
        }
    }

    public async Task WhenCaughtUpAsync(CancellationToken cancellationToken)
    {
        long last = await _api.FindEndAsync(_streamOptions.Filter, stored: 0, cancellationToken).ConfigureAwait(false) ?? 0;
        while (true)
        {
            Task progress = _signals.WhenProgress(); // before the look at the position
            if (Position > last)
            {
                return;
            }

            if (await Task.WhenAny(progress, Completion).WaitAsync(cancellationToken).ConfigureAwait(false) == Completion)
            {
                await Completion.ConfigureAwait(false);
            }
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _stopRequested.TrySetResult();
        StopAll();
        using (cancellationToken.UnsafeRegister(static run => ((HandlerRun<T>)run!).DropAll(), this))
        {
            await Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public void Own(IReadOnlySet<int> partitions, long start)
    {
        lock (_lock)
        {
            foreach (HandledPartition<T> partition in _held.Values.Where(partition => !partitions.Contains(partition.Number)))
            {
                partition.Stop(cancelAfter: _options.Partitions!.LeaseDuration);
            }

            foreach (int number in partitions.Where(number => !_held.ContainsKey(number) && !_stopRequested.Task.IsCompleted))
            {
                Add(number, $"{Name}.{number}", _ => Task.FromResult(start));
            }
        }

        _signals.OnChanged();
    }

    public void DropAll()
    {
        foreach (HandledPartition<T> partition in HeldPartitions())
        {
            partition.Drop();
        }
    }

    public void FailIfLost(Func<int, bool> isOwn)
    {
        foreach ((int partition, CheckpointLostException lost) in _signals.TakeLost())
        {
            if (isOwn(partition))
            {
                _signals.Fail(lost);
            }
        }
    }

    private async Task RunAsync()
    {
        using var ended = new CancellationTokenSource();
        using PartitionGroup? group = _options.Partitions is { } partitions
            ? new PartitionGroup(new KeyValueBucket(_api.Connection, partitions.Bucket), Name, partitions, this, FindStartAsync, _clock)
            : null;
        Task[] tasks = [];
        try
        {
            if (_deadLetters is not null)
            {
                await _deadLetters.CheckAsync(ended.Token).ConfigureAwait(false);
            }

            tasks =
            [
                group is null ? OwnAllAsync(ended.Token) : group.RunAsync(ended.Token),
                _reader.RunAsync(ended.Token),
                SaveAllAsync(ended.Token),
            ];
            await (await Task.WhenAny([.. tasks, _signals.Failed, _stopRequested.Task]).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (Exception)
        {
            DropAll();
            throw;
        }
        finally
        {
            _stopRequested.TrySetResult();
            await ended.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await EndPartitionsAsync().ConfigureAwait(false);
            if (group is not null)
            {
                using var limit = new CancellationTokenSource(_courtesy);
                await group.LeaveAsync(limit.Token).ConfigureAwait(false);
            }
        }

        if (_signals.Failed.IsFaulted)
        {
            await _signals.Failed.ConfigureAwait(false); // it has failed while it stopped
        }

        throw new OperationCanceledException($"Handler '{Name}' was stopped.");
    }

    /// <summary>Owns the one partition of a handler without partitions.</summary>
    private async Task OwnAllAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!_stopRequested.Task.IsCompleted)
            {
                Add(0, Name, FindStartAsync);
            }
        }

        while (true)
        {
            await Task.Delay(_idleInterval, cancellationToken).ConfigureAwait(false);
            FailIfLost(static _ => true);
        }
    }

    /// <summary>Adds a partition until it has ended.</summary>
    private void Add(int number, string checkpointName, Func<CancellationToken, Task<long>> start)
    {
        var partition = new HandledPartition<T>(number, checkpointName, start, _calls, _signals, _options);
        _held.Add(number, partition);
        _ = RemoveAtEndAsync(partition);
    }

    private async Task RemoveAtEndAsync(HandledPartition<T> partition)
    {
        try
        {
            await partition.Ended.ConfigureAwait(false);
        }
        catch (Exception error)
        {
            _signals.Fail(error);
        }

        lock (_lock)
        {
            _held.Remove(partition.Number);
        }

        _signals.OnChanged();
    }

    /// <summary>Begins no further call. No partition is added later.</summary>
    private void StopAll()
    {
        foreach (HandledPartition<T> partition in HeldPartitions())
        {
            partition.Stop(Timeout.InfiniteTimeSpan);
        }
    }

    private async Task EndPartitionsAsync()
    {
        StopAll();
        await Task.WhenAll(HeldPartitions().Select(partition => partition.Ended)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task SaveAllAsync(CancellationToken cancellationToken)
    {
        using var ticks = new PeriodicTimer(_options.SaveInterval == TimeSpan.Zero ? _idleInterval : _options.SaveInterval);
        while (await ticks.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            _reader.Advance();
            await Task.WhenAll(HeldPartitions().Where(partition => partition.IsRunning).Select(partition => SaveAsync(partition, cancellationToken)))
                .ConfigureAwait(false);
        }
    }

    private async Task SaveAsync(HandledPartition<T> partition, CancellationToken cancellationToken)
    {
        try
        {
            await partition.SaveAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (CheckpointLostException lost)
        {
            _signals.OnLost(partition.Number, lost);
            partition.Drop();
        }
        catch (Exception error) when (HandlerErrors.IsTransient(error) && !cancellationToken.IsCancellationRequested)
        {
            // The next tick tries again.
        }
    }

    /// <summary>The sequence number at which the options let a new handler start.</summary>
    private async Task<long> FindStartAsync(CancellationToken cancellationToken)
    {
        if (_options.Start.Sequence is { } sequence)
        {
            return sequence;
        }

        var reader = new ServerReader<T>(_api, _streamOptions, _options.Start, cancellationToken);
        await using (reader.ConfigureAwait(false))
        {
            await reader.OpenAsync(cancellationToken).ConfigureAwait(false);
            return reader.Progress.Next;
        }
    }

    private IReadOnlyList<HandledPartition<T>> HeldPartitions()
    {
        lock (_lock)
        {
            return [.. _held.Values];
        }
    }
}
