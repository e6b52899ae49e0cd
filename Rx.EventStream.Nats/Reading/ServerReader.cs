using System.Diagnostics;
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
/// <item>Where jumps are normal, the next sequence moves over what others store as well, while nothing of its own comes: else that, once
/// trimmed, would look like a gap.</item>
/// </list>
/// Not the client's ordered consumer: that one starts over where it started until the first message has come, and does no 3.
/// <para>One owner at a time; what others may read says so.</para>
/// </remarks>
internal sealed class ServerReader<T> : IAsyncDisposable
{
    /// <summary>After how long without events the consumer is asked how far it has come.</summary>
    private static readonly TimeSpan _idle = TimeSpan.FromSeconds(5);

    private readonly StreamApi _api;
    private readonly NatsEventStreamOptions<T> _options;
    private readonly NatsStart _start;

    /// <summary>Ends all reading.</summary>
    private readonly CancellationToken _lifetime;

    /// <summary>The newest consumer, or null. Written by the owner, read by the connection and by whoever deletes it.</summary>
    private INatsJSConsumer? _consumer;

    /// <summary>When this consumer was made, by <see cref="Stopwatch"/>.</summary>
    private long _made;

    private IAsyncEnumerator<INatsJSMsg<T>>? _messages;

    /// <summary>The message that is waited for, where that took too long to wait on; null for none.</summary>
    private Task<bool>? _moving;

    /// <summary>Cancelled when the consumer is given up. Replaced by the owner, cancelled by the connection too.</summary>
    private CancellationTokenSource? _lost;

    /// <summary>How many messages of this consumer have come and were taken.</summary>
    private ulong _received;

    /// <summary>The last message of this consumer that was certainly sent before anything from the next sequence on was trimmed.</summary>
    private ulong _soundUntil;

    /// <summary>Whether this consumer had nothing to send when it was made, and nobody was told yet.</summary>
    private bool _isEmpty;

    /// <summary>Whether this consumer, which reads by subject, does so beyond the part where it is to.</summary>
    private bool _thinsBeyond;

    /// <summary>The stream's last sequence just before this consumer was made.</summary>
    private long _lastBefore;

    /// <summary>Whether sequences may jump with nothing missing.</summary>
    private bool _jumpsAreNormal;

    /// <summary>Whether an event has been read.</summary>
    private bool _hasRead;

    /// <summary>The time to wait for, while it is not certain that it has come; else null.</summary>
    private DateTimeOffset? _notBefore;

    /// <summary>When the stream was made; another stream of the same name has other events. Null until the first consumer stands.</summary>
    private DateTimeOffset? _created;

    private long _next;
    private long _wholeFrom = long.MaxValue;

    /// <summary>Makes a reader; it asks nothing of the server yet.</summary>
    internal ServerReader(StreamApi api, NatsEventStreamOptions<T> options, NatsStart start, CancellationToken lifetime)
    {
        _lifetime = lifetime;
        _api = api;
        _options = options;
        _start = start;
        _notBefore = start.Time;
        if (start.Sequence is { } sequence)
        {
            _next = _wholeFrom = sequence;
        }

        api.Connection.ConnectionDisconnected += GiveUp;
        api.Connection.ServerError += GiveUpIfForbidden;
    }

    /// <summary>The sequence after the last one read; before the first, where to start. 0 until that is known. Written by the owner, before it
    /// hands out the event; read by any, with acquire.</summary>
    internal long Next
    {
        get => Volatile.Read(ref _next);
        private set => Volatile.Write(ref _next, value);
    }

    /// <summary>The sequence from which on all events are handed out: before it, only the newest of each subject, or none. Written by the owner,
    /// read by any, with acquire.</summary>
    internal long WholeFrom
    {
        get => Volatile.Read(ref _wholeFrom);
        private set => Volatile.Write(ref _wholeFrom, value);
    }

    /// <summary>Whether <see cref="WholeFrom"/> is known. It is not while a time to start at has not come.</summary>
    internal bool HasStarted => WholeFrom != long.MaxValue;

    /// <summary>Whether it is still in the part that is read by subject, the newest event of each only.</summary>
    private bool IsBySubject => ReferenceEquals(_start, NatsStart.LastPerSubject) && Next < WholeFrom;

    /// <summary>Whether it may start later than it would: nothing was read yet, and no sequence was asked for.</summary>
    private bool MayStartLater => !_hasRead && _start.Sequence is null && !ReferenceEquals(_start, NatsStart.Now);

    public async ValueTask DisposeAsync()
    {
        _api.Connection.ConnectionDisconnected -= GiveUp;
        _api.Connection.ServerError -= GiveUpIfForbidden;
        await CloseAsync().ConfigureAwait(false);
        _lost?.Dispose();
        await DeleteConsumerAsync().ConfigureAwait(false);
    }

    /// <summary>Removes what it has on the server, as a courtesy. Any thread may do so; the owner goes on with a new one unless its lifetime is over.</summary>
    internal Task DeleteConsumerAsync() =>
        Volatile.Read(ref _consumer) is { } consumer ? _api.DeleteConsumerAsync(consumer.Info.Name) : Task.CompletedTask;

