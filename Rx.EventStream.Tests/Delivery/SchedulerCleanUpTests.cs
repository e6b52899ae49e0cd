using System.Reactive.Concurrency;
using System.Reactive.Disposables;
using System.Reactive.Linq;
using Rx.Tests.Contract;

namespace Rx.Tests.Delivery;

/// <summary>What a subscription holds is given back, and observers and publishers are told, although foreign code throws.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class SchedulerCleanUpTests(StreamConfiguration configuration)
{
    private readonly InvalidOperationException _error = new("Foreign code throws.");
    private EventStream<int> _stream = null!;

    [SetUp]
    public void SetUp() => _stream = configuration.Create<int>();

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [Test]
    public void OnNext_ObserverAndTokenThrow_LeaseIsGivenBackAndObserversExceptionLeaves()
    {
        var ofObserver = new InvalidOperationException("The observer throws.");
        var scheduler = new Manual(onCancel: () => throw _error);
        var subscription = (EventSubscription)_stream.ObserveOn(scheduler).Subscribe(_ => throw ofObserver);
        _stream.OnNext(0);

        Assert.That(scheduler.Run, Throws.Exception.SameAs(ofObserver));

        Assert.That(subscription.Error, Is.SameAs(ofObserver));
        AssertNothingIsHeld();
    }

    [Test]
    public async Task OnNext_ObserverAndTokenThrow_WaitingPublishersGoOn()
    {
        var scheduler = new Manual(onCancel: () => throw _error);
        _stream.ObserveOn(scheduler).WithLagPolicy(LagPolicy.Wait(1)).Subscribe(_ => throw new NotSupportedException());
        _stream.OnNext(0);
        Task waiting = _stream.OnNextAsync(1).AsTask();

        Assert.That(scheduler.Run, Throws.TypeOf<NotSupportedException>());

        await Eventually.Ends(waiting);
        AssertNothingIsHeld();
    }

    [Test]
    public void ToProjection_ApplyAndTokenThrow_LeaseIsGivenBack()
    {
        var scheduler = new Manual(onCancel: () => throw _error);
        using var stream = new EventStream<int>(new EventStreamOptions
        {
            SingleWriter = configuration.SingleWriter,
            SegmentCapacity = configuration.SegmentCapacity,
            Scheduler = scheduler,
        });
        using EventProjection<int, int> projection = stream.ToProjection<int, int>(0, (_, _) => throw new NotSupportedException());
        stream.OnNext(0);

        try
        {
            scheduler.Run();
        }
        catch (InvalidOperationException error) when (error == _error)
        {
            // The projection disposes its subscription, whose action cannot be cancelled.
        }

        stream.OnNextRange(new int[1_000]);

        Assert.That(() => projection.Current, Throws.TypeOf<NotSupportedException>());
        Assert.That(stream.Log.CountSegments(), Is.LessThanOrEqualTo(1));
    }

    [Test]
    public void Subscribe_SchedulerThrowsWhenAskedWhatItCan_LeaseIsGivenBack()
    {
        var scheduler = new Manual(onGetService: () => throw _error);
        using EventPosition<int> start = _stream.GetNextPosition();
        _stream.OnNextRange(new int[100]);

        Assert.That(() => _stream.From(start).ObserveOn(scheduler).Subscribe(_ => { }), Throws.Exception.SameAs(_error));
        Assert.That(
            () => _stream.From(start).ObserveOn(scheduler).WithLagPolicy(LagPolicy.DropOldest(50)).Subscribe(_ => { }),
            Throws.Exception.SameAs(_error));
        start.Dispose();

        AssertNothingIsHeld();
    }

    [Test]
    public void Subscribe_SchedulerThrowsWhenAskedWhatItCan_PublishersDoNotWait()
    {
        var scheduler = new Manual(onGetService: () => throw _error);

        Assert.That(
            () => _stream.ObserveOn(scheduler).WithLagPolicy(LagPolicy.Wait(1)).Subscribe(_ => { }), Throws.Exception.SameAs(_error));

        Assert.That(Enumerable.Range(0, 10).All(i => _stream.OnNextAsync(i).AsTask().IsCompleted), Is.True);
        AssertNothingIsHeld();
    }

    [Test]
    public void OnNext_LongRunningSchedulerThrows_LeaseIsGivenBack()
    {
        var scheduler = new Manual(longRunning: () => throw _error);
        var subscription = (EventSubscription)_stream.ObserveOn(scheduler).Subscribe(_ => { });

        Assert.That(() => _stream.OnNext(0), Throws.Exception.SameAs(_error));

        Assert.That(subscription.Error, Is.SameAs(_error));
        AssertNothingIsHeld();
    }

    [Test]
    public void Fail_SourcesUnsubscribeThrows_ObserverGetsItsLaggedError()
    {
        var scheduler = new Manual();
        var observer = new RecordingObserver<int>();
        IObserver<int>? source = null;
        IObservable<int> observable = Observable.Create<int>(o =>
        {
            source = o;
            return Disposable.Create(() => throw _error);
        });
        observable.ObserveOn(scheduler, LagPolicy.Fail(1)).Subscribe(observer);
        foreach (int value in Enumerable.Range(0, 5))
        {
            source!.OnNext(value);
        }

        Assert.That(scheduler.Run, Throws.Exception.SameAs(_error));

        Assert.That(observer.Error, Is.TypeOf<SubscriberLaggedException>());
    }

    [Test]
    public void OnNext_ContextRefusesWork_EveryObserverOnItEnds()
    {
        var context = new RefusingContext(_error);
        RecordingObserver<int> first = new(), second = new(), inline = new();
        EventSubscription[] subscriptions =
        [
            _stream.ObserveOn(context).Subscribe(first),
            _stream.ObserveOn(context).Subscribe(second),
        ];
        _stream.Subscribe(inline);

        Assert.That(
            () => _stream.OnNext(0),
            Throws.TypeOf<AggregateException>().With.Property(nameof(AggregateException.InnerExceptions)).All.SameAs(_error));
        _stream.OnNext(1);

        Assert.That(subscriptions.Select(s => (s.IsDisposed, s.Error)), Is.All.EqualTo((true, _error)));
        Assert.That(inline.Values, Is.EqualTo(new[] { 0, 1 }));
    }

    [Test]
    public void OnNext_OneOfSeveralObserversOnAContextThrows_TheOthersGoOn([Values(0, 1, 2)] int thrower)
    {
        var context = new QueueingContext();
        RecordingObserver<int>[] observers =
            [.. Enumerable.Range(0, 3).Select(i => new RecordingObserver<int>(value => Throw(i == thrower && value == 1)))];
        foreach (RecordingObserver<int> observer in observers)
        {
            _stream.ObserveOn(context).Subscribe(observer);
        }

        _stream.OnNextRange([0, 1, 2, 3]);
        _stream.OnCompleted();
        Assert.That(context.Run, Throws.Exception.SameAs(_error));
        context.Run();

        Assert.That(observers[thrower].Values, Is.EqualTo(new[] { 0, 1 }));
        Assert.That(observers.Where((_, i) => i != thrower).Select(o => o.Values), Is.All.EqualTo(new[] { 0, 1, 2, 3 }));
        Assert.That(observers.Where((_, i) => i != thrower).Select(o => o.IsCompleted), Is.All.True);
        AssertNothingIsHeld();

        void Throw(bool isTurn)
        {
            if (isTurn)
            {
                throw _error;
            }
        }
    }

    private void AssertNothingIsHeld()
    {
        _stream.OnNextRange(new int[1_000]);
        Assert.That(_stream.HasObservers, Is.False);
        Assert.That(_stream.Log.CountSegments(), Is.LessThanOrEqualTo(1), "No lease is held.");
    }

    /// <summary>Runs its actions when the test runs them, and throws where the test says.</summary>
    private sealed class Manual(Action? onCancel = null, Action? onGetService = null, Action? longRunning = null)
        : LocalScheduler, ISchedulerLongRunning
    {
        private readonly Queue<Action> _actions = [];

        public void Run()
        {
            while (_actions.TryDequeue(out Action? action))
            {
                action();
            }
        }

        public override IDisposable Schedule<TState>(TState state, TimeSpan dueTime, Func<IScheduler, TState, IDisposable> action)
        {
            _actions.Enqueue(() => action(this, state));
            return Disposable.Create(() => onCancel?.Invoke());
        }

        public IDisposable ScheduleLongRunning<TState>(TState state, Action<TState, ICancelable> action)
        {
            longRunning!();
            return Disposable.Empty;
        }

        protected override object? GetService(Type serviceType)
        {
            onGetService?.Invoke();
            return serviceType == typeof(ISchedulerLongRunning) && longRunning is not null ? this : null;
        }
    }

    private sealed class RefusingContext(Exception error) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => throw error;
    }
}
