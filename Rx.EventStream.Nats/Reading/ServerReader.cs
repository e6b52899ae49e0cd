using System.Diagnostics;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Rx.Nats.Server;

namespace Rx.Nats.Reading;

/// <summary>Reads the events of the server's stream in order, without loss or repetition, across lost connections and restarts of the server.</summary>
/// <remarks>
/// It reads through a consumer on the server. When the consumer is lost, or a message that it sent is lost, the reader creates another one that starts
/// with the next sequence number. These rules keep that complete:
/// <list type="number">
/// <item>Every consumer except the first starts at an explicit sequence number. The start of the first becomes one before any event is read.</item>
/// <item>A consumer numbers the messages it sends. If a number is missing, a message is lost, and so is the consumer. See also <see cref="ConsumerLoss"/>.</item>
/// <item>When a consumer has been created and has sent nothing yet, the stream's first sequence number is compared with the next one to read: what was
/// trimmed between them is a gap. They are compared again when sequence numbers jump, unless a filter or a limit for each subject makes jumps
/// normal.</item>
/// <item>Where jumps are normal, <see cref="ReadProgress.Next"/> also moves over events of other subjects while no event of the reader's own subjects
/// comes. Otherwise those events would look like a gap once they are trimmed.</item>
/// </list>
/// NATS.Net's ordered consumer is not used: until its first message has come, it restarts at its original start, and it never does step 3.
/// <para><b>Concurrency.</b> One owner at a time, except <see cref="Progress"/> and <see cref="DeleteConsumerAsync"/>, which any thread can use.</para>
/// </remarks>
internal sealed class ServerReader<T> : IAsyncDisposable
{
    private readonly StreamApi _api;
    private readonly NatsEventStreamOptions<T> _options;
    private readonly NatsStart _start;
    private readonly bool _handsOutUnreadable;

    /// <summary>Canceled to end all reading.</summary>
    private readonly CancellationToken _lifetime;

    /// <summary>The newest consumer, or null. Written by the owner with release; read by the owner plainly, by a thread that deletes the consumer with acquire.</summary>
    private ConsumerSession<T>? _session;

    /// <summary>When the stream was created, or null before the first consumer. Another stream with the same name has other events.</summary>
    private DateTimeOffset? _streamCreated;

    /// <summary>Creates a reader. It sends no request to the server yet.</summary>
    /// <param name="api">The stream on the server.</param>
    /// <param name="options">How to read it.</param>
    /// <param name="start">Where to start.</param>
    /// <param name="lifetime">Canceled to end all reading.</param>
    /// <param name="handsOutUnreadable">Whether an event that cannot be deserialized is handed out with its error, whatever the options say.</param>
    internal ServerReader(
        StreamApi api, NatsEventStreamOptions<T> options, NatsStart start, CancellationToken lifetime, bool handsOutUnreadable = false)
    {
        _handsOutUnreadable = handsOutUnreadable;
        _lifetime = lifetime;
        _api = api;
        _options = options;
        _start = start;
        Progress = new ReadProgress(start);
    }

    /// <summary>How far it has come. Any thread can look at it.</summary>
    internal ReadProgress Progress { get; }

    public async ValueTask DisposeAsync()
    {
        if (_session is { } session)
        {
            await session.DisposeAsync().ConfigureAwait(false);
        }

        await DeleteConsumerAsync().ConfigureAwait(false);
    }

    /// <summary>Tries to delete the consumer on the server. Any thread can call it. Unless the reader's lifetime is over, its owner continues with a new
    /// consumer.</summary>
    internal Task DeleteConsumerAsync() =>
        Volatile.Read(ref _session) is { } session ? _api.DeleteConsumerAsync(session.Name, isAtEnd: _lifetime.IsCancellationRequested) : Task.CompletedTask;

    /// <summary>Creates a consumer. The first time, the start becomes an explicit sequence number.</summary>
    /// <exception cref="EventStreamGapException">Events that the reader needs next were trimmed.</exception>
    /// <exception cref="NatsEventStreamException">The consumer cannot be created, and a retry would not help.</exception>
    internal async Task OpenAsync(CancellationToken cancellationToken)
    {
        await LeaveAsync(cancellationToken).ConfigureAwait(false);

        // Before the consumer is created: no event that is stored later can then be left out.
        StreamInfo before = await _api.GetInfoAsync(cancellationToken).ConfigureAwait(false);
        var lastBefore = (long)before.State.LastSeq;
        Progress.SetStreamEnd(lastBefore);

        bool isBySubject = Progress.IsBySubject;
        ConsumerConfig config = ConsumerSettings.Make(_options.Filter, _start, Progress.Next, isBySubject);
        ConsumerSession<T> session =
            await ConsumerSession<T>.CreateAsync(_api, _options, config, lastBefore, _lifetime, cancellationToken).ConfigureAwait(false);
        Volatile.Write(ref _session, session);
        Progress.SetDelivered((long)session.Info.Delivered.StreamSeq);

        // Now, while the consumer has sent nothing: events trimmed before this are missing, and events trimmed later make sequence numbers jump.
        StreamInfo info = await _api.GetInfoAsync(cancellationToken).ConfigureAwait(false);
        ThrowIfTrimmed(info);
        Progress.SetTime(session.Info.Created);
        bool omitsNewEvents = isBySubject && (long)info.State.LastSeq >= Progress.CompleteFrom;
        if (session.IsQuiet)
        {
            Progress.AdvanceTo(Math.Max(Progress.Next, lastBefore + 1));
        }

        session.Start(jumpsAreNormal: _options.Filter is not null || info.Config.MaxMsgsPerSubject > 0, omitsNewEvents);
    }