    /// <summary>Makes the consumer, and with the first the start an explicit sequence.</summary>
    /// <exception cref="EventStreamGapException">Events from the next one on were trimmed.</exception>
    /// <exception cref="NatsEventStreamException">It cannot be made, and trying again would not help.</exception>
    internal async Task OpenAsync(CancellationToken ct)
    {
        // Before the consumer, so that no disconnection after it goes unnoticed.
        _lost?.Dispose();
        Volatile.Write(ref _lost, CancellationTokenSource.CreateLinkedTokenSource(_lifetime));
        await LeaveAsync(ct).ConfigureAwait(false);

        // Asked first where it says where to start, so that nothing stored later is left out.
        StreamInfo before = await _api.GetInfoAsync(ct).ConfigureAwait(false);
        _lastBefore = (long)before.State.LastSeq;
        if (Next == 0 && ReferenceEquals(_start, NatsStart.Now))
        {
            Next = _lastBefore + 1;
        }

        if (Next == 0 && ReferenceEquals(_start, NatsStart.LastPerSubject))
        {
            WholeFrom = _lastBefore + 1;
        }

        _made = Stopwatch.GetTimestamp();
        bool isBySubject = IsBySubject;
        INatsJSConsumer consumer = await _api.CreateConsumerAsync(ConsumerSettings.Make(_options.Filter, _start, Next, isBySubject), ct).ConfigureAwait(false);
        Volatile.Write(ref _consumer, consumer);
        _received = 0;
        _soundUntil = 0;
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
        _thinsBeyond = isBySubject && (long)info.State.LastSeq >= WholeFrom;
        if (_notBefore <= consumer.Info.Created)
        {
            _notBefore = null; // it has come, by the server's clock
        }

        if (!HasStarted && _notBefore is null)
        {
            WholeFrom = Next;
        }

        if (_isEmpty)
        {
            Next = Math.Max(Next, _lastBefore + 1);
        }

        _messages = consumer.ConsumeAsync(_options.Serializer, ConsumerSettings.ToConsume(_options.Prefetch, _lost), _lost.Token).GetAsyncEnumerator(CancellationToken.None);
    }

    /// <summary>The next event, or that there is none yet; the latter only right after a consumer was made, and when the next sequence moved without one.</summary>
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

            if (_jumpsAreNormal && !await ComesSoonAsync().ConfigureAwait(false))
            {
                if (await TryPassOthersAsync().ConfigureAwait(false))
                {
                    return default;
                }

                continue;
            }

            INatsJSMsg<T>? message = await MoveNextAsync().ConfigureAwait(false);
            if (message is null)
            {
                await CloseAsync().ConfigureAwait(false);
                _api.ThrowIfReadingIsForbidden(_consumer!.Info.Name, _made);
                continue;
            }

            if (!MessagePlace.TryParse(message.ReplyTo, out MessagePlace place))
            {
                throw new NatsEventStreamException(
                    $"The server says of a message of stream '{_api.Stream}' where it stands in a way not known here: '{message.ReplyTo}'.");
            }

