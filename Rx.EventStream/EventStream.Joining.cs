using System.Diagnostics.CodeAnalysis;
using System.Reactive.Concurrency;
using Rx.Delivery;
using Rx.Diagnostics;
using Rx.Parking;
using Rx.Storage;

namespace Rx;

/// <content>Where to join: positions, and the same ways to subscribe that <see cref="EventObservable{T}"/> has.</content>
public sealed partial class EventStream<T>
{
    /// <summary>The sequence number that the next event gets.</summary>
    /// <remarks>The number alone: unlike a position it keeps nothing alive. Once a reader has seen event <c>n</c>, this is greater than
    /// <c>n</c>.</remarks>
    public long NextSequence => _log.NextSequence;

    /// <summary>The sequence number of the oldest event that is still retained; with nothing retained, the same as
    /// <see cref="NextSequence"/>.</summary>
    public long OldestSequence => _log.OldestSequence;

    /// <summary>The stream as an observable that gives no way to publish. A subscriber gets what is retained, then what follows.</summary>
    public EventObservable<T> AsObservable() => new(this, null);

    /// <summary>The stream, observed on a scheduler; see
    /// <see cref="EventObservable{T}.ObserveOn(IScheduler)"/>.</summary>
    /// <param name="scheduler">Where observers are called.</param>
    /// <exception cref="ArgumentNullException"><paramref name="scheduler"/> is null.</exception>
    public EventObservable<T> ObserveOn(IScheduler scheduler) => AsObservable().ObserveOn(scheduler);

    /// <summary>The stream, observed on a scheduler, with a bound on what one scheduled action delivers; see
    /// <see cref="EventObservable{T}.ObserveOn(IScheduler, int)"/>.</summary>
    /// <param name="scheduler">Where observers are called.</param>
    /// <param name="maxBatch">The most events that one scheduled action delivers to an observer, at least 1.</param>
    /// <exception cref="ArgumentNullException"><paramref name="scheduler"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxBatch"/> is less than 1.</exception>
    public EventObservable<T> ObserveOn(IScheduler scheduler, int maxBatch) => AsObservable().ObserveOn(scheduler, maxBatch);

    /// <summary>The stream, observed on a synchronization context; see
    /// <see cref="EventObservable{T}.ObserveOn(SynchronizationContext)"/>.</summary>
    /// <param name="context">Where observers are called.</param>
    /// <exception cref="ArgumentNullException"><paramref name="context"/> is null.</exception>
    public EventObservable<T> ObserveOn(SynchronizationContext context) => AsObservable().ObserveOn(context);

    /// <summary>The stream, observed on a synchronization context, with a bound on what one posted callback delivers; see
    /// <see cref="EventObservable{T}.ObserveOn(SynchronizationContext, int)"/>.</summary>
    /// <param name="context">Where observers are called.</param>
    /// <param name="maxBatch">The most events that one posted callback delivers to an observer, at least 1.</param>
    /// <exception cref="ArgumentNullException"><paramref name="context"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxBatch"/> is less than 1.</exception>
    public EventObservable<T> ObserveOn(SynchronizationContext context, int maxBatch) => AsObservable().ObserveOn(context, maxBatch);

    /// <summary>The stream, observed with a lag policy; see <see cref="EventObservable{T}.WithLagPolicy"/>.</summary>
    /// <param name="policy">What happens to a subscriber that does not keep up.</param>
    /// <exception cref="ArgumentNullException"><paramref name="policy"/> is null.</exception>
    public EventObservable<T> WithLagPolicy(LagPolicy policy) => AsObservable().WithLagPolicy(policy);

    /// <summary>The stream, observed with a fault policy; see <see cref="EventObservable{T}.WithFaultPolicy"/>.</summary>
    /// <param name="policy">What happens when an observer or handler throws.</param>
    /// <exception cref="ArgumentNullException"><paramref name="policy"/> is null.</exception>
    public EventObservable<T> WithFaultPolicy(FaultPolicy<T> policy) => AsObservable().WithFaultPolicy(policy);

    /// <summary>The stream, with a way to wait for events; see <see cref="EventObservable{T}.WithWaitStrategy"/>.</summary>
    /// <param name="strategy">How a subscriber's own thread, or a reader's, waits for events.</param>
    /// <exception cref="ArgumentNullException"><paramref name="strategy"/> is null.</exception>
    public EventObservable<T> WithWaitStrategy(WaitStrategy strategy) => AsObservable().WithWaitStrategy(strategy);

