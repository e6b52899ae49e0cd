using System.Diagnostics;
using System.Reactive.Concurrency;
using System.Reactive.Subjects;
using System.Runtime.CompilerServices;
using Rx.Delivery;
using Rx.Diagnostics;
using Rx.Parking;
using Rx.Storage;

namespace Rx;

/// <summary>A subject whose events are written once, to a linked list, and read by each subscriber at its own pace.</summary>
/// <typeparam name="T">The type of the events. Null is an event like any other.</typeparam>
/// <remarks>
/// <para>It is a drop-in replacement for <see cref="Subject{T}"/>. Observers without a scheduler are called on the publishing
/// thread. An observer on a scheduler has a cursor of its own: with the default lag policy, a slow one delays no other,
/// and sees every event.</para>
/// <para><b>Concurrency.</b> All members may be used from any thread at any time (with
/// <see cref="EventStreamOptions.SingleWriter"/>, publishing by one thread at a time). Publishing and delivering take no
/// lock. All observers see one order of events and never overlapping calls: any number of <c>OnNext</c>, then at most
/// one <c>OnError</c> or <c>OnCompleted</c>.</para>
/// <para><b>Re-entrancy.</b> An event published from inside an observer is delivered on the publishing thread after
/// the current event has reached every observer.</para>
/// </remarks>
[DebuggerDisplay("{DebuggerDisplay,nq}")]
[DebuggerTypeProxy(typeof(EventStreamDebugView<>))]
public sealed partial class EventStream<T> : SubjectBase<T>, IEventStream, IMeteredStream
{
    private readonly EventLog<T> _log;
    private readonly EventStreamOptions _options;

    /// <summary>The delivery on the publishing thread, null until the first such observer. Set once, and cleared once the stream is
    /// disposed, since its cursor stands among the events; read with acquire.</summary>
    private InlineDelivery<T>? _inline;

    /// <summary>The observers on the publishing thread, null until the first one. Set once, before <see cref="_inline"/>; read with
    /// acquire.</summary>
    private ObserverList<T>? _inlineObservers;

    /// <summary>The observers on schedulers, null until the first one. Set once; read with acquire.</summary>
    private PumpList<T>? _scheduled;

    /// <summary>Where readers and pumps sleep, null until the first subscription, reader or wait. Set once; read with acquire.</summary>
    private ParkingLot<T>? _parking;

    /// <summary>The stream's subscription to its source, or null. Exchanged by the thread that sets it and by the one that disposes
    /// it.</summary>
    private IDisposable? _owned;

    /// <summary>What keeps the totals of a named stream when the stream is collected, or null. Set at construction.</summary>
    private readonly object? _metered;

    /// <summary>Creates a stream that any thread may publish to, and that calls observers on the publishing thread.</summary>
    public EventStream()
        : this(EventStreamOptions.Default)
    {
    }

