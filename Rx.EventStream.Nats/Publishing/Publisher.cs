using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Rx.Nats.Server;

namespace Rx.Nats.Publishing;

/// <summary>Stores events in the server's stream, in the order they come, many in flight at a time.</summary>
/// <remarks>
/// One loop takes what has come meanwhile as one flight, sends it, and waits for all answers before the next one. What got no answer is
/// sent again, before anything newer, under the same message ids, so the server stores each once. Answers have their time from when all
/// is sent, and anew with each that comes: a slow line is no silent one. At most one flight, of a bounded size, is ever unanswered. Within it the order may change when the connection breaks: the client may still send its rest on the next
/// connection, before what was lost with the old one is sent again.
/// <para><b>Concurrency.</b> Any thread may publish; the loop alone sends.</para>
/// </remarks>
internal sealed class Publisher<T> : IAsyncDisposable
{
    private const int WrongLastSequence = 10071;
    private const int WrongStream = 10060;

    /// <summary>Servers that share a stream say so of an event that one of them is just storing, by an attempt before.</summary>
    private const int DuplicateInProcess = 10158;

    private readonly StreamApi _api;
    private readonly NatsEventStreamOptions<T> _options;
    private readonly Channel<Publication> _queue;
    private readonly Task _loop;

    /// <summary>Begins every message id made here, so that no other publisher makes the same.</summary>
    private readonly string _idPrefix = $"{Guid.NewGuid():N}-";

    /// <summary>Counts the message ids made here. Interlocked.</summary>
    private long _lastId;

    internal Publisher(StreamApi api, NatsEventStreamOptions<T> options)
    {
        _api = api;
        _options = options;
        _queue = Channel.CreateBounded<Publication>(new BoundedChannelOptions(options.MaxInFlight) { SingleReader = true });
        _loop = RunAsync();
    }