    /// <summary>The stream, observed under a name; see <see cref="EventObservable{T}.WithName"/>.</summary>
    /// <param name="name">The name that <see cref="Subscriptions"/> shows.</param>
    /// <exception cref="ArgumentNullException"><paramref name="name"/> is null.</exception>
    public EventObservable<T> WithName(string name) => AsObservable().WithName(name);

    /// <summary>The events with their sequence numbers; see <see cref="EventObservable{T}.WithSequence"/>.</summary>
    public IObservable<Sequenced<T>> WithSequence() => AsObservable().WithSequence();

    /// <summary>The events in batches; see <see cref="EventObservable{T}.Batch(int)"/>.</summary>
    /// <param name="maxCount">The most events in one batch; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxCount"/> is less than 1.</exception>
    public IObservable<ReadOnlyMemory<T>> Batch(int maxCount) => AsObservable().Batch(maxCount);

    /// <summary>The events in batches that wait for more events; see <see cref="EventObservable{T}.Batch(int, TimeSpan)"/>.</summary>
    /// <param name="maxCount">The most events in one batch; at least 1.</param>
    /// <param name="maxDelay">How long a batch that is not full waits for more events, from zero to about 24 days.</param>
    /// <returns>An observable whose <c>Subscribe</c> throws <see cref="InvalidOperationException"/> if the stream has no scheduler.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxCount"/> is less than 1, or <paramref name="maxDelay"/> is negative
    /// or too long.</exception>
    public IObservable<ReadOnlyMemory<T>> Batch(int maxCount, TimeSpan maxDelay) => AsObservable().Batch(maxCount, maxDelay);

    /// <summary>Joins the stream with a handler that may await; see <see cref="EventObservable{T}.SubscribeAwait"/>.</summary>
    /// <param name="handler">Called with each event, and a token that is canceled when the subscription ends.</param>
    /// <param name="options">How the handler is called; null for one call at a time.</param>
    /// <exception cref="ArgumentNullException"><paramref name="handler"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    /// <exception cref="InvalidOperationException">The stream's scheduler is <see cref="ImmediateScheduler"/>.</exception>
    public EventSubscription SubscribeAwait(Func<T, CancellationToken, ValueTask> handler, SubscribeAwaitOptions<T>? options = null) =>
        AsObservable().SubscribeAwait(handler, options);

    /// <summary>Joins the stream with a handler of batches that may await; see <see cref="EventObservable{T}.SubscribeAwaitBatch"/>.</summary>
    /// <param name="maxCount">The most events in one batch; at least 1.</param>
    /// <param name="handler">Called with what is there, and a token that is canceled when the subscription ends.</param>
    /// <param name="options">How many calls may run at once, in what order, and what is called at the end; null for one call at a
    /// time.</param>
    /// <param name="faultPolicy">What happens when a call throws; null for <see cref="FaultPolicy{T}.Stop"/>.</param>
    /// <exception cref="ArgumentNullException"><paramref name="handler"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxCount"/> is less than 1.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    /// <exception cref="InvalidOperationException">The stream's scheduler is <c>ImmediateScheduler</c>.</exception>
    public EventSubscription SubscribeAwaitBatch(
        int maxCount, Func<ReadOnlyMemory<T>, CancellationToken, ValueTask> handler, SubscribeAwaitOptions<ReadOnlyMemory<T>>? options = null,
        FaultPolicy<ReadOnlyMemory<T>>? faultPolicy = null) =>
        AsObservable().SubscribeAwaitBatch(maxCount, handler, options, faultPolicy);

    /// <summary>Opens a reader at the oldest retained event; with no retention, at the next event.</summary>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public EventReader<T> OpenReader() => AsObservable().OpenReader();

    /// <summary>The events for <c>await foreach</c>; see <see cref="EventObservable{T}.ReadAllAsync"/>.</summary>
    /// <param name="cancellationToken">Ends the enumeration with an <see cref="OperationCanceledException"/>.</param>
    public IAsyncEnumerable<T> ReadAllAsync(CancellationToken cancellationToken = default) => AsObservable().ReadAllAsync(cancellationToken);

