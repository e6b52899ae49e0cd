using System.Diagnostics;
using System.Reactive.Concurrency;
using System.Reactive.Subjects;
using System.Runtime.CompilerServices;
using Rx.Delivery;
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
public sealed class EventStream<T> : SubjectBase<T>
{
    private readonly EventLog<T> _log;
    private readonly EventStreamOptions _options;

    /// <summary>The delivery on the publishing thread, null until the first such observer. Set once by CAS, read with acquire.</summary>
    private InlineDelivery<T>? _inline;

    /// <summary>The observers on schedulers, null until the first one. Set once by CAS, read with acquire.</summary>
    private SubscriptionList? _scheduled;

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
        _log = new EventLog<T>(options.SingleWriter, options.SegmentCapacity);
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

    /// <summary>The position before the next event to be published. Whoever joins there gets all events from then on, however late.</summary>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public EventPosition<T> Next
    {
        get
        {
            ThrowIfDisposed();
            return new EventPosition<T>(this, _log.JoinNext());
        }
    }

    internal EventLog<T> Log => _log;

    private string DebuggerDisplay =>
        $"{_options.Name ?? "EventStream"}: Published = {_log.NextSequence}, Subscriptions = {Subscriptions.Count}, " +
        (_log.Termination is { } t ? ReferenceEquals(t, Termination.Disposed) ? "Disposed" : t.Error is null ? "Completed" : "Failed" : "Open");

    /// <summary>Publishes an event.</summary>
    /// <remarks>
    /// Observers without a scheduler get it before this returns, unless a thread is delivering at the moment, which then
    /// delivers this event too. What they throw leaves the <c>OnNext</c> that delivered it, after everyone else got the event
    /// (several: as an <see cref="AggregateException"/>). Ignored after the terminal event.
    /// </remarks>
    /// <param name="value">The event.</param>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public override void OnNext(T value)
    {
        EventLog<T> log = _log;
        if (log.Termination is not null)
        {
            ThrowIfDisposed();
            return;
        }

        if (Volatile.Read(ref _inline) is { } inline)
        {
            inline.Publish(value);
            return;
        }

        Segment<T> tail = log.TailBeforeClaim();
        long sequence = log.IsSingleWriter ? log.ClaimSingle() : log.ClaimShared() >> EventLog<T>.CountShift;
        log.Publish(tail, sequence, value);
        log.WakeReaders();
        // The first inline observer may have come since; it must not wait for the next event.
        if (Volatile.Read(ref _inline) is not null)
        {
            DrainSlow();
        }
    }

    /// <summary>Publishes several events as one run: for every observer they come one after the other, with none between.</summary>
    /// <param name="values">The events, in order. They are copied.</param>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    /// <remarks>Otherwise as <see cref="OnNext"/>.</remarks>
    public void OnNextRange(ReadOnlySpan<T> values)
    {
        EventLog<T> log = _log;
        if (log.Termination is not null)
        {
            ThrowIfDisposed();
            return;
        }

        if (values.IsEmpty)
        {
            return;
        }

        if (Volatile.Read(ref _inline) is { } inline)
        {
            inline.PublishRange(values);
            return;
        }

        Segment<T> tail = log.TailBeforeClaim();
        long sequence = log.IsSingleWriter ? log.ClaimSingle(values.Length) : log.ClaimShared(values.Length) >> EventLog<T>.CountShift;
        log.PublishRange(tail, sequence, values);
        log.WakeReaders();
        if (Volatile.Read(ref _inline) is not null)
        {
            DrainSlow();
        }
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

        foreach (EventSubscription subscription in Subscriptions)
        {
            subscription.Dispose();
        }

        // Readers find the stream disposed.
        _log.WakeEveryone();
    }

    /// <summary>Subscribes from now on, on the scheduler of <see cref="EventStreamOptions.Scheduler"/>.</summary>
    /// <param name="observer">The observer; subscribing it twice makes two subscriptions.</param>
    /// <returns>An <see cref="EventSubscription"/>, which ends when disposed.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="observer"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public override IDisposable Subscribe(IObserver<T> observer) => Subscribe(observer, null, null, null);

