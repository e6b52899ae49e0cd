using System.Diagnostics;
using NATS.Client.Core;
using Rx.Nats.Lifetime;
using Rx.Nats.Publishing;
using Rx.Nats.Reading;
using Rx.Nats.Server;
using Rx.Nats.Waiting;

namespace Rx.Nats;

/// <summary>A stream of events that many machines share. Every process that opens it sees every event, in one order.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// The events are stored in a stream of NATS JetStream. One consumer on the server delivers them to this process. Here, any number of local observers
/// receive them from <see cref="Events"/>. After a lost connection or a restart of the server, reading continues with the next event.
/// <para><b>Sequence numbers</b> are the server's. They start at 1 and are the same in every process. To save a position, save a sequence number.
/// With a <see cref="NatsEventStreamOptions{T}.Filter"/>, gaps between sequence numbers are normal.</para>
/// <para><b>Concurrency.</b> All members can be used from any thread at any time.</para>
/// </remarks>
[DebuggerDisplay("{DebuggerDisplay,nq}")]
public sealed partial class NatsEventStream<T> : IAsyncDisposable
{
    private readonly StreamApi _api;
    private readonly NatsEventStreamOptions<T> _options;
    private readonly StreamLifetime _lifetime;
    private readonly Publisher<T> _publisher;
    private readonly LocalFeed<T> _feed;
    private readonly CatchUpSource<T> _source;
    private readonly CatchUpWait _caughtUp;

    private NatsEventStream(StreamApi api, NatsEventStreamOptions<T> options, ServerReader<T> reader, StreamLifetime lifetime)
    {
        _api = api;
        _options = options;
        _lifetime = lifetime;
        _publisher = new Publisher<T>(api, options);
        _feed = new LocalFeed<T>(reader, options.Local, lifetime.Ended);
        _source = new CatchUpSource<T>(api, options, _feed, lifetime.Ended);
        _caughtUp = new CatchUpWait(api, options.Filter, _feed.Passed);
        Events = _feed.Local.AsObservable();
    }

    /// <summary>The events of the local stream, each with the server's sequence number.</summary>
    /// <remarks>
    /// The local stream starts at <see cref="NatsEventStreamOptions{T}.Start"/> when this stream is opened, not when an observer subscribes. It retains what
    /// <see cref="NatsEventStreamOptions{T}.Local"/> says, by default 1,024 events. A subscriber gets the retained events, then the following ones. To read
    /// every event from a place in the past, use <see cref="From"/>, <see cref="ReadAllAsync"/> or <c>ToProjection</c>.
    /// <para>It ends with an error only if reading cannot continue: an <see cref="EventStreamGapException"/>, an <see cref="UnreadableEventException"/> or a
    /// plain <see cref="NatsEventStreamException"/>. After <see cref="DisposeAsync"/>, subscribing throws an <see cref="ObjectDisposedException"/>.</para>
    /// <para>Subscribing does not give a way to publish or to complete the stream.</para>
    /// </remarks>
    public EventObservable<Sequenced<T>> Events { get; }

    /// <summary>The local stream, for tests and measurements.</summary>
    internal EventStream<Sequenced<T>> Local => _feed.Local;

    private string DebuggerDisplay => $"{_options.Stream}: Next = {_feed.Progress.Next}";

    /// <summary>Opens a stream that exists on the server.</summary>
    /// <param name="connection">The connection to use, with its addresses, TLS and credentials. The caller keeps ownership, and disposes it after the stream.</param>
    /// <param name="options">The stream's options.</param>
    /// <param name="cancellationToken">Cancels opening.</param>
    /// <returns>The stream, once its start is certain: it receives every event that is stored from then on.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="NatsEventStreamException">The server cannot be reached or does not answer. The stream does not exist, does not store a subject of the
    /// filter, or has a duplicate window shorter than <see cref="NatsEventStreamOptions{T}.PublishTimeout"/>. Or a permission is missing.</exception>
    /// <exception cref="EventStreamGapException">The stream was trimmed beyond the start.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled.</exception>
    public static async Task<NatsEventStream<T>> OpenAsync(INatsConnection connection, NatsEventStreamOptions<T> options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(options);
        var api = new StreamApi(connection, options.Stream, options.MaxInFlight);
        var lifetime = new StreamLifetime();
        var reader = new ServerReader<T>(api, options, options.Start, lifetime.Ended);
        try
        {
            await api.ConnectAsync(cancellationToken).ConfigureAwait(false);
            StreamRequirements.ThrowIfNotMet((await api.GetInfoAsync(cancellationToken).ConfigureAwait(false)).Config, options);
            await reader.OpenAsync(cancellationToken).ConfigureAwait(false);
            return new NatsEventStream<T>(api, options, reader, lifetime);
        }
        catch (Exception error)
        {
            await reader.DisposeAsync().ConfigureAwait(false);
            api.Dispose();
            lifetime.Dispose();
            if (StreamApi.IsTransient(error) && !cancellationToken.IsCancellationRequested)
            {
                throw new NatsEventStreamException($"The server does not answer for stream '{options.Stream}': {error.Message}", error);
            }

            throw;
        }
    }