    /// <summary>The stream from a position on: what lies between the position and now is replayed, then what follows is
    /// delivered.</summary>
    /// <param name="position">A position of this stream.</param>
    /// <exception cref="ArgumentNullException"><paramref name="position"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="position"/> belongs to another stream.</exception>
    /// <exception cref="ObjectDisposedException"><paramref name="position"/> is disposed.</exception>
    public EventObservable<T> From(EventPosition<T> position)
    {
        ArgumentNullException.ThrowIfNull(position);
        if (!ReferenceEquals(position.Stream, this))
        {
            throw new ArgumentException($"The position (sequence number {position.Sequence}) belongs to another stream.", nameof(position));
        }

        return new EventObservable<T>(this, position);
    }

    /// <summary>The position before the next event to be published. A subscriber that joins there gets all events from then on, however
    /// late it joins.</summary>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public EventPosition<T> GetNextPosition()
    {
        ThrowIfDisposed();
        return new EventPosition<T>(this, Joined(_log.JoinNext()));
    }

    /// <summary>The position before the oldest event that is still retained; with nothing retained, the same as
    /// <see cref="GetNextPosition"/>.</summary>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public EventPosition<T> GetOldestPosition()
    {
        ThrowIfDisposed();
        return new EventPosition<T>(this, Joined(_log.JoinOldest()));
    }

    /// <summary>The position before the event with a given sequence number.</summary>
    /// <param name="sequence">From <see cref="OldestSequence"/> to <see cref="NextSequence"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The event is no longer retained, or not yet published.</exception>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public EventPosition<T> GetPosition(long sequence)
    {
        ThrowIfDisposed();
        Cursor<T> cursor = JoinAt(sequence, out long oldest, out long next);
        if (!cursor.IsOpen)
        {
            throw new ArgumentOutOfRangeException(
                nameof(sequence),
                sequence,
                $"Sequence number {sequence} is outside of what the stream retains: positions from {oldest} to {next} ({_options.Retention}).");
        }

        return new EventPosition<T>(this, cursor);
    }

    /// <summary>The position before the event with a given sequence number, if the stream retains it.</summary>
    /// <param name="sequence">A sequence number. Below <see cref="OldestSequence"/> its event is no longer retained; above
    /// <see cref="NextSequence"/> it is not yet published.</param>
    /// <param name="position">The position, or null.</param>
    /// <returns>False if the event is no longer retained, or not yet published.</returns>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public bool TryGetPosition(long sequence, [NotNullWhen(true)] out EventPosition<T>? position)
    {
        ThrowIfDisposed();
        Cursor<T> cursor = JoinAt(sequence, out _, out _);
        position = cursor.IsOpen ? new EventPosition<T>(this, cursor) : null;
        return position is not null;
    }

    /// <summary>A leased cursor before a retained event, or a closed one.</summary>
    private Cursor<T> JoinAt(long sequence, out long oldest, out long next)
    {
        Cursor<T> cursor = Joined(_log.JoinOldest());
        oldest = cursor.Sequence;
        next = _log.NextSequence;
        if (sequence < oldest || sequence > next)
        {
            cursor.Close(_log);
            return default;
        }

        cursor.MoveTo(sequence);
        cursor.StepIn(_log);
        return cursor;
    }

    private InlineSubscription<T> SubscribeInline(IObserver<T> observer, EventPosition<T>? position, JoinSettings settings)
    {
        ThrowIfBounded(settings.LagPolicy ?? _options.LagPolicy);
        if (settings.WaitStrategy is { Spins: true } strategy)
        {
            throw strategy.NeedsThread("an observer on the publishing thread waits for nothing.");
        }

        InlineDelivery<T> inline = Volatile.Read(ref _inline) ?? OpenInlineSlow();
        bool joinsNow = JoinsAtTheNext(position);
        var subscription = new InlineSubscription<T>(
            inline, observer, settings.Name, joinsNow ? default : position?.Fork() ?? Joined(_log.JoinOldest()));
        try
        {
            (observer as ISubscriptionObserver)?.OnSubscribed(subscription);
        }
        catch (Exception error)
        {
            subscription.Abandon(error);
            throw;
        }

        if (joinsNow)
        {
            inline.Add(subscription);
        }
        else
        {
            subscription.ReplayAndJoin();
        }

        return subscription;
    }