            if (place.Number != _received + 1)
            {
                await CloseAsync().ConfigureAwait(false);
            }
            else if (await AcceptAsync(message, place).ConfigureAwait(false))
            {
                return new Arrival<T>(true, new Sequenced<T>(place.Sequence, message.Data!), place.Pending);
            }
        }
    }

    /// <summary>Whether a message is the next event to hand out.</summary>
    private async ValueTask<bool> AcceptAsync(INatsJSMsg<T> message, MessagePlace place)
    {
        long sequence = place.Sequence;
        if (IsBySubject && sequence >= WholeFrom)
        {
            Next = WholeFrom; // that part is over
        }

        if ((_thinsBeyond && sequence >= WholeFrom) ||
            (sequence > Next && !_jumpsAreNormal && !IsBySubject && !await IsJustDeletedAsync(place).ConfigureAwait(false)))
        {
            await CloseAsync().ConfigureAwait(false); // and begin another one before this message
            return false;
        }

        _received++;
        if (sequence < Next)
        {
            return false; // by subject, where a new consumer begins at the beginning
        }

        bool isEarly = place.Time < _notBefore;
        if (!isEarly && _notBefore is not null)
        {
            _notBefore = null;
            WholeFrom = sequence;
        }

        _hasRead |= !isEarly;
        Next = AfterAll(sequence, place.Pending);
        if (isEarly)
        {
            return false;
        }

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

    /// <summary>The sequence to go on with after one. When nothing follows, others' events up to the end are passed, as far as that is certain.</summary>
    private long AfterAll(long sequence, ulong pending)
    {
        if (pending > 0 || !_jumpsAreNormal)
        {
            return sequence + 1;
        }

        return Math.Max(sequence, IsBySubject ? WholeFrom - 1 : _lastBefore) + 1;
    }

    /// <summary>Whether sequences jumped because somebody deleted single events, or before the start; throws if the stream was trimmed. False if
    /// the server does not answer: then the consumer is to be given up, and the next one starts before the jump.</summary>
    private async ValueTask<bool> IsJustDeletedAsync(MessagePlace place)
    {
        if (place.Number <= _soundUntil)
        {
            return true;
        }

        try
        {
            // First what has been sent, then what is there: if the next is, all holes in what was sent are of single events, and need no other question.
            ConsumerInfo? consumer = await _api.FindConsumerAsync(_consumer!.Info.Name, _lifetime).ConfigureAwait(false);
            StreamInfo info = await _api.GetInfoAsync(_lifetime).ConfigureAwait(false);
            var first = (long)info.State.FirstSeq;
            if (first > Next)
            {
                return MayStartLater ? true : throw new EventStreamGapException(Next, Math.Min(first, place.Sequence) - 1);
            }

            _soundUntil = (ulong?)consumer?.Delivered.ConsumerSeq ?? place.Number;
            return true;
        }
        catch (Exception error) when (StreamApi.IsPassing(error) && !_lifetime.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Whether a message, or the end, comes before it is time to ask how far the consumer has come.</summary>
    private async ValueTask<bool> ComesSoonAsync()
    {
        if (_moving is null)
        {
            _moving = _messages!.MoveNextAsync().AsTask();
        }

        if (!_moving.IsCompleted)
        {
            await ((Task)_moving).WaitAsync(_idle).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return _moving.IsCompleted;
    }

    /// <summary>Moves the next sequence over others' events, if the server says that it can be moved. True if it moved.</summary>
    private async ValueTask<bool> TryPassOthersAsync()
    {
        try
        {
            return await PassOthersAsync(_lifetime).ConfigureAwait(false);
        }
        catch (Exception error) when (StreamApi.IsPassing(error) && !_lifetime.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Moves the next sequence over others' events: what the consumer has passed without sending it is none of its own. True if it moved.</summary>
    private async ValueTask<bool> PassOthersAsync(CancellationToken ct)
    {
        ConsumerInfo? consumer = await _api.FindConsumerAsync(_consumer!.Info.Name, ct).ConfigureAwait(false);
        if (consumer is null || IsBySubject || (ulong)consumer.Delivered.ConsumerSeq != _received || (long)consumer.Delivered.StreamSeq < Next)
        {
            return false;
        }

        Next = (long)consumer.Delivered.StreamSeq + 1;
        return true;
    }

    /// <summary>The next message, or null if the consumer is lost.</summary>
    private async ValueTask<INatsJSMsg<T>?> MoveNextAsync()
    {
        try
        {
            Task<bool>? moving = _moving;
            _moving = null;
            if (moving is null ? await _messages!.MoveNextAsync().ConfigureAwait(false) : await moving.ConfigureAwait(false))
            {
                return _messages!.Current;
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
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await OpenAsync(_lifetime).ConfigureAwait(false);
                return;
            }
            catch (Exception error) when ((StreamApi.IsPassing(error) || IsOwnConsumerInTheWay(error, start)) && !_lifetime.IsCancellationRequested)
            {
                await backoff.WaitAsync(_lifetime).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Whether the server takes no more consumers, which may be because of the last one, until it deletes that.</summary>
    private bool IsOwnConsumerInTheWay(Exception error, long start) =>
        StreamApi.IsNoRoom(error) && _created is not null && Stopwatch.GetElapsedTime(start) < 2 * ConsumerSettings.InactiveThreshold;

    /// <summary>Leaves the consumer before this one, if there was one, and takes from it what it still knows. It is kept, to be asked again, where
    /// the server does not answer.</summary>
    private async Task LeaveAsync(CancellationToken ct)
    {
        if (_consumer is null)
        {
            return;
        }

        if (_jumpsAreNormal)
        {
            await PassOthersAsync(ct).ConfigureAwait(false);
        }

        await DeleteConsumerAsync().ConfigureAwait(false);
        Volatile.Write(ref _consumer, null);
    }

    private async ValueTask CloseAsync()
    {
        if (_messages is not { } messages)
        {
            return;
        }

        _messages = null;
        await _lost!.CancelAsync().ConfigureAwait(false);
        if (_moving is { } moving)
        {
            _moving = null;
            await ((Task)moving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

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

    /// <summary>Gives the consumer up when the server refuses to let it be read: nothing else would tell.</summary>
    private ValueTask GiveUpIfForbidden(object? sender, NatsServerErrorEventArgs args) =>
        args.Kind is NatsServerErrorKind.PermissionsViolation && Volatile.Read(ref _consumer) is { } consumer &&
        args.Error.Contains(_api.PullSubject(consumer.Info.Name), StringComparison.Ordinal)
            ? GiveUp(sender, args)
            : default;

    private void ThrowIfMissing(StreamInfo info)
    {
        var first = Math.Max((long)info.State.FirstSeq, 1);
        var last = (long)info.State.LastSeq;
        if ((_created ??= info.Created) != info.Created || Next > last + 1)
        {
            throw new NatsEventStreamException($"Stream '{_api.Stream}' ends with sequence {last} and does not go on at {Next}: was it deleted and made anew?");
        }

        if (Next >= first || IsBySubject)
        {
            return;
        }

        Next = MayStartLater ? first : throw new EventStreamGapException(Next, first - 1);
    }
}
