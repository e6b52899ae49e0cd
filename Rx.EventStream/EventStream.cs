using System.Diagnostics;
using System.Reactive.Concurrency;
using System.Reactive.Subjects;
using System.Runtime.CompilerServices;
using Rx.Delivery;
using Rx.Diagnostics;
using Rx.Storage;

namespace Rx;

/// <summary>A subject whose events are written once, to a linked list, and read by each subscriber at its own pace.</summary>
/// <typeparam name="T">The type of the events. Null is an event like any other.</typeparam>
/// <remarks>
/// <para>It can stand wherever a <see cref="Subject{T}"/> does. Observers without a scheduler are called on the publishing
/// thread. An observer on a scheduler has a cursor of its own: a slow one delays nobody, and sees every event.</para>
/// <para><b>Concurrency.</b> All members may be used from any thread at any time (with
/// <see cref="EventStreamOptions.SingleWriter"/>, publishing by one thread at a time). Publishing and delivering take no
/// lock. All observers see one order of events and never overlapping calls: any number of <c>OnNext</c>, then at most
/// one <c>OnError</c> or <c>OnCompleted</c>.</para>
/// <para><b>Re-entrancy.</b> An event published from inside an observer is delivered on the publishing thread after
/// the current one has reached everyone.</para>
/// </remarks>
[DebuggerDisplay("{DebuggerDisplay,nq}")]
[DebuggerTypeProxy(typeof(EventStreamDebugView<>))]
public sealed partial class EventStream<T> : SubjectBase<T>, IMeteredStream
{
    private readonly EventLog<T> _log;
    private readonly EventStreamOptions _options;

    /// <summary>The delivery on the publishing thread, null until the first such observer. Set once by CAS, read with acquire.</summary>
    private InlineDelivery<T>? _inline;

    /// <summary>The observers on schedulers, null until the first one. Set once by CAS, read with acquire.</summary>
    private SubscriptionList? _scheduled;

    /// <summary>What ends with the stream, such as its subscription to a source, or null. Exchanged by who sets and who disposes it.</summary>
    private IDisposable? _owned;

    /// <summary>Makes a stream that any thread may publish to, and that calls observers on the publishing thread.</summary>
    public EventStream()
        : this(EventStreamOptions.Default)
    {
    }

