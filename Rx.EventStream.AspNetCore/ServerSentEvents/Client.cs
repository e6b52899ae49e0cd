using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Rx.AspNetCore.ServerSentEvents;

/// <summary>One client's response, from its first line to its end.</summary>
/// <remarks><b>Concurrency.</b> One owner, the request's task.</remarks>
internal sealed class Client<T> : IDisposable
{
    /// <summary>How much is written before it is sent, while more is there.</summary>
    private const int MaxUnflushedBytes = 16 * 1024;

    /// <summary>How many events are taken in a row, also if a filter lets none of them pass.</summary>
    private const int MaxBatch = 1024;

    /// <summary>How long the end of an application waits for a client.</summary>
    private static readonly TimeSpan _grace = TimeSpan.FromSeconds(1);

    private readonly EventStreamEndpoint<T> _endpoint;
    private readonly HttpContext _context;
    private readonly Func<T, bool>? _filter;
    private readonly SseWriter _writer;
    private readonly PeriodicTimer _heartbeat;

    /// <summary>Canceled when the response must end: the client is gone, or the application stops.</summary>
    private readonly CancellationTokenSource _ended;
    private EventReader<T> _reader;
    private byte[]? _snapshot;

    /// <summary>The sequence number of the event that the client needs next. The reader's own is greater if the lag policy has dropped
    /// events.</summary>
    private long _next;

    /// <summary>When something other than a heart-beat was written last.</summary>
    private long _writtenAt;