    /// <summary>The delivery on the publishing thread, made for the first observer. A disposed stream has none, and never makes a second
    /// one.</summary>
    private InlineDelivery<T> OpenInlineSlow()
    {
        ThrowIfDisposed();
        ObserverList<T> observers = LazyInitializer.EnsureInitialized(ref _inlineObservers, () => new ObserverList<T>(_log));
        InlineDelivery<T>? inline = LazyInitializer.EnsureInitialized(
            ref _inline, () => InlineDelivery<T>.Create(_log, Parking, observers, _options.MaxInlineBacklog));
        DisposedError.ThrowIf(inline is null, _log); // the initializer reads the field again: disposing clears it
        return inline;
    }

    private ParkingLot<T> CreateParkingSlow() => LazyInitializer.EnsureInitialized(ref _parking, () => new ParkingLot<T>(_log));

    private Pump<T> SubscribeOn(IScheduler scheduler, IObserver<T> observer, EventPosition<T>? position, JoinSettings settings)
    {
        LagPolicy policy = settings.LagPolicy ?? _options.LagPolicy;
        PumpList<T> scheduled = Volatile.Read(ref _scheduled) ?? CreateScheduledSlow();
        Cursor<T> cursor = Join(position, policy);
        Pump<T> pump;
        InlineDelivery<T>? inline;
        try
        {
            var setup = new PumpSetup<T>(
                _log, scheduled, cursor, observer, settings.Name, scheduler, settings.MaxBatch, settings.WaitStrategy ?? WaitStrategy.Park,
                Tracing(settings.Name));
            pump = PumpFactory.Create(setup);
            (observer as ISubscriptionObserver)?.OnSubscribed(pump);
            (observer as CursorObserver<T>)?.OnPumped(pump, setup, policy);
            inline = pump.TakesTurn ? Volatile.Read(ref _inline) ?? OpenInlineSlow() : null;
        }
        catch
        {
            cursor.Close(_log); // a scheduler that does not say what it can do: no pump has taken the lease over
            throw;
        }

        pump.Needs = NeededThread.Of(scheduler, policy.WaitsWhenFull);
        if (policy.WaitsWhenFull)
        {
            pump.IsWaitedFor = true;
            HoldPublishersBack(pump, pump.SkipToNext, policy.Capacity, JoinsAtTheNext(position), pump.Needs);
        }

        pump.Start(inline);
        return pump;
    }

    private HandlerTracing? Tracing(string? subscription) => _options.CaptureActivity ? new HandlerTracing(_options.Name, subscription) : null;

    private PumpList<T> CreateScheduledSlow() => LazyInitializer.EnsureInitialized(ref _scheduled, () => new PumpList<T>(Parking, _metered));

    /// <summary>Whether a subscriber replays nothing.</summary>
    private bool JoinsAtTheNext(EventPosition<T>? position) => position is null && !_log.Retains;

    /// <summary>A cursor at a position, or where a subscriber begins that names none.</summary>
    private Cursor<T> Join(EventPosition<T>? position, LagPolicy policy)
    {
        ThrowIfDisposed();
        if (policy.IsBounded)
        {
            Parking.AnnounceWaiters(); // before the lease is given back: see EventLog.MayReuse. Before the cursor, since it takes a while
        }

        Cursor<T> cursor = position?.Fork() ?? Joined(_log.JoinOldest());
        if (policy.IsBounded)
        {
            if (policy.SkipsReplay)
            {
                cursor.SkipToNewest(_log);
            }

            long replayEnd = policy.SkipsReplay ? cursor.Sequence : _log.NextSequence;
            cursor.SetLimit(_log, new LagLimit(policy.Capacity, policy.FailsWhenFull, replayEnd));
        }

        if (IsDisposed)
        {
            // The thread that disposed the stream may have looked before the window was opened.
            cursor.Close(_log);
            LetGo();
            ThrowIfDisposed();
        }

        return cursor;
    }

    /// <summary>An open cursor; the log gives a closed one only once it is disposed.</summary>
    private Cursor<T> Joined(Cursor<T> cursor)
    {
        if (!cursor.IsOpen)
        {
            ThrowIfDisposed();
        }

        return cursor;
    }

    private static void ThrowIfBounded(LagPolicy policy)
    {
        if (policy.IsBounded || policy.WaitsWhenFull)
        {
            throw new InvalidOperationException(
                $"The lag policy {policy} cannot be applied to an observer on the publishing thread: it is called before OnNext returns, " +
                "so it never lags. Name a scheduler with ObserveOn, or subscribe with WithLagPolicy(LagPolicy.Unbounded).");
        }
    }
}