    /// <summary>The stream as an observable that cannot be published to: from now on, for whoever subscribes.</summary>
    public EventView<T> AsObservable() => new(this, null, null, null);

    /// <summary>The stream, observed on a scheduler, which the subscription's own cursor is moved on: no queue is put between.</summary>
    /// <param name="scheduler">Where observers are called.</param>
    /// <exception cref="ArgumentNullException"><paramref name="scheduler"/> is null.</exception>
    public EventView<T> ObserveOn(IScheduler scheduler) => AsObservable().ObserveOn(scheduler);

    /// <summary>The stream, observed on a synchronization context, such as that of a user interface.</summary>
    /// <param name="context">Where observers are called.</param>
    /// <exception cref="ArgumentNullException"><paramref name="context"/> is null.</exception>
    public EventView<T> ObserveOn(SynchronizationContext context) => AsObservable().ObserveOn(context);

    /// <summary>The stream from a position on: what lies between it and now is replayed, then it is followed.</summary>
    /// <param name="position">A position of this stream.</param>
    /// <exception cref="ArgumentNullException"><paramref name="position"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="position"/> belongs to another stream.</exception>
    public EventView<T> From(EventPosition<T> position)
    {
        ArgumentNullException.ThrowIfNull(position);
        if (!ReferenceEquals(position.Stream, this))
        {
            throw new ArgumentException($"The position (sequence {position.Sequence}) belongs to another stream.", nameof(position));
        }

        return new EventView<T>(this, position, null, null);
    }

    internal EventSubscription Subscribe(IObserver<T> observer, EventPosition<T>? position, IScheduler? scheduler, string? name)
    {
        ArgumentNullException.ThrowIfNull(observer);
        ThrowIfDisposed();
        scheduler ??= _options.Scheduler;
        EventSubscription subscription = scheduler is null or ImmediateScheduler
            ? SubscribeInline(observer, position, name)
            : SubscribeScheduled(observer, position, scheduler, name);
        if (IsDisposed)
        {
            // Whoever disposed the stream may have looked before the subscription was listed.
            subscription.Dispose();
            ThrowIfDisposed();
        }

        return subscription;
    }

    internal Cursor<T> Join(EventPosition<T>? position)
    {
        ThrowIfDisposed();
        return position?.Fork() ?? _log.JoinNext();
    }

    private InlineSubscription<T> SubscribeInline(IObserver<T> observer, EventPosition<T>? position, string? name)
    {
        InlineDelivery<T> inline = LazyInitialize(ref _inline, _log);
        if (position is null)
        {
            var subscription = new InlineSubscription<T>(inline, _log, observer, name);
            inline.Join(subscription);
            return subscription;
        }

        var late = new InlineSubscription<T>(inline, _log, observer, name, position.Fork());
        late.ReplayAndJoin();
        return late;
    }

    private Pump<T> SubscribeScheduled(IObserver<T> observer, EventPosition<T>? position, IScheduler scheduler, string? name)
    {
        SubscriptionList list = Volatile.Read(ref _scheduled)
            ?? Interlocked.CompareExchange(ref _scheduled, new SubscriptionList(), null)
            ?? _scheduled;
        Pump<T> pump = PumpFactory.Create(_log, list, Join(position), observer, name, scheduler);
        pump.Start();
        return pump;
    }

    private void Terminate(Termination termination)
    {
        if (_log.TryTerminate(termination))
        {
            _log.WakeReaders();
            _log.WakeEnded();
            Volatile.Read(ref _inline)?.TryDrain();
        }
        else
        {
            ThrowIfDisposed();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void DrainSlow() => _inline!.TryDrain();

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(IsDisposed, this);

    private static InlineDelivery<T> LazyInitialize(ref InlineDelivery<T>? field, EventLog<T> log) =>
        Volatile.Read(ref field) ?? Interlocked.CompareExchange(ref field, new InlineDelivery<T>(log), null) ?? field;
}