    /// <summary>Stores an event on the server.</summary>
    /// <param name="value">The event.</param>
    /// <param name="expectedLastSequence">The event is stored only if this is the stream's last sequence number; 0 stands for a stream that never had an
    /// event. The default, null, stores the event in any case.</param>
    /// <param name="messageId">An id of the event. Within the stream's duplicate window, the server stores one event for each id. The default, null, creates
    /// an id.</param>
    /// <param name="cancellationToken">Ends the wait. The event may then be stored or not.</param>
    /// <returns>The event's sequence number, once the server has stored the event. If the server already has an event with the same id, that event's
    /// sequence number.</returns>
    /// <remarks>
    /// Calls that do not wait for each other are sent together, up to <see cref="NatsEventStreamOptions{T}.MaxInFlight"/>, and are stored in the order of the
    /// calls. If the server does not answer, an event is sent again until <see cref="NatsEventStreamOptions{T}.PublishTimeout"/>. Events that are in flight
    /// when the connection breaks can be stored in another order. If that matters, await each call or set MaxInFlight to 1.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="expectedLastSequence"/> is negative.</exception>
    /// <exception cref="ArgumentException"><paramref name="messageId"/> is empty, or contains characters that a header of the connection cannot hold.</exception>
    /// <exception cref="WrongSequenceException">The last sequence number is not <paramref name="expectedLastSequence"/>. The event was not stored.</exception>
    /// <exception cref="NatsPublishException">No answer came in time, or the connection is closed. The exception says whether the event may be stored.</exception>
    /// <exception cref="NatsEventStreamException">The event is too large, its subject is invalid or not stored by the stream, or a permission is missing. The
    /// event was not stored.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled.</exception>
    public Task<long> PublishAsync(T value, long? expectedLastSequence = null, string? messageId = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(expectedLastSequence.GetValueOrDefault(), nameof(expectedLastSequence));
        MessageIds.ThrowIfInvalid(messageId, _api.Connection.Opts.HeaderEncoding);
        _lifetime.ThrowUnlessOpen(this);
        return _publisher.PublishAsync(value, expectedLastSequence, messageId, cancellationToken);
    }

