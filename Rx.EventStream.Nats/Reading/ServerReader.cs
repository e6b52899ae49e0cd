using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Rx.Nats.Server;

namespace Rx.Nats.Reading;

/// <summary>Reads the events of the server's stream in order, none twice and none left out, whatever happens to connection and server.</summary>
/// <remarks>
/// It reads through a consumer on the server, which it makes anew, to start with the next sequence, whenever that is lost, or something it sent was:
/// <list type="number">
/// <item>Every start but the first is an explicit sequence. The first becomes one before any event is read.</item>
/// <item>A consumer numbers what it sends. A hole in these numbers means lost messages, so the consumer is given up; so it is when the
/// connection is lost, since then the last messages may be.</item>
/// <item>Once a consumer stands, the stream's first sequence is compared with the next one: what was trimmed between is a gap.
/// It is compared again when sequences jump, unless a filter or the stream's own limits make jumps normal.</item>
/// </list>
/// Not the client's ordered consumer: that one starts over where it started until the first message has come, and does no 3.
/// <para>One owner at a time.</para>
/// </remarks>
internal sealed class ServerReader<T> : IAsyncDisposable
{
    /// <summary>How often the server says that it is there while it has no events. Two missed ones mean that it is not.</summary>
    private static readonly TimeSpan _heartbeat = TimeSpan.FromSeconds(5);

    /// <summary>When the server deletes a consumer that nobody reads from, such as one of a process that was killed.</summary>
    private static readonly TimeSpan _inactiveThreshold = TimeSpan.FromMinutes(1);

    private readonly StreamApi _api;
    private readonly NatsEventStreamOptions<T> _options;
    private readonly NatsStart _start;

    /// <summary>Ends all reading.</summary>
    private readonly CancellationToken _lifetime;

    private INatsJSConsumer? _consumer;
    private IAsyncEnumerator<INatsJSMsg<T>>? _messages;

    /// <summary>Cancelled when the consumer is given up. Replaced by the owner, cancelled by the connection too.</summary>
    private CancellationTokenSource? _lost;

    /// <summary>How many messages of this consumer have come.</summary>
    private ulong _received;

    /// <summary>Whether this consumer had nothing to send when it was made, and nobody was told yet.</summary>
    private bool _isEmpty;

    /// <summary>Whether sequences may jump with nothing missing.</summary>
    private bool _jumpsAreNormal;

    /// <summary>When the stream was made; another stream of the same name has other events. Null until the first consumer stands.</summary>
    private DateTimeOffset? _created;

    /// <summary>Makes a reader; it asks nothing of the server yet.</summary>
    internal ServerReader(StreamApi api, NatsEventStreamOptions<T> options, NatsStart start, CancellationToken lifetime)
    {
        _lifetime = lifetime;
        _api = api;
        _options = options;
        _start = start;
        Next = start.Sequence ?? 0;
        api.Connection.ConnectionDisconnected += GiveUp;
    }

    /// <summary>The sequence after the last one read; before the first, where to start. 0 until that is known.</summary>
    internal long Next { get; private set; }

    /// <summary>The last sequence of the part that is read by subject, the newest event of each only; 0 for none.</summary>
    internal long BySubjectUntil { get; private set; }

    /// <summary>Whether it is still in that part.</summary>
    private bool IsBySubject => ReferenceEquals(_start, NatsStart.LastPerSubject) && (Next == 0 || Next <= BySubjectUntil);

    public async ValueTask DisposeAsync()
    {
        INatsJSConsumer? consumer = _consumer;
        _api.Connection.ConnectionDisconnected -= GiveUp;
        await CloseAsync().ConfigureAwait(false);
        _lost?.Dispose();
        if (consumer is not null)
        {
            await _api.DeleteConsumerAsync(consumer.Info.Name).ConfigureAwait(false);
        }
    }