    internal Client(EventStreamEndpoint<T> endpoint, HttpContext context, Func<T, bool>? filter, Opening<T> opening)
    {
        _endpoint = endpoint;
        _context = context;
        _filter = filter;
        _reader = opening.Reader;
        _snapshot = opening.Snapshot;
        _next = opening.Reader.Sequence;
        _writer = new SseWriter(context.Response.BodyWriter, endpoint.Ids);
        _heartbeat = new PeriodicTimer(endpoint.Options.Heartbeat, endpoint.Time);
        _ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, endpoint.Stopping);
    }

    public void Dispose()
    {
        _ended.Cancel(); // a pending wait ends with it, and not with the exception of a disposed reader
        _ended.Dispose();
        _heartbeat.Dispose();
        _reader.Dispose();
    }

    /// <summary>Writes the response until the stream or the application ends, the client is gone, or lags too far.</summary>
    internal async Task RunAsync(ResetReason? reset)
    {
        try
        {
            StartResponse(reset);
            await FlushAsync().ConfigureAwait(false);
            await FollowAsync().ConfigureAwait(false);
            await FlushAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            await EndAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Sends the rest, so that the response is whole. A client that does not read is cut off: the application does not wait for
    /// it.</summary>
    private async Task EndAsync()
    {
        if (_context.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        try
        {
            await _writer.TryFlushAsync(CancellationToken.None).AsTask().WaitAsync(_grace).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            _context.Abort();
        }
    }

    private void StartResponse(ResetReason? reset)
    {
        HttpResponse response = _context.Response;
        response.ContentType = EventStreamEndpoint<T>.EventStreamContentType;
        response.Headers.CacheControl = "no-cache,no-store";
        response.Headers.Pragma = "no-cache";
        response.Headers.ContentEncoding = "identity"; // compression would hold events back
        response.Headers["X-Accel-Buffering"] = "no"; // so would nginx
        _context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();

        if (_endpoint.Options.ReconnectionInterval is { } interval)
        {
            _writer.WriteReconnectionInterval(interval);
        }

        WriteStart(reset);
        _writtenAt = _endpoint.Time.GetTimestamp();
    }

    /// <summary>What comes before the first event.</summary>
    private void WriteStart(ResetReason? reset)
    {
        long seen = _next - 1;
        if (reset is { } reason)
        {
            // Until it has the snapshot, the client keeps the id that it has: it must not resume without.
            _writer.WriteEvent("reset", DataOf(reason), _snapshot is null ? seen : null);
        }

        if (_snapshot is not null)
        {
            _writer.WriteEvent("snapshot", _snapshot, seen);
            _snapshot = null;
        }
        else if (reset is null)
        {
            _writer.WriteId(seen); // a client that is cut off before the first event resumes here
        }
    }

    /// <summary>Writes events until there are no more, and returns with the end written but not sent.</summary>
    private async Task FollowAsync()
    {
        Task<bool>? more = null;
        Task<bool> tick = NextTick();
        while (true)
        {
            more ??= _reader.WaitToReadAsync(_ended.Token).AsTask();
            if (more.IsCompleted || await Task.WhenAny(more, tick).ConfigureAwait(false) == more)
            {
                if (!await HasEventAsync(more).ConfigureAwait(false))
                {
                    return;
                }

                more = null;
                if (WriteEvents() == MaxBatch)
                {
                    await Task.Yield(); // of a filtered stream, perhaps nothing was written that would wait
                }
            }

            if (tick.IsCompleted)
            {
                tick = NextTick();
                if (_endpoint.Time.GetElapsedTime(_writtenAt) >= _endpoint.Options.Heartbeat)
                {
                    _writer.WriteHeartbeat(_next - 1);
                }
            }

            if (_writer.UnflushedBytes > 0)
            {
                await FlushAsync().ConfigureAwait(false);
            }
        }
    }

    private Task<bool> NextTick() => _heartbeat.WaitForNextTickAsync(CancellationToken.None).AsTask();

    /// <summary>The result of a wait; false, with the end written, if nothing more comes.</summary>
    private async ValueTask<bool> HasEventAsync(Task<bool> more)
    {
        EventStream<T> stream = _endpoint.Origin.Stream;
        try
        {
            if (await more.ConfigureAwait(false))
            {
                return true;
            }

            WriteEnd("completed");
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            throw;
        }
        catch (ObjectDisposedException) when (stream.IsDisposed)
        {
        }
        catch (SubscriberLaggedException error) when (_reader.Sequence < stream.NextSequence)
        {
            _endpoint.Logger.ClientLagged(_context.Request.Path, error.MissedCount);
        }
        catch (Exception error)
        {
            _endpoint.Logger.StreamFailed(error, _context.Request.Path);
            WriteEnd("fault");
        }

        return false;
    }

    /// <summary>The end's id tells that its client has seen it.</summary>
    private void WriteEnd(string name)
    {
        if (!_endpoint.Stopping.IsCancellationRequested)
        {
            _writer.WriteEvent(name, "{}"u8, _reader.Sequence);
        }
    }

    /// <summary>Writes the events that are there, as many as are sent at once; returns how many were taken.</summary>
    private int WriteEvents()
    {
        int taken = 0;
        while (taken < MaxBatch && _writer.UnflushedBytes < MaxUnflushedBytes && _reader.TryRead(out T? value))
        {
            taken++;
            long sequence = _reader.Sequence - 1;
            if (sequence > _next && !SkipTo(sequence))
            {
                break;
            }

            _next = sequence + 1;
            if (_filter is null || _filter(value))
            {
                byte[] json = JsonSerializer.SerializeToUtf8Bytes(value, _endpoint.Json);
                _writer.WriteEvent(_endpoint.Options.EventName?.Invoke(value), json, sequence);
            }
        }

        if (_writer.UnflushedBytes > 0)
        {
            _writtenAt = _endpoint.Time.GetTimestamp();
        }

        return taken;
    }

    /// <summary>Tells the client that it has lost events. With a projection the client gets a snapshot instead, and this returns
    /// false.</summary>
    private bool SkipTo(long sequence)
    {
        if (!_endpoint.Origin.HasSnapshot)
        {
            string count = (sequence - _next).ToString(CultureInfo.InvariantCulture);
            _writer.WriteEvent("dropped", Encoding.ASCII.GetBytes($"{{\"count\":{count}}}"), sequence - 1);
            return true;
        }

        Opening<T> opening = _endpoint.Origin.Open(_context.Request);
        _reader.Dispose();
        (_reader, _snapshot) = opening;
        _next = _reader.Sequence;
        WriteStart(ResetReason.Lagged);
        return false;
    }

    private async ValueTask FlushAsync()
    {
        if (!await _writer.TryFlushAsync(_ended.Token).ConfigureAwait(false))
        {
            await _ended.CancelAsync().ConfigureAwait(false);
            _ended.Token.ThrowIfCancellationRequested();
        }
    }

    private static ReadOnlySpan<byte> DataOf(ResetReason reason) => reason switch
    {
        ResetReason.Malformed => """{"reason":"malformed"}"""u8,
        ResetReason.OtherEpoch => """{"reason":"other-epoch"}"""u8,
        ResetReason.Expired => """{"reason":"expired"}"""u8,
        ResetReason.Ahead => """{"reason":"ahead"}"""u8,
        _ => """{"reason":"lagged"}"""u8,
    };
}
