using System.Diagnostics;
using System.Reactive.Concurrency;
using System.Runtime.CompilerServices;
using Rx.Delivery;

namespace Rx;

/// <summary>How to join a stream: where, on which scheduler, with which lag policy, under what name. Subscribing or reading joins
/// it.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// Each method returns a new observable and leaves this one as it is. It gives no way to publish.
/// <para><b>Concurrency.</b> Immutable; may be shared and used from any thread.</para>
/// </remarks>
[DebuggerDisplay("{DebuggerDisplay,nq}")]
public sealed partial class EventObservable<T> : IObservable<T>
{
    private readonly EventStream<T> _stream;

    /// <summary>Where to join, or null: at the oldest retained event, or at the next one where nothing is retained.</summary>
    private readonly EventPosition<T>? _position;
    private readonly JoinSettings _settings;

    /// <summary>What happens when an observer throws, or null: it ends.</summary>
    private readonly FaultPolicy<T>? _faultPolicy;

    internal EventObservable(
        EventStream<T> stream, EventPosition<T>? position, JoinSettings settings = default, FaultPolicy<T>? faultPolicy = null)
    {
        _stream = stream;
        _position = position;
        _settings = settings;
        _faultPolicy = faultPolicy;
    }

    private string DebuggerDisplay =>
        $"{_settings.Name ?? "EventObservable"}: from {(_position is null ? "the oldest" : $"{_position.Sequence}")}, " +
        $"on {_settings.Scheduler?.GetType().Name ?? "the stream's scheduler"}";

    /// <summary>This observable, observed on a scheduler, which replaces one set before.</summary>
    /// <param name="scheduler">Where observers are called. <see cref="ImmediateScheduler"/> means on the publishing thread.</param>
    /// <remarks>
    /// The subscription's own cursor moves there, so there is no queue in between. An action on the thread pool delivers up
    /// to 1,024 events, and one on any other scheduler up to 64. Virtual-time schedulers get one event, as with Rx's <c>ObserveOn</c>.
    /// Long-running schedulers, such as <see cref="NewThreadScheduler"/>, give the subscription a thread of its own, for as many events as
    /// there are.
    /// <para>Observers of one stream that share an event loop, a synchronization context or a virtual-time scheduler are called in the order
    /// in which they subscribed, for each event. If observers of two streams share one, a batch of one stream's events comes before a batch
    /// of the other's. With a <c>maxBatch</c> of 1 for both, their events take turns, as with Rx's <c>ObserveOn</c>.</para>
    /// <para>The observer runs in the <see cref="ExecutionContext"/> of the call to <c>Subscribe</c>: with its culture, its
    /// <see cref="AsyncLocal{T}"/> values and its current activity.</para>
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="scheduler"/> is null.</exception>
    public EventObservable<T> ObserveOn(IScheduler scheduler)
    {
        ArgumentNullException.ThrowIfNull(scheduler);
        return With(_settings with { Scheduler = scheduler, MaxBatch = 0 });
    }

    /// <summary>This observable, observed on a scheduler, with a bound on what one action delivers.</summary>
    /// <param name="scheduler">Where observers are called. <see cref="ImmediateScheduler"/> means on the publishing thread.</param>
    /// <param name="maxBatch">The most events that one scheduled action delivers to the observer, at least 1.</param>
    /// <remarks>See <see cref="ObserveOn(IScheduler)"/>.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="scheduler"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxBatch"/> is less than 1.</exception>
    public EventObservable<T> ObserveOn(IScheduler scheduler, int maxBatch)
    {
        ArgumentNullException.ThrowIfNull(scheduler);
        ThrowIfLessThanOne(maxBatch);
        return With(_settings with { Scheduler = scheduler, MaxBatch = maxBatch });
    }

    /// <summary>This observable, observed on a synchronization context, which replaces a scheduler set before.</summary>
    /// <param name="context">Where observers are called, by posting to it, up to 64 events in one callback.</param>
    /// <remarks>See <see cref="ObserveOn(IScheduler)"/> for the order in which observers are called.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="context"/> is null.</exception>
    public EventObservable<T> ObserveOn(SynchronizationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return ObserveOn(new ContextScheduler(context));
    }

