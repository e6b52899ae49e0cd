namespace Rx.Nats.Publishing;

/// <summary>Publications of one call, a bounded number of them at a time, and what became of them.</summary>
/// <remarks>One caller at a time. What becomes of a publication is noted as soon as that is known, on any thread.</remarks>
internal sealed class PublishRun
{
    private readonly string _stream;
    private readonly int _maxInFlight;

    /// <summary>Done as each publication is settled; none of them fails. Caller only.</summary>
    private readonly Queue<Task> _inFlight = new();

    /// <summary>Guards the fields below it.</summary>
    private readonly Lock _lock = new();
    private readonly List<string> _unknown = [];
    private int _stored;
    private int _notStored;
    private Exception? _error;

    /// <summary>The publication added last. Caller only.</summary>
    private Task<long> _last = Task.FromResult(0L);

    internal PublishRun(string stream, int maxInFlight)
    {
        _stream = stream;
        _maxInFlight = maxInFlight;
    }

    /// <summary>Adds a publication, and waits until there is room for the next. False if any has failed: then no more is to be added.</summary>
    internal async ValueTask<bool> AddAsync(string messageId, Task<long> publication)
    {
        _last = publication;
        _inFlight.Enqueue(SettleAsync(messageId, publication));
        while (_inFlight.Count >= _maxInFlight || (_inFlight.TryPeek(out Task? first) && first.IsCompleted))
        {
            await _inFlight.Dequeue().ConfigureAwait(false);
        }

        lock (_lock)
        {
            return _error is null;
        }
    }

    /// <summary>Notes that no more can be added, and why.</summary>
    internal void Stop(Exception error)
    {
        lock (_lock)
        {
            _error ??= error;
        }
    }

    /// <summary>Waits for all; the last one's sequence, or what became of them.</summary>
    internal async ValueTask<long> FinishAsync(CancellationToken ct)
    {
        while (_inFlight.TryDequeue(out Task? publication))
        {
            await publication.ConfigureAwait(false);
        }

        if (_error is not { } error)
        {
            return await _last.ConfigureAwait(false);
        }

        var outcome = new NatsPublishException(
            (error as NatsPublishException)?.Reason ?? $"Publishing to stream '{_stream}' ended early",
            _stored,
            _unknown,
            _notStored,
            error is NatsPublishException given ? given.InnerException : error);
        throw error is OperationCanceledException && ct.IsCancellationRequested
            ? new OperationCanceledException(outcome.Message, outcome, ct)
            : outcome;
    }

    private async Task SettleAsync(string messageId, Task<long> publication)
    {
        try
        {
            await publication.ConfigureAwait(false);
            lock (_lock)
            {
                _stored++;
            }
        }
        catch (Exception error)
        {
            lock (_lock)
            {
                _error ??= error;
                switch (error)
                {
                    case NatsPublishException given:
                        _unknown.AddRange(given.UnknownMessageIds);
                        _notStored += given.NotStored;
                        break;
                    case OperationCanceledException:
                        _unknown.Add(messageId); // it may be on its way
                        break;
                    default:
                        _notStored++;
                        break;
                }
            }
        }
    }
}