    /// <summary>Makes the consumer, and with the first the start an explicit sequence.</summary>
    /// <exception cref="EventStreamGapException">Events from the next one on were trimmed.</exception>
    /// <exception cref="NatsEventStreamException">It cannot be made, and trying again would not help.</exception>
    internal async Task OpenAsync(CancellationToken ct)
    {
        // Before the consumer, so that no disconnection after it goes unnoticed.
        _lost?.Dispose();
        Volatile.Write(ref _lost, CancellationTokenSource.CreateLinkedTokenSource(_lifetime));

        // Asked first where it says where to start, so that nothing stored later is left out.
        StreamInfo? before = Next == 0 ? await _api.GetInfoAsync(ct).ConfigureAwait(false) : null;
        if (before is not null && ReferenceEquals(_start, NatsStart.Now))
        {
            Next = (long)before.State.LastSeq + 1;
        }

        if (before is not null && ReferenceEquals(_start, NatsStart.LastPerSubject))
        {
            BySubjectUntil = (long)before.State.LastSeq;
        }

        INatsJSConsumer consumer = await _api.CreateConsumerAsync(Configure(), ct).ConfigureAwait(false);
        _consumer = consumer;
        _received = 0;
        _isEmpty = consumer.Info.NumPending == 0;
        if (Next == 0)
        {
            // A new consumer counts what lies before its start as delivered.
            Next = (long)consumer.Info.Delivered.StreamSeq + 1;
        }

        // Asked now, when the consumer has sent nothing yet: what was trimmed before this is missing, and what is trimmed later makes a jump.
        StreamInfo info = await _api.GetInfoAsync(ct).ConfigureAwait(false);
        ThrowIfMissing(info);
        _jumpsAreNormal = _options.Filter is not null || info.Config.MaxMsgsPerSubject > 0;
        _messages = consumer.ConsumeAsync(_options.Serializer, ConsumeOptions(_lost), _lost.Token).GetAsyncEnumerator(CancellationToken.None);
    }

    /// <summary>The next event, or that there is none yet; the latter only right after a consumer was made.</summary>
    /// <exception cref="EventStreamGapException">Events were trimmed before they were read.</exception>
    /// <exception cref="UnreadableEventException">An event cannot be read, and is not to be skipped.</exception>
    /// <exception cref="NatsEventStreamException">Reading cannot go on, and trying again would not help.</exception>
    internal async ValueTask<Arrival<T>> ReadAsync()
    {
        while (true)
        {
            if (_messages is null)
            {
                await ReopenAsync().ConfigureAwait(false);
            }

            if (_isEmpty)
            {
                _isEmpty = false;
                return default;
            }

            INatsJSMsg<T>? message = await MoveNextAsync().ConfigureAwait(false);
            if (message is null)
            {
                await CloseAsync().ConfigureAwait(false);
                continue;
            }

            if (!MessagePlace.TryParse(message.ReplyTo, out MessagePlace place))
            {
                throw new NatsEventStreamException(
                    $"The server says of a message of stream '{_api.Stream}' where it stands in a way not known here: '{message.ReplyTo}'.");
            }

            if (place.Number != ++_received)
            {
                await CloseAsync().ConfigureAwait(false);
            }
            else if (await AcceptAsync(message, place.Sequence).ConfigureAwait(false))
            {
                return new Arrival<T>(true, new Sequenced<T>(Next - 1, message.Data!), place.Pending);
            }
        }
    }

    /// <summary>Whether a message is the next event to hand out.</summary>
    private async ValueTask<bool> AcceptAsync(INatsJSMsg<T> message, long sequence)
    {
        if (sequence < Next)
        {
            return false; // by subject, where a new consumer begins at the beginning
        }

        if (sequence > Next && !_jumpsAreNormal && !IsBySubject && !await IsJustDeletedAsync(sequence).ConfigureAwait(false))
        {
            return false;
        }

        Next = sequence + 1;
        if (message.Error is not { } error)
        {
            return true;
        }

        var unreadable = new UnreadableEventException(_api.Stream, sequence, message.Subject, error.InnerException ?? error);
        if (_options.SkipUnreadable is not { } skip)
        {
            throw unreadable;
        }

        skip(unreadable);
        return false;
    }