    /// <summary>Stores events on the server, with many in flight at a time, in the order that <see cref="PublishAsync"/> describes.</summary>
    /// <param name="values">The events. They are enumerated as there is room for them, until one fails.</param>
    /// <param name="cancellationToken">Ends the wait. Events in flight may then be stored or not.</param>
    /// <returns>The sequence number of the last event, once all are stored; 0 if there are no events. Events of other publishers can lie between.</returns>
    /// <remarks>When the call ends, for whatever reason, none of its events is in flight: each was stored, refused or given up.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="values"/> is null.</exception>
    /// <exception cref="NatsPublishException">An event was not stored, for any reason for which <see cref="PublishAsync"/> fails; or <paramref name="values"/>
    /// threw; or the stream was disposed during the call. The exception says how many events were stored, how many were not, and for how many that is
    /// unknown. The cause is the inner exception. It is null if no answer came in time and nothing more is known.</exception>
    /// <exception cref="ObjectDisposedException">The stream was disposed before the call.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled. The inner exception is a
    /// <see cref="NatsPublishException"/> that says how many events were stored. The outcome of those in flight is unknown.</exception>
    public async Task<long> PublishAllAsync(IEnumerable<T> values, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        _lifetime.ThrowUnlessOpen(this);
        var run = new PublishRun(_options.Stream, _options.MaxInFlight);
        try
        {
            foreach (T value in values)
            {
                string id = _publisher.NextMessageId();
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

    /// <summary>The events from a start on, as far back as the server has them.</summary>
    /// <param name="start">Where to start. <see cref="NatsStart.Now"/> is the place that <see cref="Events"/> has reached.</param>
    /// <returns>An observable. Each subscription starts at <paramref name="start"/>, is called on the thread pool, and ends as <see cref="Events"/> does. If the
    /// stream is disposed, observers are not notified.</returns>
    /// <remarks>
    /// Events that the local stream no longer holds are read from the server. Then the subscription joins the local stream, and gets every event of it
    /// regardless of its lag policy. A start beyond the end of the server's stream ends the subscription with a
    /// <see cref="NatsEventStreamException"/>. An exception that the observer throws is unhandled, as on Rx's schedulers, and ends the subscription.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="start"/> is null.</exception>
    public IObservable<Sequenced<T>> From(NatsStart start)
    {
        ArgumentNullException.ThrowIfNull(start);
        return _source.Observe(start);
    }

    /// <summary>The events from a start on, for <c>await foreach</c>. Each enumeration starts there.</summary>
    /// <param name="start">Where to start. <see cref="NatsStart.Now"/> is the place that <see cref="Events"/> has reached when the enumeration begins.</param>
    /// <param name="cancellationToken">Ends the enumeration with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>The events, none left out, regardless of the local stream's lag policy.</returns>
    /// <remarks>If the stream is disposed, the enumeration throws an <see cref="ObjectDisposedException"/>.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="start"/> is null.</exception>
    public IAsyncEnumerable<Sequenced<T>> ReadAllAsync(NatsStart start, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(start);
        return _source.ReadAllAsync(start, null, cancellationToken);
    }

    /// <summary>Keeps a state up to date with all events, starting with the oldest one that the server has.</summary>
    /// <typeparam name="TState">The type of the state. It must be immutable.</typeparam>
    /// <param name="seed">The state before the first event.</param>
    /// <param name="apply">Creates the next state from a state and an event. It must change neither.</param>
    /// <returns>The projection, which must be disposed.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="apply"/> is null.</exception>
    public NatsProjection<TState, T> ToProjection<TState>(TState seed, Func<TState, T, TState> apply) =>
        ToProjection(new NatsSnapshot<TState>(seed, 0), apply);

    /// <summary>Keeps a state up to date, continuing from a state that this or another process has saved.</summary>
    /// <typeparam name="TState">The type of the state. It must be immutable.</typeparam>
    /// <param name="saved">The state, and the sequence number of the last event in it.</param>
    /// <param name="apply">Creates the next state from a state and an event. It must change neither.</param>
    /// <returns>The projection, which must be disposed.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public NatsProjection<TState, T> ToProjection<TState>(NatsSnapshot<TState> saved, Func<TState, T, TState> apply)
    {
        ArgumentNullException.ThrowIfNull(saved);
        ArgumentNullException.ThrowIfNull(apply);
        NatsStart start = saved.Sequence == 0 ? NatsStart.Oldest : NatsStart.At(saved.Sequence + 1);
        return new NatsProjection<TState, T>(
            saved,
            apply,
            (onPassed, disposed) => _source.ReadAllAsync(start, onPassed, disposed),
            passed => new CatchUpWait(_api, _options.Filter, passed));
    }

    /// <summary>Accepts no more events, waits for those in flight, then stops reading, deletes the consumers on the server and disposes the local stream.</summary>
    /// <returns>A task that completes when all of that is done. A later call returns a completed task.</returns>
    /// <remarks>
    /// Observers are not notified, as with <see cref="EventStream{T}.Dispose"/>. Enumerations and projections end with an
    /// <see cref="ObjectDisposedException"/>. The connection stays open.
    /// </remarks>
    public async ValueTask DisposeAsync()
    {
        if (!_lifetime.TryClose())
        {
            return;
        }

        await _handlers.StopAsync().ConfigureAwait(false);
        await _publisher.DisposeAsync().ConfigureAwait(false);
        await _lifetime.EndAsync().ConfigureAwait(false);
        await _source.DeleteConsumersAsync().ConfigureAwait(false);
        await _feed.DisposeAsync().ConfigureAwait(false);
        _api.Dispose();
        _lifetime.Dispose();
    }
}
