using System.Reactive.Concurrency;
using Rx.Storage;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Looking;

/// <summary>Who is subscribed and how far they are, and waiting for them.</summary>
[TestFixture]
internal sealed class LookingTests
{
    private readonly ManualScheduler _manual = new();
    private EventStream<int> _stream = null!;

    [SetUp]
    public void SetUp() => _stream = new EventStream<int>();

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [Test]
    public void Subscriptions_InlineAndScheduled_TheirFigures()
    {
        DateTimeOffset before = DateTimeOffset.UtcNow;
        _stream.OnNext(0);
        _stream.AsObservable().WithName("inline").Subscribe(_ => { });
        _stream.ObserveOn(_manual).WithName("slow").Subscribe(_ => { });
        _stream.ObserveOn(_manual).WithLagPolicy(LagPolicy.DropOldest(2)).WithName("lossy").Subscribe(_ => { });
        _stream.OnNextRange([1, 2, 3, 4]);

        Assert.That(Figures(), Is.EqualTo(new[] { ("inline", 5L, 0L, 4L, 0L), ("slow", 1, 4, 0, 0), ("lossy", 1, 4, 0, 0) }));
        _manual.RunAll();
        Assert.That(Figures(), Is.EqualTo(new[] { ("inline", 5L, 0L, 4L, 0L), ("slow", 5, 0, 4, 0), ("lossy", 5, 0, 2, 2) }));
        Assert.That(_stream.Subscriptions.Select(s => s.SubscribedAt), Is.All.InRange(before, DateTimeOffset.UtcNow));
    }

