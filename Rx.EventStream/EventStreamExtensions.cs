using System.Reactive.Concurrency;
using System.Reactive.Linq;
using Rx.Delivery;
using Rx.Operators;

namespace Rx;

/// <summary>Operators on any observable that use an <see cref="EventStream{T}"/>, and the projection of a stream to a state.</summary>
/// <remarks><b>Concurrency.</b> All methods may be called from any thread at any time.</remarks>
public static partial class EventStreamExtensions
{
    /// <summary>Publishes what a source produces to a new stream, from now on.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="source">The source. The method subscribes to it once, before it returns.</param>
    /// <param name="options">The stream's options; null for the defaults.</param>
    /// <returns>The stream. Disposing it unsubscribes from the source; what the source still publishes then is ignored.</returns>
    /// <remarks>
    /// <code>
    /// source  -a--b--c-|
    /// stream  -a--b--c-|   for each of any number of observers
    /// </code>
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="source"/> is null.</exception>
    public static EventStream<T> ToEventStream<T>(this IObservable<T> source, EventStreamOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        var stream = new EventStream<T>(options ?? EventStreamOptions.Default);
        stream.SubscribeTo(source);
        return stream;
    }

    /// <summary>Shares one subscription to a source among all observers: subscribes with the first, unsubscribes with the last.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="source">The source.</param>
    /// <param name="options">The options of the stream in between, such as what a late observer can replay; null for the defaults.</param>
    /// <remarks>
    /// <code>
    /// source     ^a--b--c-|
    /// first      ^a--b--c-|
    /// second        ^b--c-|
    /// </code>
    /// Counting and joining are one step, so an observer that subscribes while the last one leaves either keeps the subscription
    /// alive or starts a new one.
    /// <para>After the source has ended, the next observer starts it again, so <c>Retry</c> and <c>Repeat</c> work. With a retention a source
    /// that has completed is not started again: a late observer gets what is retained, then the completion.</para>
    /// <para>The source has one subscription at a time. While it is being unsubscribed from, an observer that comes waits for it, without blocking
    /// the thread that subscribes. If subscribing to the source throws, its observers get the exception with <c>OnError</c>, and the next observer
    /// starts the source again.</para>
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="source"/> is null.</exception>
    public static IObservable<T> Share<T>(this IObservable<T> source, EventStreamOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        return new SharedObservable<T>(source, options ?? EventStreamOptions.Default, minObservers: 1, disconnectDelay: null);
    }

