using System.Diagnostics;
using System.Reactive.Disposables;
using System.Reactive.Linq;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Text;
using NATS.Client.Core;
using NATS.Client.JetStream.Models;
using Rx.Nats.Publishing;
using Rx.Nats.Reading;
using Rx.Nats.Server;

namespace Rx.Nats;

/// <summary>A stream of events that many machines share: every process that opens it sees every event, in one order.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// The events are stored in a stream of NATS JetStream. One consumer on the server brings them to this process, into <see cref="Events"/>, from
/// where any number of local observers have them. Whatever happens to connection and server, reading goes on with the next event.
/// <para><b>Sequences</b> are the server's: they count from 1, are the same in every process, and are what to save as a position. With a
/// <see cref="NatsEventStreamOptions{T}.Filter"/>, gaps between them are normal.</para>
/// <para><b>Concurrency.</b> All members may be used from any thread at any time.</para>
/// </remarks>
[DebuggerDisplay("{DebuggerDisplay,nq}")]
public sealed class NatsEventStream<T> : IAsyncDisposable
{
    private readonly StreamApi _api;
    private readonly NatsEventStreamOptions<T> _options;
    private readonly ServerReader<T> _reader;
    private readonly Publisher<T> _publisher;
    private readonly CancellationTokenSource _disposed;
    private readonly Task _feeding;

    private readonly ReadersAtWork<T> _atWork = new();

    /// <summary>Cancelled when the stream is disposed.</summary>
    private readonly CancellationToken _lifetime;

    /// <summary>Whether <see cref="DisposeAsync"/> was called. Exchanged by it.</summary>
    private int _isDisposed;

    private NatsEventStream(StreamApi api, NatsEventStreamOptions<T> options, ServerReader<T> reader, CancellationTokenSource disposed)
    {
        _disposed = disposed;
        _api = api;
        _options = options;
        _reader = reader;
        _lifetime = disposed.Token;
        _publisher = new Publisher<T>(api, options);
        Events = new EventStream<Sequenced<T>>(options.Local);
        _feeding = Task.Run(() => FeedAsync(_disposed.Token));
    }

    /// <summary>The events, each with the server's sequence, as a local stream.</summary>
    /// <remarks>
    /// It starts at <see cref="NatsEventStreamOptions{T}.Start"/> when the stream is opened, not when somebody subscribes, and retains what
    /// <see cref="NatsEventStreamOptions{T}.Local"/> says, by default 1,024 events: a subscriber gets what is retained then, and what follows. Whoever
    /// must have everything from a place in the past uses <see cref="From"/>, <see cref="ReadAllAsync"/> or <c>ToProjection</c>. It ends with an error only where reading cannot go on: an
    /// <see cref="EventStreamGapException"/>, an <see cref="UnreadableEventException"/> or a <see cref="NatsEventStreamException"/>.
    /// What is published to it directly reaches this process only.
    /// </remarks>
    public EventStream<Sequenced<T>> Events { get; }

    private string DebuggerDisplay => $"{_options.Stream}: Next = {_reader.Next}";

