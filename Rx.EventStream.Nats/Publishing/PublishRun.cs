using System.Diagnostics;

namespace Rx.Nats.Publishing;

/// <summary>The publications of one call, a bounded number of them at a time, and a count of their outcomes.</summary>
/// <remarks><b>Concurrency.</b> One caller at a time. Outcomes are counted as soon as they are known, on any thread.</remarks>
internal sealed class PublishRun
{
    private readonly string _stream;
    private readonly int _maxInFlight;

    /// <summary>One task for each publication, complete when its outcome is counted. None of them fails. Caller only.</summary>
    private readonly Queue<Task> _inFlight = new();

    /// <summary>Guards the four fields after it.</summary>
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

    /// <summary>Adds a publication, and waits until there is room for the next. False if any has failed; the caller must then add no more.</summary>
    internal async ValueTask<bool> AddAsync(string messageId, Task<long> publication)
    {
        _last = publication;
        _inFlight.Enqueue(CountAsync(messageId, publication));
        while (_inFlight.Count >= _maxInFlight || (_inFlight.TryPeek(out Task? first) && first.IsCompleted))
        {
            await _inFlight.Dequeue().ConfigureAwait(false);
        }

        lock (_lock)
        {
            return _error is null;
        }
    }

    /// <summary>Notes that no more publications can be added, and why.</summary>
    internal void Stop(Exception error)
    {
        lock (_lock)
        {
            _error ??= error;
        }
    }

    /// <summary>Waits for all publications. Returns the sequence number of the last one, or throws the counted outcomes.</summary>
    internal async ValueTask<long> FinishAsync(CancellationToken cancellationToken)
    {
        while (_inFlight.TryDequeue(out Task? publication))
        {
            await publication.ConfigureAwait(false);
        }

        // plain: every publication has been counted, and the caller is here, so no other thread writes the guarded fields.
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
        throw error is OperationCanceledException && cancellationToken.IsCancellationRequested
            ? new OperationCanceledException(outcome.Message, outcome, cancellationToken)
            : outcome;
    }

    private async Task CountAsync(string messageId, Task<long> publication)
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
                CountFailureLocked(messageId, error);
            }
        }
    }

    private void CountFailureLocked(string messageId, Exception error)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread, "The counts are guarded.");
        _error ??= error;
        switch (error)
        {
            case NatsPublishException given:
                _unknown.AddRange(given.UnknownMessageIds);
                _notStored += given.NotStored;
                break;
            case OperationCanceledException:
                _unknown.Add(messageId); // it may have been sent
                break;
            default:
                _notStored++;
                break;
        }
    }
}