    /// <summary>Whether sequences jumped because somebody deleted single events; throws if the stream was trimmed. False if the server does
    /// not answer: then the consumer is given up, and the next one starts before the jump.</summary>
    private async ValueTask<bool> IsJustDeletedAsync(long sequence)
    {
        try
        {
            StreamInfo info = await _api.GetInfoAsync(_lifetime).ConfigureAwait(false);
            var first = (long)info.State.FirstSeq;
            return first <= Next ? true : throw new EventStreamGapException(Next, Math.Min(first, sequence) - 1);
        }
        catch (Exception error) when (StreamApi.IsPassing(error) && !_lifetime.IsCancellationRequested)
        {
            await CloseAsync().ConfigureAwait(false);
            return false;
        }
    }

    /// <summary>The next message, or null if the consumer is lost.</summary>
    private async ValueTask<INatsJSMsg<T>?> MoveNextAsync()
    {
        try
        {
            if (await _messages!.MoveNextAsync().ConfigureAwait(false))
            {
                return _messages.Current;
            }
        }
        catch (Exception error) when (StreamApi.IsPassing(error))
        {
            // Deleted, moved or unreachable: the next one will tell.
        }

        _lifetime.ThrowIfCancellationRequested();
        return null;
    }

    private async Task ReopenAsync()
    {
        var backoff = new Backoff();
        while (true)
        {
            try
            {
                await OpenAsync(_lifetime).ConfigureAwait(false);
                return;
            }
            catch (Exception error) when (StreamApi.IsPassing(error) && !_lifetime.IsCancellationRequested)
            {
                await backoff.WaitAsync(_lifetime).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask CloseAsync()
    {
        if (_messages is not { } messages)
        {
            return;
        }

        _messages = null;
        await _lost!.CancelAsync().ConfigureAwait(false);
        try
        {
            await messages.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (StreamApi.IsPassing(error) || error is NatsConnectionFailedException or ObjectDisposedException)
        {
            // The server forgets it by itself.
        }
    }

    /// <summary>Gives the consumer up with its connection: what the server sent into a dead one counts as delivered, and does not come again.</summary>
    private async ValueTask GiveUp(object? sender, NatsEventArgs args)
    {
        try
        {
            await (Volatile.Read(ref _lost)?.CancelAsync() ?? Task.CompletedTask).ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // It has been given up before.
        }
    }

    private void ThrowIfMissing(StreamInfo info)
    {
        var first = Math.Max((long)info.State.FirstSeq, 1);
        var last = (long)info.State.LastSeq;
        if ((_created ??= info.Created) != info.Created || Next > last + 1)
        {
            throw new NatsEventStreamException($"Stream '{_api.Stream}' ends with sequence {last} and does not go on at {Next}: was it deleted and made anew?");
        }

        if (Next < first && !IsBySubject)
        {
            throw new EventStreamGapException(Next, first - 1);
        }
    }

    private ConsumerConfig Configure()
    {
        var config = new ConsumerConfig
        {
            // Without a name, the client makes one of the filter's words, which then is another's consumer.
            Name = $"rx-{Guid.NewGuid():N}",
            FilterSubject = _options.Filter,
            AckPolicy = ConsumerConfigAckPolicy.None,
            MemStorage = true,
            NumReplicas = 1,
            InactiveThreshold = _inactiveThreshold,
        };
        if (IsBySubject)
        {
            config.DeliverPolicy = ConsumerConfigDeliverPolicy.LastPerSubject;
            config.FilterSubject ??= ">";
        }
        else if (Next > 0)
        {
            config.DeliverPolicy = ConsumerConfigDeliverPolicy.ByStartSequence;
            config.OptStartSeq = (ulong)Next;
        }
        else if (_start.Time is { } time)
        {
            config.DeliverPolicy = ConsumerConfigDeliverPolicy.ByStartTime;
            config.OptStartTime = time;
        }
        else
        {
            config.DeliverPolicy = ConsumerConfigDeliverPolicy.All;
        }

        return config;
    }

    private NatsJSConsumeOpts ConsumeOptions(CancellationTokenSource lost) => new()
    {
        MaxMsgs = _options.Prefetch,
        IdleHeartbeat = _heartbeat,
        NotificationHandler = (notification, _) =>
            notification is NatsJSTimeoutNotification or NatsJSNoRespondersNotification ? lost.CancelAsync() : Task.CompletedTask,
    };
}
