using Rx.Delivery;

namespace Rx;

/// <content>The operators that observe on a scheduler, for a synchronization context.</content>
public static partial class EventStreamExtensions
{
    /// <summary>Observes a source on a synchronization context, with a bound on what waits for a slow observer.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="source">The source.</param>
    /// <param name="context">Where the observer is called, by posting to it: up to 64 events in one callback.</param>
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
    public static IObservable<T> ObserveOn<T>(this IObservable<T> source, SynchronizationContext context, LagPolicy lag)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(context);
        return ObserveOn(source, new ContextScheduler(context), lag);
    }

    /// <summary>Observes a source on a synchronization context; an observer that was busy continues with the newest event.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="source">The source.</param>
    /// <param name="context">Where the observer is called, by posting to it.</param>
    /// <remarks>
    /// With an observer that takes three ticks for <c>a</c>:
    /// <code>
    /// source  -a-bcd----|
    /// result  --a---d----|
    /// </code>
    /// </remarks>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static IObservable<T> ObserveLatestOn<T>(this IObservable<T> source, SynchronizationContext context) =>
        ObserveOn(source, context, LagPolicy.Latest);

    /// <summary>Observes a source on a synchronization context; an observer that was busy continues with the newest event of each key that it
    /// has not seen.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <typeparam name="TKey">The type of the keys; compared by <see cref="EqualityComparer{T}.Default"/>. A key may be null.</typeparam>
    /// <param name="source">The source.</param>
    /// <param name="key">Gives the key of an event, such as the symbol of a price. Called where the observer is called, once for each
    /// event.</param>
    /// <param name="context">Where the observer is called, by posting to it.</param>
    /// <remarks>
    /// Otherwise as <see cref="ObserveLatestByKeyOn{T, TKey}(IObservable{T}, Func{T, TKey}, System.Reactive.Concurrency.IScheduler)"/>. With a
    /// letter as the key, whether small or large, and an observer that takes five ticks for the first <c>a</c>:
    /// <code>
    /// source  -a-bAB-c----|
    /// result  --a-----BAc--|
    /// </code>
    /// </remarks>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static IObservable<T> ObserveLatestByKeyOn<T, TKey>(this IObservable<T> source, Func<T, TKey> key, SynchronizationContext context)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(context);
        return ObserveLatestByKeyOn(source, key, new ContextScheduler(context));
    }

    /// <summary>Observes a source on a synchronization context in batches: the observer gets what has arrived since its last call as one
    /// batch.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="source">The source.</param>
    /// <param name="context">Where the observer is called, by posting to it.</param>
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
    public static IObservable<ReadOnlyMemory<T>> ObserveBatchesOn<T>(this IObservable<T> source, SynchronizationContext context, int maxCount)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(context);
        return ObserveBatchesOn(source, new ContextScheduler(context), maxCount);
    }
}
