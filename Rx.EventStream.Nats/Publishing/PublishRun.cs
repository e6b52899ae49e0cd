namespace Rx.Nats.Publishing;

/// <summary>Publications of one call, a bounded number of them at a time, and what became of them.</summary>
internal sealed class PublishRun
{
    private readonly string _stream;
    private readonly TimeSpan _timeout;
    private readonly int _maxInFlight;
    private readonly Queue<Task<long>> _inFlight = new();
    private readonly List<string> _unknown = [];

    private int _stored;
    private int _notStored;
    private long _lastSequence;
    private Exception? _error;

    internal PublishRun(string stream, TimeSpan timeout, int maxInFlight)
    {
        _stream = stream;
        _timeout = timeout;
        _maxInFlight = maxInFlight;
    }

    /// <summary>Adds a publication, once there is room. False if one has failed: then no more is to be added.</summary>
    internal async ValueTask<bool> AddAsync(Task<long> publication)
    {
        _inFlight.Enqueue(publication);
        while (_inFlight.Count >= _maxInFlight || (_inFlight.TryPeek(out Task<long>? first) && first.IsCompleted))
        {
            await SettleAsync(_inFlight.Dequeue()).ConfigureAwait(false);
        }

        return _error is null;
    }

    /// <summary>Waits for all; the last one's sequence, or how it failed.</summary>
    internal async ValueTask<long> FinishAsync()
    {
        while (_inFlight.TryDequeue(out Task<long>? publication))
        {
            await SettleAsync(publication).ConfigureAwait(false);
        }

        return _error switch
        {
            null => _lastSequence,
            NatsPublishException error => throw new NatsPublishException(_stream, _timeout, _stored, _unknown, _notStored, error.InnerException),
            var error => throw error,
        };
    }

    private async ValueTask SettleAsync(Task<long> publication)
    {
        try
        {
            _lastSequence = await publication.ConfigureAwait(false);
            _stored++;
        }
        catch (Exception error)
        {
            _error ??= error;
            if (error is NatsPublishException { } given)
            {
                _unknown.AddRange(given.UnknownMessageIds);
                _notStored += given.NotStored;
            }
            else
            {
                _notStored++;
            }
        }
    }
}