    /// <summary>This observable, observed on a synchronization context, with a bound on what one callback delivers.</summary>
    /// <param name="context">Where observers are called, by posting to it.</param>
    /// <param name="maxBatch">The most events that one posted callback delivers to the observer, at least 1.</param>
    /// <remarks>See <see cref="ObserveOn(IScheduler)"/> for the order in which observers are called.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="context"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxBatch"/> is less than 1.</exception>
    public EventObservable<T> ObserveOn(SynchronizationContext context, int maxBatch)
    {
        ArgumentNullException.ThrowIfNull(context);
        return ObserveOn(new ContextScheduler(context), maxBatch);
    }

    /// <summary>This observable, with a lag policy of its own.</summary>
    /// <param name="policy">The policy. Observers without a scheduler never lag, so for them only <see cref="LagPolicy.Unbounded"/> is
    /// valid.</param>
    /// <exception cref="ArgumentNullException"><paramref name="policy"/> is null.</exception>
    public EventObservable<T> WithLagPolicy(LagPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return With(_settings with { LagPolicy = policy });
    }

    /// <summary>This observable, with a way to wait for events: a thread of the subscriber's own, or a reader's, may stay awake.</summary>
    /// <param name="strategy">How it waits. A strategy that spins needs a scheduler that gives each subscription a thread of its own, such as
    /// <see cref="NewThreadScheduler"/>, or a reader: its <see cref="EventReader{T}.WaitToReadAsync"/> then spins on the calling thread before it
    /// returns.</param>
    /// <remarks>For a few subscribers that must hear of an event within a microsecond, and no more of them than processors that are to
    /// spare.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="strategy"/> is null.</exception>
    public EventObservable<T> WithWaitStrategy(WaitStrategy strategy)
    {
        ArgumentNullException.ThrowIfNull(strategy);
        return With(_settings with { WaitStrategy = strategy });
    }

