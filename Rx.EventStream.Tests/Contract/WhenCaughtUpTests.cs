using System.Reactive.Concurrency;
using System.Runtime.CompilerServices;
using Rx.Storage;
using Rx.Tests.Concurrency;

namespace Rx.Tests.Contract;

/// <summary><see cref="EventStream{T}.WhenCaughtUpAsync"/>: which deliveries it waits for.</summary>
[TestFixture]
internal sealed class WhenCaughtUpTests
{
    private readonly ManualScheduler _manual = new();
    private EventStream<int> _stream = null!;

    [SetUp]
    public void SetUp() => _stream = new EventStream<int>();

    [TearDown]
    public void TearDown() => _stream.Dispose();

    /// <summary>When the publisher wakes the scheduled observers, no thread drains yet, but the inline observer is still owed the event.</summary>
    [Test]
    public void WhenCaughtUpAsync_InlineObserverNotYetCalled_WaitsForIt([Values] bool isSingleWriter)
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

    /// <summary>An observer that replays an ended stream is a current observer as any other.</summary>
    [Test]
    public async Task WhenCaughtUpAsync_InTheReplayOfAnEndedStream_WaitsForIt([Values] bool isSingleWriter, [Values(1, 2, 64)] int capacity, [Values] bool hasFailed)
    {
        using var stream = new EventStream<int>(
            new EventStreamOptions { SingleWriter = isSingleWriter, SegmentCapacity = capacity, Retention = Retention.All });
        stream.OnNextRange([1, 2, 3]);
        if (hasFailed)
        {
            stream.OnError(new TimeoutException());
        }
        else
        {
            stream.OnCompleted();
        }

        var lags = new List<long>();
        Task? caughtUp = null;
        stream.Subscribe(
            _ =>
            {
                lags.Add(stream.Subscriptions.Single().Lag);
                caughtUp ??= stream.WhenCaughtUpAsync();
                Assert.That(caughtUp.IsCompleted, Is.False);
            },
            static _ => { });

        Assert.That(lags, Is.EqualTo(new[] { 3, 2, 1 }));
        await Eventually.Ends(caughtUp!);
        Assert.That(stream.Subscriptions, Is.Empty);
    }

    [Test]
    public void Dispose_InTheReplayOfAnEndedStream_ThroughTheList_EndsIt([Values] bool isSingleWriter)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = isSingleWriter, Retention = Retention.All });
        stream.OnNextRange([1, 2, 3]);
        stream.OnCompleted();
        var observer = new RecordingObserver<int>(value => stream.Subscriptions.Single().Dispose());

        stream.Subscribe(observer);

        Assert.That((observer.Values.Count, observer.IsCompleted), Is.EqualTo((1, false)));
    }

    [Test]
    public void WhenCaughtUpAsync_NoneOrInlineOrParked_CompletesAtOnce()
    {
        Assert.That(_stream.WhenCaughtUpAsync().IsCompletedSuccessfully, Is.True);
        _stream.Subscribe(_ => { });
        _stream.ObserveOn(_manual).Subscribe(_ => { });
        Assert.That(_stream.WhenCaughtUpAsync().IsCompletedSuccessfully, Is.True);
        _stream.OnNext(1);
        _manual.RunAll();
        Assert.That(_stream.WhenCaughtUpAsync().IsCompletedSuccessfully, Is.True);
    }

    /// <summary>A caller waits for events that the reader never reads: it ends before, or jumps over them.</summary>
    [Test]
    public async Task WhenCaughtUpAsync_OfAReaderThatEndsOrJumps_Completes(
        [Values("dispose", "unsubscribe", "dispose the stream", "lag too far", "peek", "wait")] string way, [Values] bool isSingleWriter)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = isSingleWriter });
        LagPolicy policy = way switch
        {
            "lag too far" => LagPolicy.Fail(2),
            "peek" or "wait" => LagPolicy.DropOldest(2),
            _ => LagPolicy.Unbounded,
        };
        using EventReader<int> reader = stream.WithLagPolicy(policy).OpenReader();
        EventSubscription subscription = stream.Subscriptions.Single();
        stream.OnNextRange([1, 2]);
        Task caughtUp = subscription.WhenCaughtUpAsync();
        stream.OnNextRange([3, 4]);
        Assert.That(caughtUp.IsCompleted, Is.False);

        switch (way)
        {
            case "dispose":
                reader.Dispose();
                break;
            case "unsubscribe":
                subscription.Dispose();
                break;
            case "dispose the stream":
                stream.Dispose();
                break;
            case "lag too far":
                Assert.That(reader.TryRead(out _), Is.False);
                break;
            case "peek":
                Assert.That((reader.TryPeek(out int next), next), Is.EqualTo((true, 3)));
                break;
            case "wait":
                Assert.That(await reader.WaitToReadAsync(), Is.True);
                break;
        }

        await Eventually.Ends(caughtUp);
    }

    [Test]
    public async Task WhenCaughtUpAsync_OfAReaderThatIsCollected_Completes([Values] bool isSingleWriter)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = isSingleWriter });
        Task caughtUp = WaitForALostReader(stream);

        GC.Collect();
        GC.WaitForPendingFinalizers();
        await Eventually.Ends(caughtUp);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static Task WaitForALostReader(EventStream<int> stream)
        {
            Open(stream);
            stream.OnNext(1);
            Task caughtUp = stream.Subscriptions.Single().WhenCaughtUpAsync();
            Assert.That(caughtUp.IsCompleted, Is.False);
            return caughtUp;
        }

        static EventReader<int> Open(EventStream<int> stream) => stream.OpenReader();
    }

    [Test]
    public async Task WhenCaughtUpAsync_Lagging_CompletesWhenCaughtUp([Values] bool isBounded)
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
    public async Task WhenCaughtUpAsync_LaggingSubscriberDisposed_Completes()
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
    public async Task WhenCaughtUpAsync_OnThePool_AllEarlierEventsDelivered()
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
    public async Task WhenCaughtUpAsync_AnotherThreadDrains_WaitsForIt()
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
    public async Task WhenCaughtUpAsync_InlineObserverReplays_WaitsForIt([Values] bool isDisposed)
    {
        // Event 0 is claimed but not published when the subscription enters the list. So its replay waits for event 0, and delivers it.
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
        Eventually.IsTrue(() => _stream.Subscriptions.Count == 1, "The subscription is in the list.");
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

    /// <summary>Runs each action at once, then calls back.</summary>
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