    /// <summary>Opens a stream of the server.</summary>
    /// <param name="connection">The connection to use, with whatever addresses, TLS and credentials it has. It stays its owner's to dispose, after this.</param>
    /// <param name="options">How the stream is to work.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The stream, once its start is certain: it will have every event stored from now on.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="NatsEventStreamException">The server cannot be reached or does not answer, the stream is missing, has not the subjects of the
    /// filter or a shorter duplicate window than publications may take, or a permission is lacking.</exception>
    /// <exception cref="EventStreamGapException">The stream was trimmed beyond the start.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public static async Task<NatsEventStream<T>> OpenAsync(INatsConnection connection, NatsEventStreamOptions<T> options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(options);
        var api = new StreamApi(connection, options.Stream, options.MaxInFlight);
        var disposed = new CancellationTokenSource();
        var reader = new ServerReader<T>(api, options, options.Start, disposed.Token);
        try
        {
            await api.ConnectAsync(cancellationToken).ConfigureAwait(false);
            ThrowIfUnsafe(await api.GetInfoAsync(cancellationToken).ConfigureAwait(false), options);
            await reader.OpenAsync(cancellationToken).ConfigureAwait(false);
            return new NatsEventStream<T>(api, options, reader, disposed);
        }
        catch (Exception error)
        {
            await reader.DisposeAsync().ConfigureAwait(false);
            api.Dispose();
            disposed.Dispose();
            if (StreamApi.IsPassing(error) && !cancellationToken.IsCancellationRequested)
            {
                throw new NatsEventStreamException($"The server does not answer for stream '{options.Stream}': {error.Message}", error);
            }

            throw;
        }
    }

    /// <summary>Stores an event on the server.</summary>
    /// <param name="value">The event.</param>
    /// <param name="expectedLastSequence">The event is stored only if this is the stream's last sequence; 0 for a stream that never had one. Null: whatever it is.</param>
    /// <param name="messageId">An id of the event: the server stores one event for each id, within the stream's duplicate window. Null: one is made.</param>
    /// <param name="cancellationToken">Ends the waiting; the event may then be stored or not.</param>
    /// <returns>The event's sequence, once the server has stored it. If it has an event of that id already, the sequence of that one.</returns>
    /// <remarks>
    /// Publications that do not wait for each other are sent together, up to <see cref="NatsEventStreamOptions{T}.MaxInFlight"/>, and stored in the
    /// order of the calls. Where the server does not answer they are sent again, until <see cref="NatsEventStreamOptions{T}.PublishTimeout"/>; those in
    /// flight when the connection breaks may then be stored in another order. Where that matters, await each, or set MaxInFlight to 1.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="expectedLastSequence"/> is negative.</exception>
    /// <exception cref="ArgumentException"><paramref name="messageId"/> is empty, or has characters that a header of the connection cannot have.</exception>
    /// <exception cref="WrongSequenceException">The last sequence is not <paramref name="expectedLastSequence"/>; nothing was stored.</exception>
    /// <exception cref="NatsPublishException">There was no answer in time; it says whether the event may be stored.</exception>
    /// <exception cref="NatsEventStreamException">The event is too large, its subject no subject or not one of the stream's, or a permission is lacking; nothing
    /// was stored.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task<long> PublishAsync(T value, long? expectedLastSequence = null, string? messageId = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(expectedLastSequence.GetValueOrDefault(), nameof(expectedLastSequence));
        ThrowIfNoMessageId(messageId, _api.Connection.Opts.HeaderEncoding);
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
        return _publisher.PublishAsync(value, expectedLastSequence, messageId, cancellationToken);
    }

    /// <summary>Stores events on the server, many in flight at a time, in the order that <see cref="PublishAsync"/> says.</summary>
    /// <param name="values">The events. Taken as there is room for them, until one fails.</param>
    /// <param name="cancellationToken">Ends the waiting; events under way may then be stored or not.</param>
    /// <returns>The sequence of the last event once all are stored; 0 for no events. Events of others may lie between.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="values"/> is null.</exception>
    /// <remarks>However it ends, nothing is under way any more: those sent before a failure have been stored, refused or given up.</remarks>
    /// <exception cref="NatsPublishException">An event was not stored, for any reason for which <see cref="PublishAsync"/> fails, or <paramref name="values"/> threw,
    /// or the stream was disposed meanwhile. It says how many events were stored, how many not, and of how many that is unknown; the cause is its
    /// inner exception, null where there was no answer in time and nothing more to say.</exception>
    /// <exception cref="ObjectDisposedException">The stream was disposed before.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled. A <see cref="NatsPublishException"/> inside says how many events were stored;
    /// those under way are unknown.</exception>
    public async Task<long> PublishAllAsync(IEnumerable<T> values, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
        var run = new PublishRun(_options.Stream, _options.MaxInFlight);
        try
        {
            foreach (T value in values)
            {
                string id = _publisher.NextId();
                if (!await run.AddAsync(id, _publisher.PublishAsync(value, null, id, cancellationToken)).ConfigureAwait(false))
                {
                    break;
                }
            }
        }
        catch (Exception error)
        {
            run.Stop(error);
        }

        return await run.FinishAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The events from a place on, as far back as the server has them.</summary>
    /// <param name="start">Where to start; <see cref="NatsStart.Now"/> is where <see cref="Events"/> is now.</param>
    /// <returns>Each subscription starts there. It is called on the thread pool, and ends as <see cref="Events"/> does: when the stream is disposed, it is
    /// not told.</returns>
    /// <remarks>
    /// What the local stream does not hold any more is read from the server; then the subscription goes over to the local stream, of which it gets every
    /// event, whatever lag policy that has. A sequence that the server has not come to ends it with a <see cref="NatsEventStreamException"/>. What
    /// the observer throws is unhandled, as on Rx's schedulers, and ends the subscription.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="start"/> is null.</exception>
    public IObservable<Sequenced<T>> From(NatsStart start)
    {
        ArgumentNullException.ThrowIfNull(start);
        return Observable.Create<Sequenced<T>>(observer =>
        {
            var end = new CancellationDisposable();
            _ = Task.Run(() => PushAsync(start, observer, end.Token), CancellationToken.None);
            return end;
        });
    }

    /// <summary>The events from a place on, for <c>await foreach</c>. Each enumeration starts there.</summary>
    /// <param name="start">Where to start; <see cref="NatsStart.Now"/> is where <see cref="Events"/> is when the enumeration begins.</param>
    /// <param name="cancellationToken">Ends the enumeration with an <see cref="OperationCanceledException"/>.</param>
    /// <remarks>It has every event, whatever lag policy the local stream has. Disposing the stream ends it with an <see cref="ObjectDisposedException"/>.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="start"/> is null.</exception>
    public IAsyncEnumerable<Sequenced<T>> ReadAllAsync(NatsStart start, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(start);
        return ReadCoreAsync(start, cancellationToken);
    }

    /// <summary>Keeps a state up to date with all events, from the oldest that the server has.</summary>
    /// <param name="seed">The state before the first event.</param>
    /// <param name="apply">Makes the next state of a state and an event. It changes neither.</param>
    /// <exception cref="ArgumentNullException"><paramref name="apply"/> is null.</exception>
    public NatsProjection<TState, T> ToProjection<TState>(TState seed, Func<TState, T, TState> apply) =>
        ToProjection(new NatsSnapshot<TState>(seed, 0), apply);

    /// <summary>Keeps a state up to date, going on from one that was saved, here or by another process.</summary>
    /// <param name="saved">The state, and the sequence of the last event in it.</param>
    /// <param name="apply">Makes the next state of a state and an event. It changes neither.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public NatsProjection<TState, T> ToProjection<TState>(NatsSnapshot<TState> saved, Func<TState, T, TState> apply)
    {
        ArgumentNullException.ThrowIfNull(saved);
        ArgumentNullException.ThrowIfNull(apply);
        NatsStart start = saved.Sequence == 0 ? NatsStart.Oldest : NatsStart.At(saved.Sequence + 1);
        return new NatsProjection<TState, T>(saved, apply, cancellationToken => ReadAllAsync(start, cancellationToken));
    }

    /// <summary>Takes no more publications and waits for those under way, then stops reading, removes its consumers and disposes <see cref="Events"/>.</summary>
    /// <remarks>
    /// Observers are not told, neither of <see cref="Events"/>, as with <see cref="EventStream{T}.Dispose"/>, nor of <see cref="From"/>; enumerations
    /// and projections end with an <see cref="ObjectDisposedException"/>. The connection stays open. Calling it again does nothing.
    /// </remarks>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        await _publisher.DisposeAsync().ConfigureAwait(false);
        await _disposed.CancelAsync().ConfigureAwait(false);
        await _atWork.DeleteConsumersAsync().ConfigureAwait(false);
        await _feeding.ConfigureAwait(false);
        await _reader.DisposeAsync().ConfigureAwait(false);
        Events.Dispose();
        _api.Dispose();
        _disposed.Dispose();
    }

    private static void ThrowIfUnsafe(StreamInfo info, NatsEventStreamOptions<T> options)
    {
        StreamConfig config = info.Config;
        if (options.PublishTimeout > config.DuplicateWindow)
        {
            throw new NatsEventStreamException(
                $"PublishTimeout is {options.PublishTimeout}, but stream '{options.Stream}' recognises duplicates for {config.DuplicateWindow} only: " +
                "a retry after that would store an event twice.");
        }

        // A stream that takes its events from others, or renames them, has subjects that its configuration does not name.
        if (options.Filter is { } filter && config is { Mirror: null, Sources: null or { Count: 0 }, SubjectTransform: null, Subjects: { } subjects } &&
            !subjects.Any(pattern => SubjectPattern.Overlaps(pattern, filter)))
        {
            throw new NatsEventStreamException(
                $"Filter '{filter}' matches no subject that stream '{options.Stream}' stores, which are {string.Join(", ", subjects.Select(s => $"'{s}'"))}.");
        }
    }

    /// <summary>A message id goes into a header: the server must get it as it is, or ids that differ may become the same.</summary>
    private static void ThrowIfNoMessageId(string? messageId, Encoding encoding)
    {
        if (messageId is null)
        {
            return;
        }

        ArgumentException.ThrowIfNullOrWhiteSpace(messageId);
        if (messageId.Any(char.IsControl) || encoding.GetString(encoding.GetBytes(messageId)) != messageId)
        {
            throw new ArgumentException(
                $"'{messageId}' has a control character, or one that the headers of the connection, in {encoding.WebName}, cannot have.", nameof(messageId));
        }
    }

    private async IAsyncEnumerable<Sequenced<T>> ReadCoreAsync(NatsStart start, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_lifetime.IsCancellationRequested, this);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _lifetime);
        IAsyncEnumerator<Sequenced<T>> events =
            new SplicedRead<T>(_api, _options, Events, _reader, _atWork, start).ReadAsync(end.Token).GetAsyncEnumerator(CancellationToken.None);
        await using (events.ConfigureAwait(false))
        {
            while (await MoveNextAsync(events, cancellationToken).ConfigureAwait(false))
            {
                yield return events.Current;
            }
        }
    }

    /// <summary>Moves on, and tells apart who ended it.</summary>
    private async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<Sequenced<T>> events, CancellationToken cancellationToken)
    {
        try
        {
            return await events.MoveNextAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (cancellationToken.IsCancellationRequested || _lifetime.IsCancellationRequested)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new ObjectDisposedException($"Stream '{_options.Stream}' was disposed while it was read.", error);
        }
    }

    /// <summary>Calls an observer with the events from a place on.</summary>
    private async Task PushAsync(NatsStart start, IObserver<Sequenced<T>> observer, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (Sequenced<T> e in ReadCoreAsync(start, cancellationToken).ConfigureAwait(false))
            {
                try
                {
                    observer.OnNext(e);
                }
                catch (Exception thrown)
                {
                    Escalate(thrown);
                    return;
                }
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested || _lifetime.IsCancellationRequested)
        {
            return; // nobody is to be told
        }
        catch (Exception error)
        {
            Deliver(() => observer.OnError(error));
            return;
        }

        Deliver(observer.OnCompleted);
    }

    /// <summary>Moves events from the server to the local stream.</summary>
    private async Task FeedAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                Arrival<T> arrival = await _reader.ReadAsync().ConfigureAwait(false);
                if (arrival.IsEvent)
                {
                    // The reader has moved its place before this: a joiner that has a local position without this event must not take it for one that is there.
                    await DeliverAsync(arrival.Event, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested || Events.IsDisposed)
        {
            // Nobody is to be told.
        }
        catch (Exception error)
        {
            Deliver(() => Events.OnError(error));
        }
    }

    private async ValueTask DeliverAsync(Sequenced<T> e, CancellationToken cancellationToken)
    {
        ValueTask<long> published = Events.OnNextAsync(e, cancellationToken);
        if (published.IsCompletedSuccessfully)
        {
            return;
        }

        try
        {
            await published.ConfigureAwait(false);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested && !Events.IsDisposed)
        {
            Escalate(error);
        }
    }

    private static void Deliver(Action publish)
    {
        try
        {
            publish();
        }
        catch (Exception error)
        {
            Escalate(error);
        }
    }

    /// <summary>What an observer without a scheduler throws belongs to nobody here. As on Rx's schedulers it is unhandled, and the event has reached all others.</summary>
    private static void Escalate(Exception error) =>
        ThreadPool.UnsafeQueueUserWorkItem(static e => e.Throw(), ExceptionDispatchInfo.Capture(error), preferLocal: false);
}
