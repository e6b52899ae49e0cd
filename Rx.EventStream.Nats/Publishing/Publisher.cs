using System.Buffers;
using System.Threading.Channels;
using NATS.Client.JetStream;
using Rx.Diagnostics;
using Rx.Nats.Server;

namespace Rx.Nats.Publishing;

/// <summary>Stores events in the server's stream, in the order of the calls, with many in flight at a time.</summary>
/// <remarks>
/// Callers put their events into a queue. One loop takes what is in the queue as one batch, sends it, and takes the next batch when every event of the
/// first has its outcome. At most one batch, of a bounded size, is unanswered at any time.
/// The loop has no execution context of its own: what it does for a publication, it does under the activity that was current at the call, not under that of the
/// caller that opened the stream.
/// <para><b>Concurrency.</b> Any thread can publish. Only the loop sends.</para>
/// </remarks>
internal sealed class Publisher<T> : IAsyncDisposable
{
    private readonly StreamApi _api;
    private readonly NatsEventStreamOptions<T> _options;
    private readonly MessageIds _messageIds = new();
    private readonly Channel<Publication> _queue;
    private readonly Task _loop;

    internal Publisher(StreamApi api, NatsEventStreamOptions<T> options)
    {
        _api = api;
        _options = options;
        _queue = Channel.CreateBounded<Publication>(new BoundedChannelOptions(options.MaxInFlight) { SingleReader = true });
        _loop = RunDetached(RunAsync);
    }

    /// <summary>Accepts no more events, and waits for the accepted ones. Each is answered or given up within its timeout.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _loop.ConfigureAwait(false);
    }

    /// <summary>A new message id.</summary>
    internal string NextMessageId() => _messageIds.Next();

    internal async Task<long> PublishAsync(T value, long? expectedLastSequence, string? messageId, CancellationToken cancellationToken)
    {
        Publication publication = Prepare(value, expectedLastSequence, messageId);
        await EnqueueAsync(publication, cancellationToken).ConfigureAwait(false);
        using (cancellationToken.UnsafeRegister(static (state, token) => ((Publication)state!).Cancel(token), publication))
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
                $"'{subject}' is not a valid subject to publish to: it is empty, or contains an empty word, a wildcard, a space or a control character. " +
                "The event was not stored.");
        }

        var payload = new ArrayBufferWriter<byte>();
        _options.Serializer.Serialize(payload, value);
        if (_api.Connection.ServerInfo is { MaxPayload: var limit } && payload.WrittenCount > limit)
        {
            throw new NatsEventStreamException(
                $"An event for subject '{subject}' has {payload.WrittenCount} bytes. The server accepts at most {limit}. The event was not stored.");
        }

        var options = new NatsJSPubOpts
        {
            MsgId = messageId ?? NextMessageId(),
            ExpectedStream = _api.Stream,
            ExpectedLastSequence = (ulong?)expectedLastSequence,
        };
        return new Publication(subject, payload.WrittenMemory, options, _options.PublishTimeout);
    }

    /// <summary>Waits for room in the queue, within the publication's timeout.</summary>
    private async ValueTask EnqueueAsync(Publication publication, CancellationToken cancellationToken)
    {
        if (_queue.Writer.TryWrite(publication))
        {
            return;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(publication.Remaining);
        try
        {
            await _queue.Writer.WriteAsync(publication, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw publication.NoAnswer();
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(TypeName.Of(typeof(NatsEventStream<T>)));
        }
    }

    /// <summary>Runs the loop on the thread pool without the caller's execution context.</summary>
    private static Task RunDetached(Func<Task> loop)
    {
        if (ExecutionContext.IsFlowSuppressed())
        {
            return Task.Run(loop);
        }

        using (ExecutionContext.SuppressFlow())
        {
            return Task.Run(loop);
        }
    }

    private async Task RunAsync()
    {
        var sender = new BatchSender(_api);
        var batch = new List<Publication>(_options.MaxInFlight);
        while (await _queue.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (batch.Count < _options.MaxInFlight && _queue.Reader.TryRead(out Publication? publication))
            {
                batch.Add(publication);
            }

            await sender.SendAsync(batch).ConfigureAwait(false);
        }
    }
}