    /// <summary>Observes a source on a scheduler, with a bound on what waits for a slow observer.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="source">The source.</param>
    /// <param name="scheduler">Where the observer is called.</param>
    /// <param name="lag">What happens when the observer lags.</param>
    /// <remarks>
    /// An <see cref="EventStream{T}"/> or <see cref="EventObservable{T}"/> is observed with a cursor of its own; a scheduler or lag policy set
    /// before is replaced.
    /// <para>With <c>LagPolicy.Latest</c>, and an observer that takes three ticks for <c>a</c>:</para>
    /// <code>
    /// source  -a-bcd----|
    /// result  --a---d----|
    /// </code>
    /// </remarks>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static IObservable<T> ObserveOn<T>(this IObservable<T> source, IScheduler scheduler, LagPolicy lag)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(scheduler);
        ArgumentNullException.ThrowIfNull(lag);
        return Through(source, observable => observable.ObserveOn(scheduler).WithLagPolicy(lag));
    }

    /// <summary>Observes a source on a scheduler; an observer that was busy continues with the newest event.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="source">The source.</param>
    /// <param name="scheduler">Where the observer is called.</param>
    /// <remarks>
    /// With an observer that takes three ticks for <c>a</c>:
    /// <code>
    /// source  -a-bcd----|
    /// result  --a---d----|
    /// </code>
    /// </remarks>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static IObservable<T> ObserveLatestOn<T>(this IObservable<T> source, IScheduler scheduler) =>
        ObserveOn(source, scheduler, LagPolicy.Latest);

    /// <summary>Observes a source on a scheduler; an observer that was busy continues with the newest event of each key that it has not
    /// seen.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <typeparam name="TKey">The type of the keys; compared by <see cref="EqualityComparer{T}.Default"/>. A key may be null.</typeparam>
    /// <param name="source">The source.</param>
    /// <param name="key">Gives the key of an event, such as the symbol of a price. Called where the observer is called, once for each
    /// event.</param>
    /// <param name="scheduler">Where the observer is called.</param>
    /// <remarks>
    /// With a letter as the key, whether small or large, and an observer that takes five ticks for the first <c>a</c>:
    /// <code>
    /// source  -a-bAB-c----|
    /// result  --a-----BAc--|
    /// </code>
    /// The keys come in the order in which they began to wait. The last event of each key is always delivered, and so is everything that
    /// waits before the terminal event. Before each call the observer's backlog is reduced to one event for each key, so in memory are as many
    /// events as there are keys that wait, and those published during one call.
    /// <para>If <paramref name="key"/> throws, the observer gets what waits, then the exception with <c>OnError</c>.</para>
    /// <para>An <see cref="EventStream{T}"/> or <see cref="EventObservable{T}"/> is observed with a cursor of its own; a scheduler or lag policy set
    /// before is replaced. <see cref="EventSubscription.Dropped"/> counts the events that a newer one has replaced. On
    /// <see cref="ImmediateScheduler"/> no event waits, and each is delivered.</para>
    /// </remarks>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static IObservable<T> ObserveLatestByKeyOn<T, TKey>(this IObservable<T> source, Func<T, TKey> key, IScheduler scheduler)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(scheduler);
        return Through(source, observable => observable.ObserveOn(scheduler).LatestByKey(key));
    }

    /// <summary>Observes a source on a scheduler in batches: the observer gets what has arrived since its last call as one batch.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="source">The source.</param>
    /// <param name="scheduler">Where the observer is called.</param>
    /// <param name="maxCount">The most events in one batch; at least 1.</param>
    /// <remarks>
    /// With an observer that takes three ticks for the first batch:
    /// <code>
    /// source  -a-bcd----|
    /// result  --A---B----|   A = [a], B = [b c d]
    /// </code>
    /// A batch stays valid for as long as it is held; see <see cref="EventObservable{T}.Batch(int)"/>.
    /// <para>An <see cref="EventStream{T}"/> or <see cref="EventObservable{T}"/> is observed with a cursor of its own, and with its own lag
    /// policy.</para>
    /// </remarks>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxCount"/> is less than 1.</exception>
    public static IObservable<ReadOnlyMemory<T>> ObserveBatchesOn<T>(this IObservable<T> source, IScheduler scheduler, int maxCount)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(scheduler);
        Ranges.ThrowIfNoBatch(maxCount);
        return Through(source, observable => observable.ObserveOn(scheduler).Batch(maxCount));
    }

    /// <summary>Reads a source with <c>await foreach</c>, with a bound on what waits for a slow reader.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="source">The source; each enumeration subscribes to it when it begins, and unsubscribes when it ends.</param>
    /// <param name="lag">What happens when the reader lags.</param>
    /// <param name="cancellationToken">Ends the enumeration with an <see cref="OperationCanceledException"/> that carries this
    /// token.</param>
    /// <remarks>
    /// It ends when the source completes, and throws the source's error if it has one. A running enumeration keeps only the events that it
    /// has not read.
    /// <para>The first <c>MoveNextAsync</c> subscribes before it returns, so it misses nothing that a hot source publishes afterwards. As with
    /// Rx's own <c>ToAsyncEnumerable</c>, it subscribes on the calling thread, and a source that produces inside <c>Subscribe</c> first produces
    /// everything there: an infinite one never returns. <c>SubscribeOn</c> moves such a source to another thread. With
    /// <see cref="LagPolicy.Wait"/> it need not be moved: a thread of its own subscribes, and <c>MoveNextAsync</c> returns when that thread has
    /// subscribed, or the source has to wait for the reader.</para>
    /// <para>An <see cref="EventStream{T}"/>, an <see cref="EventObservable{T}"/> and the result of its
    /// <see cref="EventObservable{T}.WithSequence"/> are read by a reader of their own, with nothing in between.</para>
    /// </remarks>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static IAsyncEnumerable<T> ReadAllAsync<T>(this IObservable<T> source, LagPolicy lag, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(lag);
        return source switch
        {
            EventStream<T> stream => stream.WithLagPolicy(lag).ReadAllAsync(cancellationToken),
            EventObservable<T> observable => observable.WithLagPolicy(lag).ReadAllAsync(cancellationToken),
            IReadable<T> readable => readable.ReadAllAsync(lag, cancellationToken),
            _ => new SourceReading<T>(source, lag, cancellationToken),
        };
    }

    /// <summary>Keeps a state up to date with a stream, so that a client can start with it and then follow the stream.</summary>
    /// <typeparam name="TState">The type of the state; immutable, since it is shared.</typeparam>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="stream">The stream.</param>
    /// <param name="seed">The state before the first event that is folded.</param>
    /// <param name="apply">Returns the next state, from a state and an event. Called once for each event, in order, one call at a
    /// time.</param>
    /// <param name="from">Where to begin; a position of the stream, which stays the caller's. If it is null, the projection begins at the oldest
    /// event that the stream retains when the projection is made, and with no retention at the next event: the events before are not in the
    /// state.</param>
    /// <remarks>
    /// Without <see cref="EventStreamOptions.Scheduler"/> it is up to date when <c>OnNext</c> returns, like an observer on the publishing
    /// thread. <see cref="EventStreamOptions.LagPolicy"/> does not apply: a projection gets every event.
    /// <code>
    /// stream   -1--2--3--|
    /// sum     0-1--3--6--
    /// </code>
    /// To go on from a saved state, begin at the sequence number that was saved with it:
    /// <c>stream.ToProjection(saved.State, apply, stream.GetPosition(saved.Sequence))</c>.
    /// <see cref="EventStream{T}.GetPosition"/> throws <see cref="ArgumentOutOfRangeException"/> if the stream no longer retains those events.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="stream"/> or <paramref name="apply"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="from"/> belongs to another stream.</exception>
    /// <exception cref="ObjectDisposedException">The stream, or <paramref name="from"/>, is disposed.</exception>
    public static EventProjection<TState, T> ToProjection<TState, T>(
        this EventStream<T> stream, TState seed, Func<TState, T, TState> apply, EventPosition<T>? from = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(apply);
        if (from is not null && !ReferenceEquals(from.Stream, stream))
        {
            throw new ArgumentException($"The position (sequence number {from.Sequence}) belongs to another stream.", nameof(from));
        }

        return new EventProjection<TState, T>(stream, from, default, seed, apply);
    }

    /// <summary>As <see cref="ToProjection{TState, T}(EventStream{T}, TState, Func{TState, T, TState}, EventPosition{T})"/>, for a stream with a
    /// position, a scheduler or a name of its own.</summary>
    /// <typeparam name="TState">The type of the state; immutable, since it is shared.</typeparam>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="source">How to join the stream: where, on which scheduler, under what name.</param>
    /// <param name="seed">The state before the first event that is folded.</param>
    /// <param name="apply">Returns the next state, from a state and an event. Called once for each event, in order, one call at a
    /// time.</param>
    /// <exception cref="ArgumentNullException"><paramref name="source"/> or <paramref name="apply"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The source has a lag policy that can lose events: only <see cref="LagPolicy.Unbounded"/>,
    /// and <see cref="LagPolicy.Wait"/> with a scheduler, keep the state right.</exception>
    /// <exception cref="ObjectDisposedException">The stream, or the position, is disposed.</exception>
    public static EventProjection<TState, T> ToProjection<TState, T>(
        this EventObservable<T> source, TState seed, Func<TState, T, TState> apply)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(apply);
        return source.Fold(seed, apply);
    }

    /// <summary>Observes a stream itself, and any other source through a stream for each observer.</summary>
    private static IObservable<TResult> Through<T, TResult>(IObservable<T> source, Func<EventObservable<T>, IObservable<TResult>> observe) =>
        source switch
        {
            EventStream<T> stream => observe(stream.AsObservable()),
            EventObservable<T> observable => observe(observable),
            _ => new ThroughStream<T, TResult>(source, stream => observe(stream.AsObservable())),
        };
}
