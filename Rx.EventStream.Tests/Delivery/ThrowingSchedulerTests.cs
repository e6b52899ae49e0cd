using System.Reactive.Concurrency;
using System.Reactive.Disposables;
using System.Reactive.Linq;
using Rx.Tests.Contract;

namespace Rx.Tests.Delivery;

/// <summary>Schedulers that throw at the publisher: because they run a throwing observer on the publishing thread, or because they are disposed.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class ThrowingSchedulerTests(StreamConfiguration configuration)
{
    private EventStream<int> _stream = null!;

    [SetUp]
    public void SetUp() => _stream = configuration.Create<int>();

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [Test]
    public void OnNext_CurrentThreadObserverThrows_ScheduledOnesGoOn([Values] bool isFirst)
    {
        var error = new InvalidOperationException();
        RecordingObserver<int> thrower = new(_ => throw error), other = new();
        foreach (RecordingObserver<int> observer in isFirst ? new[] { thrower, other } : [other, thrower])
        {
            _stream.ObserveOn(CurrentThreadScheduler.Instance).Subscribe(observer);
        }

        Assert.That(() => _stream.OnNext(1), Throws.Exception.SameAs(error));
        _stream.OnNext(2);
        _stream.OnCompleted();

        Assert.That(thrower.Values, Is.EqualTo(new[] { 1 }));
        Assert.That(other.Values, Is.EqualTo(new[] { 1, 2 }));
        Assert.That(other.IsCompleted, Is.True);
    }

    [Test]
    public void OnNext_CurrentThreadObserverThrows_InlineOnesGoOn()
    {
        var error = new InvalidOperationException();
        var inline = new RecordingObserver<int>();
        _stream.Subscribe(inline);
        _stream.ObserveOn(CurrentThreadScheduler.Instance).Subscribe(new RecordingObserver<int>(_ => throw error));

        Assert.That(() => _stream.OnNext(1), Throws.Exception.SameAs(error));
        Assert.That(inline.Values, Is.EqualTo(new[] { 1 }));
        _stream.OnNext(2);
        _stream.OnCompleted();

        Assert.That(inline.Values, Is.EqualTo(new[] { 1, 2 }));
        Assert.That(inline.IsCompleted, Is.True);
    }

    [Test]
    public void OnNextRange_CurrentThreadObserverThrows_InlineOnesGoOn()
    {
        var error = new InvalidOperationException();
        var inline = new RecordingObserver<int>();
        _stream.Subscribe(inline);
        _stream.ObserveOn(CurrentThreadScheduler.Instance).Subscribe(new RecordingObserver<int>(_ => throw error));

        Assert.That(() => _stream.OnNextRange([1, 2]), Throws.Exception.SameAs(error));
        Assert.That(inline.Values, Is.EqualTo(new[] { 1, 2 }));
        _stream.OnNext(3);

        Assert.That(inline.Values, Is.EqualTo(new[] { 1, 2, 3 }));
    }

    [Test]
    public void OnCompleted_CurrentThreadObserverThrows_OthersGetTheEnd()
    {
        var error = new InvalidOperationException();
        RecordingObserver<int> inline = new(), other = new();
        using EventReader<int> reader = _stream.AsObservable().OpenReader();
        Task completion = reader.Completion;
        _stream.Subscribe(inline);
        _stream.ObserveOn(CurrentThreadScheduler.Instance).Subscribe(other);
        _stream.ObserveOn(CurrentThreadScheduler.Instance).Subscribe(new RecordingObserver<int>(onEnd: () => throw error));

        Assert.That(_stream.OnCompleted, Throws.Exception.SameAs(error));

        Assert.That(inline.IsCompleted, Is.True);
        Assert.That(other.IsCompleted, Is.True);
        Assert.That(async () => await Eventually.Ends(completion), Throws.Nothing);
    }

    [Test]
    public void OnNext_CurrentThreadObserverThrows_ReadersAreWoken()
    {
        var error = new InvalidOperationException();
        using EventReader<int> reader = _stream.AsObservable().OpenReader();
        ValueTask<bool> wait = reader.WaitToReadAsync();
        _stream.ObserveOn(CurrentThreadScheduler.Instance).Subscribe(new RecordingObserver<int>(_ => throw error));

        Assert.That(() => _stream.OnNext(1), Throws.Exception.SameAs(error));

        Assert.That(async () => await Eventually.Ends(wait), Is.True);
    }

    [Test]
    public void OnNext_EventLoopDisposed_OnlyItsSubscriptionEnds()
    {
        var loop = new EventLoopScheduler();
        RecordingObserver<int> inline = new(), other = new();
        _stream.ObserveOn(CurrentThreadScheduler.Instance).Subscribe(other);
        var subscription = (EventSubscription)_stream.ObserveOn(loop).Subscribe(new RecordingObserver<int>());
        _stream.Subscribe(inline);
        loop.Dispose();

        Assert.That(() => _stream.OnNext(1), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => _stream.OnNext(2), Throws.Nothing);
        _stream.OnCompleted();

        Assert.That(inline.Values, Is.EqualTo(new[] { 1, 2 }));
        Assert.That(other.Values, Is.EqualTo(new[] { 1, 2 }));
        Assert.That(other.IsCompleted, Is.True);
        Assert.That(subscription.IsDisposed, Is.True);
    }

    [Test]
    public void Subscribe_EventLoopDisposed_LeavesNoSubscription()
    {
        var loop = new EventLoopScheduler();
        EventPosition<int> start = _stream.GetNextPosition();
        _stream.OnNext(1);
        loop.Dispose();

        Assert.That(() => _stream.From(start).ObserveOn(loop).Subscribe(new RecordingObserver<int>()), Throws.TypeOf<ObjectDisposedException>());

        Assert.That(_stream.HasObservers, Is.False);
    }

    /// <summary>No caller has a subscription whose <c>Subscribe</c> threw, so it must not go on.</summary>
    [Test]
    public void Subscribe_SchedulerThrowsAfterItHasTakenTheAction_LeavesNoSubscription(
        [Values] bool runsAtOnce, [Values("scheduler", "long running", "context")] string kind, [Values("observer", "handler", "projection")] string observer, [Values] bool waits)
    {
        var error = new InvalidOperationException();
        var taken = new List<Action>();
        void Take(Action action)
        {
            if (runsAtOnce)
            {
                action();
            }
            else
            {
                taken.Add(action);
            }

            throw error;
        }

        EventPosition<int> start = _stream.GetNextPosition();
        _stream.OnNext(1);
        EventObservable<int> source = _stream.From(start);
        source = kind == "context" ? source.ObserveOn(new TakingContext(Take))
            : source.ObserveOn(kind == "scheduler" ? new TakingScheduler(Take) : new TakingThreads(Take)).WithLagPolicy(waits ? LagPolicy.Wait(1) : LagPolicy.Unbounded);

        Assert.That(
            () => observer switch
            {
                "observer" => source.Subscribe(static _ => { }),
                "handler" => source.SubscribeAwait(static (_, _) => default),
                _ => source.ToProjection(0, static (sum, value) => sum + value),
            },
            Throws.Exception.SameAs(error));

        Assert.That(_stream.Subscriptions, Is.Empty);
        Assert.That(_stream.HasObservers, Is.False);
        taken.ForEach(static action => action());
        _stream.OnNextRange([2, 3]);
        start.Dispose();
    }

    private class TakingScheduler(Action<Action> take) : LocalScheduler
    {
        public override IDisposable Schedule<TState>(TState state, TimeSpan dueTime, Func<IScheduler, TState, IDisposable> action)
        {
            take(() => action(this, state));
            return Disposable.Empty;
        }

        protected override object? GetService(Type serviceType) => null;
    }

    private sealed class TakingThreads(Action<Action> take) : TakingScheduler(take), ISchedulerLongRunning
    {
        private readonly Action<Action> _take = take;

        public IDisposable ScheduleLongRunning<TState>(TState state, Action<TState, ICancelable> action)
        {
            var cancel = new BooleanDisposable();
            _take(() => Eventually.OnThread(() => action(state, cancel)));
            return cancel;
        }

        protected override object? GetService(Type serviceType) => serviceType == typeof(ISchedulerLongRunning) ? this : null;
    }

    private sealed class TakingContext(Action<Action> take) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => take(() => d(state));

        public override SynchronizationContext CreateCopy() => this;
    }
}