    /// <summary>Nobody is delivering yet when those on schedulers are woken, but the event is on its way.</summary>
    [Test]
    public void WhenCaughtUpAsync_ObserverOnThePublishingThreadHasHadNoEventYet_WaitsForIt([Values] bool isSingleWriter)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = isSingleWriter });
        int had = 0;
        (bool IsDrained, int Had)? early = null;
        stream.ObserveOn(new InPlaceScheduler(() => early ??= (stream.WhenCaughtUpAsync().IsCompleted, had))).Subscribe(_ => { });
        stream.Subscribe(_ => had++);

        stream.OnNextRange([1]);

        Assert.That(early, Is.EqualTo((false, 0)));
        Assert.That(stream.WhenCaughtUpAsync().IsCompletedSuccessfully, Is.True);
    }

    [Test]
    public void Subscriptions_Disposed_GoneFromTheList([Values] bool isScheduled)
    {
        EventObservable<int> view = isScheduled ? _stream.ObserveOn(_manual) : _stream.AsObservable();
        var subscription = (EventSubscription)view.Subscribe(_ => { });
        bool hadObservers = _stream.HasObservers;
        IReadOnlyList<EventSubscription> snapshot = _stream.Subscriptions;

        subscription.Dispose();

        Assert.That(hadObservers, Is.True);
        Assert.That(_stream.HasObservers, Is.False);
        Assert.That(_stream.Subscriptions, Is.Empty);
        Assert.That(snapshot, Has.Count.EqualTo(1));
        Assert.That((subscription.IsDisposed, subscription.Lag), Is.EqualTo((true, 0)));
    }

    [Test]
    public void HasObservers_ReadersOnlyOrEnded_False()
    {
        using EventReader<int> reader = _stream.AsObservable().OpenReader();
        Assert.That(_stream.HasObservers, Is.False);
        _stream.Subscribe(_ => { });
        Assert.That(_stream.HasObservers, Is.True);

        _stream.OnCompleted();

        Assert.That(_stream.HasObservers, Is.False);
    }

    [Test]
    public void WhenCaughtUpAsync_NobodyOrInlineOrParked_DoneAtOnce()
    {
        Assert.That(_stream.WhenCaughtUpAsync().IsCompletedSuccessfully, Is.True);
        _stream.Subscribe(_ => { });
        _stream.ObserveOn(_manual).Subscribe(_ => { });
        Assert.That(_stream.WhenCaughtUpAsync().IsCompletedSuccessfully, Is.True);
        _stream.OnNext(1);
        _manual.RunAll();
        Assert.That(_stream.WhenCaughtUpAsync().IsCompletedSuccessfully, Is.True);
    }

    [Test]
    public async Task WhenCaughtUpAsync_Lagging_DoneWhenItHasCaughtUp([Values] bool isBounded)
    {
        _stream.ObserveOn(_manual).WithLagPolicy(isBounded ? LagPolicy.DropOldest(1) : LagPolicy.Unbounded).Subscribe(_ => { });
        _stream.OnNextRange([1, 2, 3]);

        Task draining = _stream.WhenCaughtUpAsync();
        bool wasDone = draining.IsCompleted;
        _manual.RunAll();
        await Eventually.Ends(draining);

        Assert.That(wasDone, Is.False);
    }

    [Test]
    public async Task WhenCaughtUpAsync_LaggingOneDisposed_Done()
    {
        IDisposable subscription = _stream.ObserveOn(_manual).Subscribe(_ => { });
        _stream.OnNext(1);
        Task draining = _stream.WhenCaughtUpAsync();

        subscription.Dispose();

        await Eventually.Ends(draining);
    }

    [Test]
    public void WhenCaughtUpAsync_Cancelled_Throws()
    {
        using var cancellation = new CancellationTokenSource();
        _stream.ObserveOn(_manual).Subscribe(_ => { });
        _stream.OnNext(1);
        Task draining = _stream.WhenCaughtUpAsync(cancellation.Token);

        cancellation.Cancel();

        Assert.That(async () => await Eventually.Ends(draining), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(_stream.WhenCaughtUpAsync(cancellation.Token).IsCanceled, Is.True);
    }

    [Test]
    public async Task WhenCaughtUpAsync_OnThePool_EverythingPublishedBeforeWasSeen()
    {
        int seen = 0;
        _stream.ObserveOn(TaskPoolScheduler.Default).Subscribe(_ => Interlocked.Increment(ref seen));
        for (int round = 1; round <= 2_000; round++)
        {
            _stream.OnNextRange([1, 2, 3]);
            await Eventually.Ends(_stream.WhenCaughtUpAsync());
            Assert.That(Volatile.Read(ref seen), Is.EqualTo(3 * round));
        }
    }

    [Test]
    public async Task WhenCaughtUpAsync_InlineDeliveredByAnotherThread_DoneWhenThatIsDone()
    {
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        _stream.Subscribe(_ =>
        {
            entered.Set();
            release.Wait();
        });
        Task publishing = Eventually.OnThread(() => _stream.OnNext(1));
        Eventually.IsSet(entered, "The observer is called.");

        Task draining = _stream.WhenCaughtUpAsync();
        bool wasDone = draining.IsCompleted;
        release.Set();
        await Eventually.Ends(publishing);
        await Eventually.Ends(draining);

        Assert.That(wasDone, Is.False);
    }

    [Test]
    public async Task WhenCaughtUpAsync_InlineObserverStillReplays_DoneWhenItHasCaughtUp([Values] bool isDisposed)
    {
        // Event 0 is claimed, not published, when the subscriber is listed; so it waits for that one, and is given it by itself.
        EventPosition<int> start = _stream.GetNextPosition();
        Segment<int> tail = _stream.Log.TailBeforeClaim();
        long hole = _stream.Log.Claims.Claim(1).Count;
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        Task subscribing = Eventually.OnThread(() => _stream.From(start).Subscribe(_ =>
        {
            entered.Set();
            release.Wait();
        }));
        Eventually.IsTrue(() => _stream.Subscriptions.Count == 1, "It is listed.");
        _stream.Log.Publish(tail, hole, 0);
        Eventually.IsSet(entered, "The observer is called.");

        Task draining = _stream.WhenCaughtUpAsync();
        bool wasDone = draining.IsCompleted;
        if (isDisposed)
        {
            _stream.Subscriptions[0].Dispose();
            await Eventually.Ends(draining);
        }

        release.Set();
        await Eventually.Ends(subscribing);
        await Eventually.Ends(draining);

        Assert.That(wasDone, Is.False);
    }

    private (string? Name, long Sequence, long Lag, long Delivered, long Dropped)[] Figures() =>
        [.. _stream.Subscriptions.Select(s => (s.Name, s.Sequence, s.Lag, s.Delivered, s.Dropped))];

    /// <summary>Runs actions at once, and then says so.</summary>
    private sealed class InPlaceScheduler(Action ran) : LocalScheduler
    {
        public override IDisposable Schedule<TState>(TState state, TimeSpan dueTime, Func<IScheduler, TState, IDisposable> action)
        {
            IDisposable result = action(this, state);
            ran();
            return result;
        }
    }
}