    /// <summary>The next event, or an <see cref="Arrival{T}"/> without one. The latter comes only right after a consumer was created, and when
    /// <see cref="ReadProgress.Next"/> moved over events of other subjects or over one that is left out.</summary>
    /// <exception cref="EventStreamGapException">Events were trimmed before they were read.</exception>
    /// <exception cref="UnreadableEventException">An event cannot be deserialized, and the options do not skip it.</exception>
    /// <exception cref="NatsEventStreamException">Reading cannot continue, and a retry would not help.</exception>
    internal async ValueTask<Arrival<T>> ReadAsync()
    {
        while (true)
        {
            if (_session is not { IsReading: true } session)
            {
                await ReopenAsync().ConfigureAwait(false);
                continue;
            }

            if (session.TryReportQuiet())
            {
                return default;
            }

            if (session.JumpsAreNormal && !await session.WaitBrieflyAsync().ConfigureAwait(false))
            {
                if (await TryPassOtherSubjectsAsync(session).ConfigureAwait(false))
                {
                    return default;
                }

                continue;
            }

            INatsJSMsg<T>? message = await session.MoveNextAsync().ConfigureAwait(false);
            if (message is null)
            {
                _lifetime.ThrowIfCancellationRequested();
                await session.EndAsync().ConfigureAwait(false);
                session.ThrowIfReadingIsDenied();
                continue;
            }

            if (!MessageMetadata.TryParse(message.ReplyTo, out MessageMetadata metadata))
            {
                throw new NatsEventStreamException(
                    $"The server describes a message of stream '{_api.Stream}' in a form that this version does not know: '{message.ReplyTo}'.");
            }

            if (!session.IsNext(metadata))
            {
                await session.EndAsync().ConfigureAwait(false);
            }
            else
            {
                bool isAccepted = await AcceptAsync(session, metadata).ConfigureAwait(false);
                UnreadableEventException? unreadable = isAccepted ? FindUnreadable(message, metadata) : null;
                if (isAccepted && (unreadable is null || !TrySkip(unreadable)))
                {
                    return new Arrival<T>(message, metadata, unreadable);
                }

                if (metadata.Sequence < Progress.Next)
                {
                    return new Arrival<T>(null, metadata); // it is left out
                }
            }
        }
    }

    /// <summary>Whether to hand out a message. False for one that is left out, and for one that another consumer must send again.</summary>
    private async ValueTask<bool> AcceptAsync(ConsumerSession<T> session, MessageMetadata metadata)
    {
        long sequence = metadata.Sequence;
        if (Progress.IsBySubject && sequence >= Progress.CompleteFrom)
        {
            Progress.AdvanceTo(Progress.CompleteFrom); // the newest event of each subject has been read
        }

        if ((session.OmitsNewEvents && sequence >= Progress.CompleteFrom) ||
            (sequence > Progress.Next && !session.JumpsAreNormal && !Progress.IsBySubject && !await IsCompleteUpToAsync(session, metadata).ConfigureAwait(false)))
        {
            await session.EndAsync().ConfigureAwait(false); // the next consumer starts before this message
            return false;
        }

        session.Accept();
        if (sequence < Progress.Next)
        {
            return false; // a new consumer that reads by subject starts from the beginning
        }

        return Progress.Read(sequence, metadata.Time, NextAfter(session, metadata));
    }

    private UnreadableEventException? FindUnreadable(INatsJSMsg<T> message, MessageMetadata metadata) =>
        message.Error is { } error ? new UnreadableEventException(_api.Stream, metadata.Sequence, message.Subject, error.InnerException ?? error) : null;

    /// <summary>Skips an unreadable event. False if it is handed out; throws it if the options say nothing.</summary>
    private bool TrySkip(UnreadableEventException unreadable)
    {
        if (_handsOutUnreadable)
        {
            return false;
        }

        if (_options.SkipUnreadable is not { } skip)
        {
            throw unreadable;
        }

        skip(unreadable);
        return true;
    }