    /// <summary>Makes a stream.</summary>
    /// <param name="options">How it is to work.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    public EventStream(EventStreamOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        Retention retention = options.Retention;
        _log = new EventLog<T>(
            options.SingleWriter,
            options.SegmentCapacity,
            retention.MaxCount,
            retention.MaxAge.Ticks,
            retention.IsTimed ? ClockOf(options) : null);
        if (options.Name is { } name)
        {
            StreamMeter.Register(name, this);
        }
    }

    /// <summary>Whether anybody is subscribed. Readers do not count.</summary>
    public override bool HasObservers =>
        _log.Termination is null
        && (Volatile.Read(ref _inline)?.Subscriptions.Count > 0 || Volatile.Read(ref _scheduled)?.Count > 0);

    /// <summary>Whether <see cref="Dispose"/> was called.</summary>
    public override bool IsDisposed => _log.IsDisposed;

    /// <summary>The subscriptions there are now, those on the publishing thread first, each kind in the order it came.</summary>
    public IReadOnlyList<EventSubscription> Subscriptions
    {
        get
        {
            var subscriptions = new List<EventSubscription>();
            Volatile.Read(ref _inline)?.Subscriptions.CopyTo(subscriptions);
            Volatile.Read(ref _scheduled)?.CopyTo(subscriptions);
            subscriptions.RemoveAll(static s => s.IsDisposed);
            return subscriptions;
        }
    }

    StreamFigures IMeteredStream.Figures
    {
        get
        {
            SubscriptionList? inline = Volatile.Read(ref _inline)?.Subscriptions;
            SubscriptionList? scheduled = Volatile.Read(ref _scheduled);
            IReadOnlyList<EventSubscription> subscriptions = Subscriptions;
            long published = _log.NextSequence;
            return new StreamFigures(
                published,
                subscriptions.Sum(static s => s.Delivered) + (inline?.DeliveredBefore ?? 0) + (scheduled?.DeliveredBefore ?? 0),
                subscriptions.Sum(static s => s.Dropped) + (inline?.DroppedBefore ?? 0) + (scheduled?.DroppedBefore ?? 0),
                subscriptions.Count,
                subscriptions.Select(static s => s.Lag).DefaultIfEmpty().Max(),
                published - _log.OldestSequence,
                _log.CountSegments());
        }
    }

    internal EventLog<T> Log => _log;

    /// <summary>Whether a terminal event was published, or the stream disposed.</summary>
    internal bool HasEnded => _log.Termination is not null;

    private string DebuggerDisplay =>
        $"{_options.Name ?? "EventStream"}: Published = {_log.NextSequence}, Subscriptions = {Subscriptions.Count}, " +
        (_log.Termination is { } t ? ReferenceEquals(t, Termination.Disposed) ? "Disposed" : t.Error is null ? "Completed" : "Failed" : "Open");

    /// <summary>Publishes an event.</summary>
    /// <remarks>
    /// Observers without a scheduler get it before this returns, unless a thread is delivering at the moment, which then
    /// delivers this event too. What they throw leaves the <c>OnNext</c> that delivered it, after everyone else got the event
    /// (several: as an <see cref="AggregateException"/>). Ignored after the terminal event. Blocks while a subscriber with
    /// <see cref="LagPolicy.Wait"/> has no room.
    /// </remarks>
    /// <param name="value">The event.</param>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    /// <exception cref="InvalidOperationException">It would have to wait inside a delivery of this stream.</exception>
    public override void OnNext(T value)
    {
        Duties duties = _log.Duties;
        if ((duties & Duties.Ask) != 0)
        {
            PublishSlow(value);
        }
        else
        {
            PublishAtOnce(value, duties);
        }
    }

    /// <summary>Publishes one event where publishers do not have to ask.</summary>
    /// <remarks>It calls others only as the last thing it does, so it keeps nothing on the stack.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void PublishAtOnce(T value, Duties duties)
    {
        EventLog<T> log = _log;
        if (Volatile.Read(ref _inline) is { } inline)
        {
            inline.Publish(value, duties);
        }
        else if (!log.TryAppend(value, out long sequence, out Segment<T>? tail))
        {
            AppendSlow(value, sequence, tail);
        }

        // Behind the mark: somebody may be parked, and the first inline observer may have come since; neither must wait for the next event.
        else if (log.IsAnybodyParked() || Volatile.Read(ref _inline) is not null)
        {
            WakeSlow(sequence);
        }
    }

    /// <summary>Appends where that takes more than <see cref="EventLog{T}.TryAppend"/> does.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AppendSlow(T value, long sequence, Segment<T>? tail) => WakeSlow(_log.AppendSlow(value, sequence, tail));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void WakeSlow(long sequence) => DrainSlow(_log.WakeReaders(), sequence);

    /// <summary>Publishes several events as one run: for every observer they come one after the other, with none between.</summary>
    /// <param name="values">The events, in order. They are copied.</param>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    /// <remarks>Otherwise as <see cref="OnNext"/>.</remarks>
    public void OnNextRange(ReadOnlySpan<T> values)
    {
        EventLog<T> log = _log;
        if (values.IsEmpty || (log.Duties & Duties.Ask) != 0)
        {
            PublishSlow(values);
            return;
        }

        PublishRangeAtOnce(values);
    }

    /// <summary>Publishes a run where publishers do not have to ask; returns the sequence number of its first event.</summary>
    private long PublishRangeAtOnce(ReadOnlySpan<T> values)
    {
        EventLog<T> log = _log;
        Segment<T> tail = log.TailBeforeClaim();
        long time = log.ReadClock();
        int count = values.Length;
        long sequence = log.IsSingleWriter ? log.ClaimSingle(count) : EventLog<T>.CountOf(log.ClaimShared(count));
        PublishClaimed(tail, sequence, values, time);
        return sequence;
    }

    /// <summary>Waits until every observer there is now is done with every event published by now, or has ended.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <remarks>Readers do not count: they read when they like.</remarks>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task WhenCaughtUpAsync(CancellationToken cancellationToken = default)
    {
        long sequence = _log.NextSequence;
        IReadOnlyList<EventSubscription> subscriptions = Subscriptions;
        return ProgressWait<T>.Until(_log, () => subscriptions.All(s => s.HasConsumed(sequence)), cancellationToken);
    }

    /// <summary>Ends the stream with an error, which reaches each observer after all events. The first terminal event wins.</summary>
    /// <param name="error">The error.</param>
    /// <exception cref="ArgumentNullException"><paramref name="error"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public override void OnError(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        Terminate(Termination.Failed(error));
    }

    /// <summary>Ends the stream; each observer learns it after all events. The first terminal event wins.</summary>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public override void OnCompleted() => Terminate(Termination.Completed);

    /// <summary>Drops all subscriptions without telling them. Afterwards publishing and subscribing throw. Calling it again does nothing.</summary>
    public override void Dispose()
    {
        if (!_log.TryDispose())
        {
            return;
        }

        List<Exception>? errors = null;
        foreach (EventSubscription subscription in Subscriptions.Concat(Volatile.Read(ref _inline)?.Replaying ?? []))
        {
            try
            {
                subscription.Dispose();
            }
            catch (Exception error)
            {
                (errors ??= []).Add(error); // a scheduler that cannot cancel; the others are to be dropped all the same
            }
        }

        // Readers find the stream disposed.
        errors = Errors.Concat(errors, _log.WakeEveryone());
        Interlocked.Exchange(ref _owned, null)?.Dispose();
        Errors.Throw(errors);
    }

    /// <summary>Subscribes from the oldest retained event, or from now on where nothing is retained, on the scheduler of <see cref="EventStreamOptions.Scheduler"/>.</summary>
    /// <param name="observer">The observer; subscribing it twice makes two subscriptions.</param>
    /// <returns>An <see cref="EventSubscription"/>, which ends when disposed.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="observer"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public override IDisposable Subscribe(IObserver<T> observer) => Subscribe(observer, null, null, null, null);

    internal EventSubscription Subscribe(
        IObserver<T> observer, EventPosition<T>? position, IScheduler? scheduler, LagPolicy? lag, string? name)
    {
        ArgumentNullException.ThrowIfNull(observer);
        ThrowIfDisposed();
        scheduler ??= _options.Scheduler;
        EventSubscription subscription;
        if (scheduler is null or ImmediateScheduler)
        {
            ThrowIfBounded(lag ?? _options.LagPolicy);
            subscription = SubscribeInline(position?.Fault is { } fault ? new FaultObserver<T>(observer, fault) : observer, position, name);
        }
        else
        {
            Pump<T> pump = PumpFactory.Create(_log, ScheduledSubscriptions(), Join(position, lag), observer, name, scheduler);
            (observer as ISubscriptionObserver)?.OnSubscribed(pump);
            if ((lag ?? _options.LagPolicy) is { WaitsWhenFull: true } wait)
            {
                var member = new WaitGate<T>.Member(() => pump.Sequence, wait.Capacity);
                WaitGate<T> gate = OpenGate();
                gate.Add(member);
                pump.IsWaitedFor = true;
                pump.OnEnded(() => gate.Remove(member));
            }

            pump.Start();
            subscription = pump;
        }

        if (IsDisposed)
        {
            // Whoever disposed the stream may have looked before the subscription was listed.
            subscription.Dispose();
            ThrowIfDisposed();
        }

        return subscription;
    }

    /// <summary>A cursor at a position, or where those begin who name none, with the stream's lag policy unless another is given.</summary>
    internal Cursor<T> Join(EventPosition<T>? position, LagPolicy? lag)
    {
        ThrowIfDisposed();
        lag ??= _options.LagPolicy;
        Cursor<T> cursor = position?.Fork() ?? _log.JoinOldest();
        cursor.EndAt(position?.Fault);
        if (lag.LeavesBehind)
        {
            cursor.SetBound(_log, lag.Capacity, lag.FailsWhenFull);
        }

        return cursor;
    }

    internal EventReader<T> OpenReader(EventPosition<T>? position, LagPolicy? lag, string? name)
    {
        lag ??= _options.LagPolicy;
        return new EventReader<T>(this, Join(position, lag), name, lag.WaitsWhenFull ? OpenGate() : null, lag.Capacity);
    }

    private InlineSubscription<T> SubscribeInline(IObserver<T> observer, EventPosition<T>? position, string? name)
    {
        InlineDelivery<T> inline = Volatile.Read(ref _inline)
            ?? Interlocked.CompareExchange(ref _inline, new InlineDelivery<T>(_log), null)
            ?? _inline;
        if (position is null && !_log.Retains)
        {
            var subscription = new InlineSubscription<T>(inline, _log, observer, name);
            (observer as ISubscriptionObserver)?.OnSubscribed(subscription);
            inline.Join(subscription);
            return subscription;
        }

        var late = new InlineSubscription<T>(inline, _log, observer, name, position?.Fork() ?? _log.JoinOldest());
        (observer as ISubscriptionObserver)?.OnSubscribed(late);
        late.ReplayAndJoin();
        return late;
    }

    private SubscriptionList ScheduledSubscriptions() =>
        Volatile.Read(ref _scheduled)
        ?? Interlocked.CompareExchange(ref _scheduled, new SubscriptionList(), null)
        ?? _scheduled;

    /// <summary>The clock for retention by age, in ticks: a virtual scheduler's own time, else monotonic time, which setting the wall clock does not move.</summary>
    private static Func<long> ClockOf(EventStreamOptions options)
    {
        if (options.TimeProvider is null && options.Scheduler is { } scheduler && PumpFactory.IsVirtualTime(scheduler.GetType()))
        {
            return () => scheduler.Now.UtcTicks;
        }

        TimeProvider time = options.TimeProvider ?? TimeProvider.System;
        long start = time.GetTimestamp();
        return () => time.GetElapsedTime(start).Ticks;
    }

    private static void ThrowIfBounded(LagPolicy lag)
    {
        if (lag.LeavesBehind || lag.WaitsWhenFull)
        {
            throw new InvalidOperationException(
                $"The lag policy {lag} cannot be kept for an observer on the publishing thread: it is called before OnNext returns, " +
                "so it never lags. Name a scheduler with ObserveOn, or subscribe with WithLagPolicy(LagPolicy.Unbounded).");
        }
    }

    /// <summary>Has something disposed together with the stream.</summary>
    internal void Own(IDisposable owned)
    {
        Interlocked.Exchange(ref _owned, owned);
        if (IsDisposed)
        {
            Interlocked.Exchange(ref _owned, null)?.Dispose();
        }
    }

    private void Terminate(Termination termination)
    {
        if (_log.TryTerminate(termination))
        {
            List<Exception>? errors = _log.WakeReaders();
            _log.WakeEnded();
            DrainSlow(errors, _log.End);
        }
        else
        {
            ThrowIfDisposed();
        }
    }

    /// <summary>Publishes a claimed run, and delivers it as <see cref="OnNext"/> does.</summary>
    private void PublishClaimed(Segment<T> tail, long sequence, ReadOnlySpan<T> values, long time)
    {
        _log.PublishRange(tail, sequence, values, time);
        DrainSlow(_log.WakeReaders(), sequence);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void DrainSlow(List<Exception>? errors, long sequence)
    {
        if (Volatile.Read(ref _inline)?.TryDrain(sequence, errors) != true)
        {
            Errors.Throw(errors);
        }
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(IsDisposed, this);
}
