using Rx.Delivery;

namespace Rx;

/// <content>Handlers that await, and what happens when an observer or handler throws.</content>
public sealed partial class EventObservable<T>
{
    /// <summary>This observable, with a policy for observers and handlers that throw.</summary>
    /// <param name="policy">The policy. Observers without a scheduler cannot have <see cref="FaultPolicy{T}.Continue"/>: what they throw leaves
    /// <c>OnNext</c>, and they stay subscribed. Nor can batches, the newest event of each key, and projections, which concern more than one
    /// event. Readers call no observer.</param>
    /// <exception cref="ArgumentNullException"><paramref name="policy"/> is null.</exception>
    public EventObservable<T> WithFaultPolicy(FaultPolicy<T> policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return new(_stream, _position, _settings, policy);
    }

    /// <summary>Joins the stream with a handler that may await.</summary>
    /// <param name="handler">Called with each event, and a token that is canceled when the subscription ends.</param>
    /// <param name="options">How many calls may run at once, in what order, and what is called at the end; null for one call at a
    /// time.</param>
    /// <returns>The subscription. <see cref="EventSubscription.Sequence"/> is the first event that is not handled yet: everything before it is
    /// done. <see cref="EventSubscription.Delivered"/> counts handled events.</returns>
    /// <remarks>
    /// The handler begins on the scheduler; without one, on the thread pool. What it does after an <c>await</c> runs where such code usually
    /// runs. A call that completes synchronously allocates nothing; with <see cref="LagPolicy.Wait"/>, each call
    /// allocates what makes it known to the code that it awaits.
    /// <para><see cref="LagPolicy.Wait"/> holds publishers back while the first event that is not handled is too far behind. The other policies
    /// count the events whose call has not begun; with <see cref="LagPolicy.Latest"/> the handler continues with the newest event. A handler that publishers wait for cannot wait for room in
    /// its own stream, since its own return would make the room: <c>OnNext</c> and <c>OnNextAsync</c> then throw
    /// <see cref="InvalidOperationException"/>, also in code that the handler awaits or has started while the call runs, where its execution context flows.</para>
    /// <para>The terminal event comes after the last call. <see cref="EventSubscription.Dispose"/> cancels the token and begins no further
    /// call; <see cref="EventSubscription.WhenEndedAsync"/> waits for the calls that run. What they throw then is dropped.</para>
    /// <para>What a call throws is a fault of its event: the subscription ends with it, and it leaves the scheduled action, unless
    /// <see cref="WithFaultPolicy"/> says to continue.</para>
    /// With at most two calls at once; a call begins at a capital letter and returns at the small one:
    /// <code>
    /// stream  -1-2-3------|
    /// calls   -A-B-aC-b-c-|      3 waits until the first call has returned
    /// </code>
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="handler"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    /// <exception cref="InvalidOperationException">The scheduler is <c>ImmediateScheduler</c>: a handler cannot be awaited on the publishing
    /// thread.</exception>
    public EventSubscription SubscribeAwait(Func<T, CancellationToken, ValueTask> handler, SubscribeAwaitOptions<T>? options = null)
    {
        ArgumentNullException.ThrowIfNull(handler);
        var observer = new AwaitingEventObserver<T>(handler, options ?? SubscribeAwaitOptions<T>.Default, _faultPolicy ?? FaultPolicy<T>.Stop);
        return _stream.Subscribe(observer, _position, _settings with { Scheduler = _stream.SchedulerOfHandlers(_settings) });
    }

    /// <summary>Joins the stream with a handler of batches that may await.</summary>
    /// <param name="maxCount">The most events in one batch; at least 1.</param>
    /// <param name="handler">Called with the waiting events, up to <paramref name="maxCount"/> events, and a token that is canceled when the
    /// subscription ends. The memory stays valid for as long as it is held; see <see cref="Batch(int)"/>.</param>
    /// <param name="options">How many calls may run at once, in what order, and what is called at the end; null for one call at a
    /// time.</param>
    /// <param name="faultPolicy">What happens when a call throws, which is a fault of all its events; null for
    /// <see cref="FaultPolicy{T}.Stop"/>. The policy of <see cref="WithFaultPolicy"/> is for single events.</param>
    /// <returns>The subscription. <see cref="EventSubscription.Sequence"/> is the first event that is not handled yet.</returns>
    /// <remarks>
    /// While a call runs, events gather for the next one. So a handler that is slow for each call, such as a database writer, keeps up by itself:
    /// batches grow with the load. Otherwise as <see cref="SubscribeAwait"/>.
    /// <code>
    /// stream  -1-2-3------|
    /// calls   -A-----aB-b-|      A = [1], B = [2 3]
    /// </code>
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="handler"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxCount"/> is less than 1.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    /// <exception cref="InvalidOperationException">The scheduler is <c>ImmediateScheduler</c>, or <see cref="WithFaultPolicy"/> says to continue
    /// after single events.</exception>
    public EventSubscription SubscribeAwaitBatch(
        int maxCount, Func<ReadOnlyMemory<T>, CancellationToken, ValueTask> handler, SubscribeAwaitOptions<ReadOnlyMemory<T>>? options = null,
        FaultPolicy<ReadOnlyMemory<T>>? faultPolicy = null)
    {
        Ranges.ThrowIfNoBatch(maxCount);
        ArgumentNullException.ThrowIfNull(handler);
        ThrowIfContinuing(isOfSeveral: true);
        var observer = new AwaitingBatchObserver<T>(
            handler, maxCount, options ?? SubscribeAwaitOptions<ReadOnlyMemory<T>>.Default, faultPolicy ?? FaultPolicy<ReadOnlyMemory<T>>.Stop);
        return _stream.Subscribe(observer, _position, _settings with { Scheduler = _stream.SchedulerOfHandlers(_settings) });
    }

    /// <summary>The observer, guarded by one that reports what it throws.</summary>
    private ReportingObserver<T> Reporting(IObserver<T> observer, Action<EventFault<T>> report)
    {
        ArgumentNullException.ThrowIfNull(observer);
        if (_stream.SchedulerOf(_settings) is null)
        {
            throw new InvalidOperationException(
                "FaultPolicy.Continue needs a scheduler: what an observer on the publishing thread throws leaves OnNext, and the observer stays " +
                "subscribed. Name a scheduler with ObserveOn, or subscribe with WithFaultPolicy(FaultPolicy<T>.Stop).");
        }

        ThrowIfContinuing(observer is CursorObserver<T>);
        return new ReportingObserver<T>(observer, report);
    }

    private void ThrowIfContinuing(bool isOfSeveral)
    {
        if (isOfSeveral && _faultPolicy?.Report is not null)
        {
            throw new InvalidOperationException(
                "FaultPolicy.Continue reports one event, and what is subscribed here concerns several: a batch, the newest event of each key, or " +
                "a projection. Catch the exception inside, or subscribe with WithFaultPolicy(FaultPolicy<T>.Stop).");
        }
    }
}