    /// <summary>This observable, under a name that <see cref="EventStream{T}.Subscriptions"/> shows.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="ArgumentNullException"><paramref name="name"/> is null.</exception>
    public EventObservable<T> WithName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return With(_settings with { Name = name });
    }

    /// <summary>The events with their sequence numbers; a gap between two is what this subscriber missed.</summary>
    /// <remarks>
    /// <code>
    /// stream  -a--b--c-|
    /// result  -0--1--2-|   each with its event
    /// </code>
    /// <para><see cref="EventStreamExtensions.ReadAllAsync"/> pulls them with a reader of the stream.</para>
    /// </remarks>
    public IObservable<Sequenced<T>> WithSequence() => new SequencedEvents(this);

    /// <summary>The events in batches: each has what is there, up to a number of events.</summary>
    /// <param name="maxCount">The most events in one batch; at least 1.</param>
    /// <remarks>
    /// A batch is a slice of the stream's own memory where at least half of <paramref name="maxCount"/> lies in one segment, and a copy
    /// where it lies in several; see <see cref="EventStreamOptions.SegmentCapacity"/>. So while more events wait, a batch is at least half full.
    /// Slices and copies stay valid, and their memory in use, for as long as they are held. Without a scheduler each event is a batch.
    /// <code>
    /// stream  -a-x--|       x = b, c and d at once
    /// result  --A-B--|      A = [a], B = [b c d]
    /// </code>
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxCount"/> is less than 1.</exception>
    public IObservable<ReadOnlyMemory<T>> Batch(int maxCount)
    {
        Ranges.ThrowIfNoBatch(maxCount);
        return new Adapted<ReadOnlyMemory<T>>(this, observer => new BatchObserver<T>(observer, maxCount));
    }

    /// <summary>The events in batches, each as soon as it is full, or has waited for long enough.</summary>
    /// <param name="maxCount">The most events in one batch; at least 1.</param>
    /// <param name="maxDelay">How long a batch that is not full waits for more events, from zero to about 24 days. The time begins when the
    /// batch's first event arrives at the scheduler, and is measured by the scheduler: on a virtual-time scheduler it is virtual
    /// time.</param>
    /// <remarks>
    /// The events that wait are delivered before the terminal event, also before an error. There are no empty batches.
    /// <para>While events wait for their batch they are not consumed: they count as lag. So a batch is full, too, when it has as many events as
    /// the capacity of the <see cref="LagPolicy"/>: then <see cref="LagPolicy.Fail"/> does not fail, <see cref="LagPolicy.DropOldest"/> drops
    /// nothing, and publishers do not wait for <paramref name="maxDelay"/>, only because a batch fills. A run of events for which
    /// <see cref="LagPolicy.Wait"/> has no room beside the batch does wait for it.</para>
    /// <para>It needs a scheduler: on the publishing thread no event waits for others. Memory as for <see cref="Batch(int)"/>.</para>
    /// With at most three events, and a delay of four:
    /// <code>
    /// stream  -a-b--------c-de---f|
    /// result  ------A--------B----C|     A = [a b], B = [c d e], C = [f]
    /// </code>
    /// </remarks>
    /// <returns>An observable whose <c>Subscribe</c> throws <see cref="InvalidOperationException"/> if there is no scheduler.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxCount"/> is less than 1, or <paramref name="maxDelay"/> is negative
    /// or too long.</exception>
    public IObservable<ReadOnlyMemory<T>> Batch(int maxCount, TimeSpan maxDelay)
    {
        Ranges.ThrowIfNoBatch(maxCount);
        Ranges.ThrowIfNoDelay(maxDelay);
        return new Adapted<ReadOnlyMemory<T>>(this, observer => new TimedBatchObserver<T>(observer, maxCount, maxDelay));
    }

    /// <summary>The newest event of each key; see <see cref="EventStreamExtensions.ObserveLatestByKeyOn{T, TKey}(IObservable{T}, Func{T, TKey}, IScheduler)"/>.</summary>
    internal IObservable<T> LatestByKey<TKey>(Func<T, TKey> key) =>
        new Adapted<T>(WithLagPolicy(LagPolicy.Unbounded), observer => new LatestByKeyObserver<T, TKey>(observer, key));

    /// <summary>Joins the stream with a reader, from which events are pulled.</summary>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public EventReader<T> OpenReader() => _stream.OpenReader(_position, _settings);

    /// <summary>The events for <c>await foreach</c>. Each enumeration joins when it begins, at the first <c>MoveNextAsync</c>.</summary>
    /// <param name="cancellationToken">Ends the enumeration with an <see cref="OperationCanceledException"/> that carries this token, or, where
    /// <c>WithCancellation</c> adds a second one, a token linked to both.</param>
    /// <remarks>It ends when the stream completes, and throws the stream's error if it has one.
    /// <para>A running enumeration keeps only the events that it has not read. So it does not keep the position that it started from. To
    /// enumerate more than once from a position, hold the position; without it, a later enumeration can start only where the stream
    /// retains the events, and throws <see cref="InvalidOperationException"/> elsewhere.</para></remarks>
    public IAsyncEnumerable<T> ReadAllAsync(CancellationToken cancellationToken = default) =>
        Read(new ReadStart(_stream, _position, _settings), cancellationToken);

    /// <summary>Joins the stream with an observer.</summary>
    /// <param name="observer">The observer; subscribing it twice makes two subscriptions.</param>
    /// <returns>An <see cref="EventSubscription"/>, which ends when disposed.</returns>
    /// <remarks>
    /// With a scheduler this returns at once, except with <c>CurrentThreadScheduler</c>. Without one, what lies between the position and now is replayed before it
    /// returns. If the observer throws during the replay, its subscription ends, and the exception leaves this method. If the observer is slower than threads
    /// that publish at the same time, one of these replays the rest.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="observer"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    /// <exception cref="InvalidOperationException">A lag policy or a fault policy is set, but no scheduler: an observer on the publishing
    /// thread never lags, and its exception leaves <c>OnNext</c>. Or the wait strategy spins, and the scheduler gives the subscription no
    /// thread of its own.</exception>
    public EventSubscription Subscribe(IObserver<T> observer) =>
        _stream.Subscribe(_faultPolicy?.Report is { } report ? Reporting(observer, report) : observer, _position, _settings);

    IDisposable IObservable<T>.Subscribe(IObserver<T> observer) => Subscribe(observer);

    /// <remarks>Static: it must not keep this observable, which keeps the position.</remarks>
    private static async IAsyncEnumerable<T> Read(ReadStart start, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using EventReader<T> reader = start.OpenReader();
        while (await reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            while (reader.TryRead(out T? value))
            {
                yield return value;
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    private static void ThrowIfLessThanOne(int maxBatch)
    {
        if (maxBatch < 1)
        {
            throw new ArgumentOutOfRangeException(
                nameof(maxBatch), maxBatch, "maxBatch must be from 1 to 2,147,483,647: the most events in one scheduled action.");
        }
    }

    private EventObservable<T> With(JoinSettings settings) => new(_stream, _position, settings, _faultPolicy);
}