    /// <summary>The sequence number to continue with after a message. If it is the consumer's last one for now, that is after all events of other subjects
    /// that the stream certainly had before the consumer was created.</summary>
    private long NextAfter(ConsumerSession<T> session, MessageMetadata metadata)
    {
        if (metadata.Pending > 0 || !session.JumpsAreNormal)
        {
            return metadata.Sequence + 1;
        }

        return Math.Max(metadata.Sequence, Progress.IsBySubject ? Progress.CompleteFrom - 1 : session.LastBefore) + 1;
    }

    /// <summary>Whether sequence numbers jumped because single events were deleted, or the reader can start later; throws if the stream was trimmed.
    /// False if the server does not answer: the consumer must then be replaced by one that starts before the jump.</summary>
    private async ValueTask<bool> IsCompleteUpToAsync(ConsumerSession<T> session, MessageMetadata metadata)
    {
        if (session.IsChecked(metadata))
        {
            return true;
        }

        try
        {
            // First what the consumer has sent, then what the stream has. If the stream still has the next event, every hole in what was sent so far
            // comes from deleted single events, and needs no other request.
            ConsumerInfo? consumer = await session.FindAsync(_lifetime).ConfigureAwait(false);
            StreamInfo info = await _api.GetInfoAsync(_lifetime).ConfigureAwait(false);
            var first = (long)info.State.FirstSeq;
            if (first > Progress.Next)
            {
                return Progress.CanStartLater ? true : throw new EventStreamGapException(Progress.Next, Math.Min(first, metadata.Sequence) - 1);
            }

            session.SetCheckedUntil((ulong?)consumer?.Delivered.ConsumerSeq ?? metadata.Number);
            return true;
        }
        catch (Exception error) when (StreamApi.IsTransient(error) && !_lifetime.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>As <see cref="PassOtherSubjectsAsync"/>. False also if the server does not answer.</summary>
    private async ValueTask<bool> TryPassOtherSubjectsAsync(ConsumerSession<T> session)
    {
        try
        {
            return await PassOtherSubjectsAsync(session, _lifetime).ConfigureAwait(false);
        }
        catch (Exception error) when (StreamApi.IsTransient(error) && !_lifetime.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Moves <see cref="ReadProgress.Next"/> over the events that the consumer has passed without sending them: they belong to other subjects.
    /// True if it moved.</summary>
    private async ValueTask<bool> PassOtherSubjectsAsync(ConsumerSession<T> session, CancellationToken cancellationToken)
    {
        long? passed = await session.FindPassedAsync(cancellationToken).ConfigureAwait(false);
        if (passed is not { } last || Progress.IsBySubject || last < Progress.Next)
        {
            return false;
        }

        Progress.AdvanceTo(last + 1);
        return true;
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
            catch (Exception error) when ((StreamApi.IsTransient(error) || IsOwnConsumerInTheWay(error, start)) && !_lifetime.IsCancellationRequested)
            {
                await backoff.WaitAsync(_lifetime).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Whether the stream allows no more consumers, possibly because the server has not deleted the reader's last one yet.</summary>
    private bool IsOwnConsumerInTheWay(Exception error, long start) =>
        StreamApi.IsConsumerLimit(error) && _streamCreated is not null && Stopwatch.GetElapsedTime(start) < 2 * ConsumerSettings.InactiveThreshold;

    /// <summary>Gives up the current consumer, if there is one, after asking how far it has come. If the server does not answer, the consumer is kept,
    /// to be asked again.</summary>
    private async Task LeaveAsync(CancellationToken cancellationToken)
    {
        if (_session is not { } session)
        {
            return;
        }

        if (session.JumpsAreNormal)
        {
            await PassOtherSubjectsAsync(session, cancellationToken).ConfigureAwait(false);
        }

        await DeleteConsumerAsync().ConfigureAwait(false);
        Volatile.Write(ref _session, null);
        await session.DisposeAsync().ConfigureAwait(false);
    }

    private void ThrowIfTrimmed(StreamInfo info)
    {
        var first = Math.Max((long)info.State.FirstSeq, 1);
        var last = (long)info.State.LastSeq;
        if ((_streamCreated ??= info.Created) != info.Created || Progress.Next > last + 1)
        {
            throw new NatsEventStreamException(
                $"Stream '{_api.Stream}' ends with sequence number {last} and does not continue at {Progress.Next}. Was it deleted and recreated?");
        }

        if (Progress.Next >= first || Progress.IsBySubject)
        {
            return;
        }

        Progress.AdvanceTo(Progress.CanStartLater ? first : throw new EventStreamGapException(Progress.Next, first - 1));
    }
}