    /// <summary>Takes no more events, and waits for those it has; each is answered or given up within its bound.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _loop.ConfigureAwait(false);
    }

    /// <summary>Makes a message id.</summary>
    internal string NextId() => _idPrefix + Interlocked.Increment(ref _lastId).ToString(CultureInfo.InvariantCulture);

    internal async Task<long> PublishAsync(T value, long? expectedLastSequence, string? messageId, CancellationToken ct)
    {
        Publication publication = Prepare(value, expectedLastSequence, messageId);
        await EnqueueAsync(publication, ct).ConfigureAwait(false);
        using (ct.UnsafeRegister(static (state, token) => ((Publication)state!).TryCancel(token), publication))
        {
            return await publication.Stored.ConfigureAwait(false);
        }
    }

    private Publication Prepare(T value, long? expectedLastSequence, string? messageId)
    {
        string subject = _options.Subject(value);
        if (!SubjectPattern.IsSubject(subject))
        {
            throw new NatsEventStreamException(
                $"'{subject}' is no subject to publish to: it is empty, or has an empty word, a wildcard, a space or a control character. The event was not stored.");
        }

        var payload = new ArrayBufferWriter<byte>();
        _options.Serializer.Serialize(payload, value);
        if (_api.Connection.ServerInfo is { MaxPayload: var limit } && payload.WrittenCount > limit)
        {
            throw new NatsEventStreamException(
                $"An event for subject '{subject}' has {payload.WrittenCount} bytes; the server takes at most {limit}. It was not stored.");
        }

        var options = new NatsJSPubOpts
        {
            MsgId = messageId ?? NextId(),
            ExpectedStream = _api.Stream,
            ExpectedLastSequence = (ulong?)expectedLastSequence,
        };
        return new Publication(subject, payload.WrittenMemory, options, Environment.TickCount64 + (long)_options.PublishTimeout.TotalMilliseconds);
    }

    /// <summary>Waits for room in the queue, within the publication's bound.</summary>
    private async ValueTask EnqueueAsync(Publication publication, CancellationToken ct)
    {
        if (_queue.Writer.TryWrite(publication))
        {
            return;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Remaining(publication));
        try
        {
            await _queue.Writer.WriteAsync(publication, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            ct.ThrowIfCancellationRequested();
            throw GivenUp(publication);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(typeof(NatsEventStream<T>).Name);
        }
    }

    private async Task RunAsync()
    {
        var flight = new List<Publication>(_options.MaxInFlight);
        while (await _queue.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (flight.Count < _options.MaxInFlight && _queue.Reader.TryRead(out Publication? publication))
            {
                flight.Add(publication);
            }

            var backoff = new Backoff();
            while (true)
            {
                GiveUpOverdue(flight);
                flight.RemoveAll(static p => p.IsDone);
                if (flight.Count == 0)
                {
                    break;
                }

                try
                {
                    await AttemptAsync(flight).ConfigureAwait(false);
                }
                catch (Exception error)
                {
                    flight.ForEach(p => p.Fail(error)); // whatever it is, nobody is to wait for ever
                }

                flight.RemoveAll(static p => p.IsDone);
                if (flight.Count > 0)
                {
                    await backoff.WaitAsync(CancellationToken.None).ConfigureAwait(false);
                }
            }
        }
    }

    /// <summary>Sends each publication, in order, then takes the answers. What was not answered stays undone.</summary>
    private async Task AttemptAsync(List<Publication> flight)
    {
        long start = Stopwatch.GetTimestamp();
        var sent = new List<(Publication Publication, NatsJSPublishConcurrentFuture Answer)>(flight.Count);
        using (var limit = new CancellationTokenSource(flight.Min(Remaining)))
        {
            foreach (Publication publication in flight)
            {
                if (await TrySendAsync(publication, limit.Token).ConfigureAwait(false) is not { } answer)
                {
                    if (publication.IsDone)
                    {
                        continue;
                    }

                    break; // what follows must not overtake it
                }

                sent.Add((publication, answer));
            }
        }

        await TakeAnswersAsync(sent, start).ConfigureAwait(false);
    }

    private async Task TakeAnswersAsync(List<(Publication Publication, NatsJSPublishConcurrentFuture Answer)> sent, long start)
    {
        var unheard = new HashSet<string>();
        using var limit = new CancellationTokenSource();
        foreach ((Publication publication, NatsJSPublishConcurrentFuture answer) in sent)
        {
            // As long as answers come, the next one has its time; no longer than the first to be given up may wait.
            limit.CancelAfter(Min(_api.Connection.Opts.RequestTimeout, Remaining(publication)));
            await TakeAnswerAsync(publication, answer, start, limit.Token).ConfigureAwait(false);
            if (publication is { IsDone: false, LastError: NatsNoRespondersException or NatsJSPublishNoResponseException } && unheard.Add(publication.Subject))
            {
                await FailIfNotStoredAsync(publication, limit.Token).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask<NatsJSPublishConcurrentFuture?> TrySendAsync(Publication publication, CancellationToken ct)
    {
        try
        {
            // Waits while there is no connection, so that what was certainly not sent can be told from what may have been.
            if (_api.Connection.ConnectionState != NatsConnectionState.Open)
            {
                await _api.Connection.ConnectAsync().AsTask().WaitAsync(ct).ConfigureAwait(false);
            }

            publication.WasSent = true;
            return await _api.SendAsync(publication.Subject, publication.Payload, publication.Options, _options.PublishTimeout, ct).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            Note(publication, error);
            return null;
        }
    }

    private async ValueTask TakeAnswerAsync(Publication publication, NatsJSPublishConcurrentFuture answer, long start, CancellationToken ct)
    {
        try
        {
            // Disposing throws as well, where nobody was there to answer.
            await using (answer.ConfigureAwait(false))
            {
                PubAckResponse response = await ResponseAsync(answer, ct).ConfigureAwait(false);
                if (response.Error is { } error)
                {
                    await RefuseAsync(publication, error, ct).ConfigureAwait(false);
                }
                else
                {
                    publication.Complete((long)response.Seq);
                }
            }
        }
        catch (Exception error)
        {
            Note(publication, error);
            FailIfForbidden(publication, start, error);
        }
    }

    /// <summary>The answer; one that has come is taken even after the time for it, when another was waited for in vain.</summary>
    private static async ValueTask<PubAckResponse> ResponseAsync(NatsJSPublishConcurrentFuture answer, CancellationToken ct)
    {
        if (!ct.IsCancellationRequested)
        {
            return await answer.GetResponseAsync(ct).ConfigureAwait(false);
        }

        using var now = new CancellationTokenSource();
        ValueTask<PubAckResponse> response = answer.GetResponseAsync(now.Token);
        if (!response.IsCompleted)
        {
            await now.CancelAsync().ConfigureAwait(false);
        }

        return await response.ConfigureAwait(false);
    }

    /// <summary>The server has answered, and has not stored it, by no attempt: it would have known the message id.</summary>
    private async ValueTask RefuseAsync(Publication publication, ApiError error, CancellationToken ct)
    {
        if (error.ErrCode == DuplicateInProcess)
        {
            publication.LastError = new NatsEventStreamException($"Stream '{_api.Stream}' is still storing an event for subject '{publication.Subject}'.");
            return;
        }

        publication.WasSent = false;
        if (error.ErrCode == WrongLastSequence)
        {
            // "wrong last sequence: 42"
            if (!long.TryParse(error.Description?.Split(' ')[^1], CultureInfo.InvariantCulture, out long actual))
            {
                actual = (long)(await _api.GetInfoAsync(ct).ConfigureAwait(false)).State.LastSeq;
            }

            publication.Fail(new WrongSequenceException(_api.Stream, (long)publication.Options.ExpectedLastSequence.GetValueOrDefault(), actual));
            return;
        }

        var refusal = new NatsEventStreamException(error.ErrCode == WrongStream
            ? $"Subject '{publication.Subject}' belongs to another stream than '{_api.Stream}'. The event was not stored."
            : $"Stream '{_api.Stream}' refuses an event for subject '{publication.Subject}': {error.Description}. It was not stored.");
        if (error.Code >= 500)
        {
            publication.LastError = refusal; // it may have room again, or a leader
        }
        else
        {
            publication.Fail(refusal);
        }
    }

    private void FailIfForbidden(Publication publication, long start, Exception error)
    {
        try
        {
            _api.ThrowIfForbidden(publication.Subject, start, error);
        }
        catch (NatsEventStreamException forbidden)
        {
            publication.Fail(forbidden);
        }
    }

    /// <summary>Nobody heard it: the server is not ready, or no stream stores the subject.</summary>
    private async ValueTask FailIfNotStoredAsync(Publication publication, CancellationToken ct)
    {
        try
        {
            await _api.ThrowIfNotStoredAsync(publication.Subject, ct).ConfigureAwait(false);
        }
        catch (NatsEventStreamException notStored)
        {
            publication.Fail(notStored);
        }
        catch (Exception error) when (StreamApi.IsPassing(error))
        {
            // It is not ready.
        }
    }

    /// <summary>Keeps why an attempt failed, or ends the publication where another would fail as well.</summary>
    private void Note(Publication publication, Exception error)
    {
        if (StreamApi.IsPassing(error))
        {
            publication.LastError = error is OperationCanceledException ? publication.LastError : error;
            return;
        }

        publication.Fail(error switch
        {
            NatsPayloadTooLargeException => new NatsEventStreamException($"An event for subject '{publication.Subject}' was not stored: {error.Message}.", error),
            NatsConnectionFailedException or ObjectDisposedException =>
                GivenUp(publication, new NatsEventStreamException($"The connection that stream '{_api.Stream}' uses is closed.", error)),
            _ => error,
        });
    }

    private void GiveUpOverdue(List<Publication> flight)
    {
        foreach (Publication publication in flight)
        {
            if (Remaining(publication) == TimeSpan.Zero)
            {
                publication.Fail(GivenUp(publication));
            }
        }
    }

    private NatsPublishException GivenUp(Publication publication, Exception? error = null) => new(
        $"Publishing to stream '{_api.Stream}' got no answer within {_options.PublishTimeout}",
        stored: 0,
        publication.WasSent ? [publication.Options.MsgId!] : [],
        notStored: publication.WasSent ? 0 : 1,
        error ?? publication.LastError);

    private static TimeSpan Remaining(Publication publication) =>
        TimeSpan.FromMilliseconds(Math.Max(0, publication.Deadline - Environment.TickCount64));

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