    /// <summary>Creates a stream.</summary>
    /// <param name="options">The stream's options.</param>
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
            retention.IsTimed ? ClockOf(options) : null,
            options.CaptureActivity)
        {
            Name = options.Name,
        };
        if (options.Name is { } name)
        {
            _metered = StreamMeter.Register(name, this);
        }
    }

    /// <summary>Whether an observer is subscribed. Readers do not count.</summary>
    public override bool HasObservers =>
        _log.Termination is null
        && (Volatile.Read(ref _inlineObservers)?.Count > 0 || Volatile.Read(ref _scheduled)?.Count > 0);

    /// <summary>Whether <see cref="Dispose"/> was called.</summary>
    public override bool IsDisposed => _log.IsDisposed;

    /// <summary>The current subscriptions: first the observers on the publishing thread, then the ones on schedulers, then the readers, each
    /// in subscription order. A reader that is no longer referenced is listed until the garbage collector has found it.</summary>
    public IReadOnlyList<EventSubscription> Subscriptions => List(hasReaders: true);

    string? IEventStream.Name => _options.Name;

    bool IEventStream.HasEnded => HasEnded;

    internal EventLog<T> Log => _log;

    /// <summary>The readers, for a new one.</summary>
    internal SubscriptionList Readers => (Volatile.Read(ref _scheduled) ?? CreateScheduledSlow()).Readers;

    /// <summary>Where readers and pumps sleep.</summary>
    internal ParkingLot<T> Parking => Volatile.Read(ref _parking) ?? CreateParkingSlow();

    /// <summary>Whether a terminal event was published, or the stream disposed.</summary>
    internal bool HasEnded => _log.Termination is not null;

    /// <summary>Whether the stream was completed, and not disposed since.</summary>
    internal bool HasCompleted => ReferenceEquals(_log.Termination, Termination.Completed);

    private string DebuggerDisplay =>
        $"{_options.Name ?? "EventStream"}: Published = {_log.NextSequence}, Subscriptions = {Subscriptions.Count}, " +
        (_log.Termination is { } t ? t.IsDisposal ? "Disposed" : t.Error is null ? "Completed" : "Failed" : "Open");

    /// <summary>Publishes an event.</summary>
    /// <remarks>
    /// Observers without a scheduler get the event before this returns, unless another thread is delivering at the moment; that thread then
    /// delivers this event too. An exception of an observer leaves the <c>OnNext</c> of the thread that delivered the event, after every
    /// other observer has got the event (several: as an <see cref="AggregateException"/>). Ignored after the terminal event. Blocks while a
    /// subscriber with <see cref="LagPolicy.Wait"/> has no room, and while <see cref="EventStreamOptions.MaxInlineBacklog"/> events wait for
    /// observers without a scheduler.
    /// </remarks>
    /// <param name="value">The event.</param>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    /// <exception cref="InvalidOperationException">The call would have to wait inside a delivery of this stream, in a handler that publishers wait
    /// for, or on the thread that such an observer needs; or two threads publish at the same time to a stream with <see cref="EventStreamOptions.SingleWriter"/>.</exception>
    public override void OnNext(T value) => Publish(value, isFromSource: false);

    /// <summary>Publishes several events as one run: contiguous for every observer.</summary>
    /// <param name="values">The events, in order. They are copied.</param>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    /// <exception cref="InvalidOperationException">The call would have to wait inside a delivery of this stream, in a handler that publishers wait
    /// for, or on the thread that such an observer needs.</exception>
    /// <remarks>Otherwise as <see cref="OnNext"/>.</remarks>
    public void OnNextRange(ReadOnlySpan<T> values)
    {
        if (values.IsEmpty || (_log.Flags & PublishFlags.GatedOrEnded) != 0)
        {
            PublishGated(values);
        }
        else
        {
            PublishRange(values);
        }
    }

    /// <summary>Waits until every current observer has consumed every event published by now, or has ended.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <remarks>Readers do not count: a reader reads when its owner wants.</remarks>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task WhenCaughtUpAsync(CancellationToken cancellationToken = default)
    {
        var lagging = new LaggingSubscriptions([.. List(hasReaders: false)], _log.NextSequence);
        return ProgressWait<T>.Until(Parking, lagging.HaveCaughtUp, cancellationToken);
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

    /// <summary>Ends the stream; its completion reaches each observer after all events. The first terminal event wins.</summary>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public override void OnCompleted() => Terminate(Termination.Completed);

    /// <summary>Ends all subscriptions without notifying observers. Afterwards publishing and subscribing throw. Calling it again does
    /// nothing.</summary>
    /// <remarks>A reader still reads every event whose publishing call has returned before. For that, this call may wait for events that other threads are
    /// just publishing. What they publish at this moment may reach no reader, although their calls return normally.</remarks>
    public override void Dispose()
    {
        if (!_log.TryDispose())
        {
            return;
        }

        ErrorList errors = default;
        foreach (EventSubscription subscription in List(hasReaders: false)) // readers find that the log is disposed
        {
            errors.Run(subscription.Dispose); // a scheduler may not be able to cancel; the other subscriptions end all the same
        }

        // Readers find the stream disposed.
        _log.Settle();
        LetReadersGo();
        if (Volatile.Read(ref _parking) is { } parking)
        {
            errors.AddRange(parking.WakeEverything());
        }

        LetGo();

        // Last: a source may wait for a thread that publishes, which waited for a subscriber until now.
        errors.Run(() => Interlocked.Exchange(ref _owned, null)?.Dispose());
        errors.Throw();
    }

    /// <summary>Subscribes from the oldest retained event, or from now on where nothing is retained, on the scheduler of
    /// <see cref="EventStreamOptions.Scheduler"/>.</summary>
    /// <param name="observer">The observer; subscribing it twice makes two subscriptions.</param>
    /// <returns>An <see cref="EventSubscription"/>, which ends when disposed.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="observer"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public override IDisposable Subscribe(IObserver<T> observer) => Subscribe(observer, null, default);

    /// <summary>Where an observer is called, or null: on the publishing thread.</summary>
    internal IScheduler? SchedulerOf(JoinSettings settings) =>
        (settings.Scheduler ?? _options.Scheduler) is { } scheduler and not ImmediateScheduler ? scheduler : null;

    /// <summary>Where handlers that await begin.</summary>
    internal IScheduler SchedulerOfHandlers(JoinSettings settings) => (settings.Scheduler ?? _options.Scheduler) switch
    {
        null => TaskPoolScheduler.Default,
        ImmediateScheduler => throw new InvalidOperationException(
            "SubscribeAwait cannot use ImmediateScheduler: a handler that awaits would keep the publishing thread. Name another scheduler with " +
            "ObserveOn; without one, handlers begin on the thread pool."),
        var scheduler => scheduler,
    };

    internal EventSubscription Subscribe(IObserver<T> observer, EventPosition<T>? position, JoinSettings settings)
    {
        ArgumentNullException.ThrowIfNull(observer);
        ThrowIfDisposed();
        EventSubscription subscription = SchedulerOf(settings) is { } scheduler
            ? SubscribeOn(scheduler, observer, position, settings)
            : SubscribeInline(observer, position, settings);
        if (IsDisposed)
        {
            // The thread that disposed the stream may have looked before the subscription was listed. It may be this one: an observer that is called
            // inside Subscribe disposes the stream. Either way the subscription came first, and has ended.
            try
            {
                subscription.Dispose();
            }
            finally
            {
                LetGo();
            }
        }

        return subscription;
    }

    internal EventReader<T> OpenReader(EventPosition<T>? position, JoinSettings settings)
    {
        LagPolicy policy = settings.LagPolicy ?? _options.LagPolicy;
        var reader = new EventReader<T>(this, Join(position, policy), settings.Name, settings.WaitStrategy ?? WaitStrategy.Park);
        if (policy.WaitsWhenFull)
        {
            HoldPublishersBack(reader.Subscription, reader.SkipToNext, policy.Capacity, JoinsAtTheNext(position));
        }

        reader.Start();
        return reader;
    }

    /// <summary>Forgets the events of a disposed stream, which may stay referenced. A thread that has subscribed at the same time calls it
    /// again.</summary>
    private void LetGo()
    {
        if (!_log.IsSettled)
        {
            return; // the thread that disposes the stream will do it
        }

        _log.LetGo(bringForward: () => CopyReaders().ForEach(static reader => reader.OnLettingGo()));
        Volatile.Write(ref _inline, null);
    }

    /// <summary>The clock for retention by age, in ticks: a virtual scheduler's own time, else monotonic time, which setting the wall clock
    /// does not move.</summary>
    private static Func<long> ClockOf(EventStreamOptions options)
    {
        if (options.TimeProvider is null && options.Scheduler is { } scheduler && VirtualTime.IsClockOf(scheduler))
        {
            return () => scheduler.Now.UtcTicks;
        }

        TimeProvider time = options.TimeProvider ?? TimeProvider.System;
        long start = time.GetTimestamp();
        return () => time.GetElapsedTime(start).Ticks;
    }

    /// <param name="isFromSource">Whether a source publishes, which has not disposed the stream and must not fail for it.</param>
    private void ThrowIfDisposed(bool isFromSource = false) =>
        DisposedError.ThrowIf(IsDisposed && !isFromSource, _log);
}
