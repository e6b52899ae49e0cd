using System.Reactive.Concurrency;
using Rx.Tests.Contract;
using Rx.Tests.Concurrency;

namespace Rx.Tests.Lag;

/// <summary>A bound counts what is published after the subscription: what a subscriber replays is not lag.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class ReplayLagTests(StreamConfiguration configuration)
{
    private const int Replayed = 300;
    private const int Bound = 5;

    private readonly ManualScheduler _manual = new();
    private EventStream<int> _stream = null!;

    private static LagPolicy[] ThatReplay => [LagPolicy.DropOldest(Bound), LagPolicy.Fail(Bound), LagPolicy.Wait(Bound)];

    private static LagPolicy[] Bounded => [LagPolicy.DropOldest(Bound), LagPolicy.Fail(Bound)];

    [SetUp]
    public void SetUp()
    {
        _stream = new EventStream<int>(new EventStreamOptions
        {
            SingleWriter = configuration.SingleWriter,
            SegmentCapacity = configuration.SegmentCapacity,
            Retention = Retention.Count(Replayed),
        });
        Publish(Replayed);
    }

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [TestCaseSource(nameof(ThatReplay))]
    public void Subscribe_ReplayBeyondTheBound_IsDelivered(LagPolicy policy)
    {
        var observer = new RecordingObserver<int>();
        using EventSubscription subscription = _stream.ObserveOn(_manual).WithLagPolicy(policy).Subscribe(observer);

        Publish(Bound); // as many as the bound allows; the window no longer retains the first events
        _manual.RunAll();

        Assert.That(observer.Values, Is.EqualTo(Enumerable.Range(0, Replayed + Bound)));
        Assert.That((subscription.Dropped, subscription.IsDisposed), Is.EqualTo((0L, false)));
    }

    [TestCaseSource(nameof(ThatReplay))]
    public void OpenReader_ReplayBeyondTheBound_IsRead(LagPolicy policy)
    {
        using EventReader<int> reader = _stream.WithLagPolicy(policy).OpenReader();

        Publish(Bound);

        Assert.That(reader.Count, Is.EqualTo(Replayed + Bound));
        Assert.That(ReadAll(reader), Is.EqualTo(Enumerable.Range(0, Replayed + Bound)));
    }

    [Test]
    public void Subscribe_Latest_BeginsWithTheNewestRetained()
    {
        var observer = new RecordingObserver<int>();
        using EventSubscription subscription = _stream.ObserveOn(_manual).WithLagPolicy(LagPolicy.Latest).Subscribe(observer);

        _manual.RunAll();

        Assert.That(observer.Values, Is.EqualTo(new[] { Replayed - 1 }));
        Assert.That((subscription.Delivered, subscription.Dropped), Is.EqualTo((1L, 0L)), "To begin there is not to lag.");
    }

    [Test]
    public void Subscribe_Latest_DroppedCountsWhatWasPublishedSince([Values] bool isReader, [Values] bool atPosition)
    {
        EventObservable<int> source = (atPosition ? _stream.GetOldestPosition().AsObservable() : _stream.AsObservable()).WithLagPolicy(LagPolicy.Latest);
        var observer = new RecordingObserver<int>();
        using IDisposable subscription = isReader ? source.OpenReader() : source.ObserveOn(_manual).Subscribe(observer);
        EventSubscription listed = _stream.Subscriptions.Single();
        Assert.That((listed.Dropped, listed.Lag, listed.Sequence), Is.EqualTo((0L, 1L, Replayed - 1L)));

        Publish(3);
        _manual.RunAll();

        if (subscription is EventReader<int> reader)
        {
            Assert.That(reader.TryRead(out _), Is.True);
        }

        Assert.That((listed.Delivered, listed.Dropped, listed.Lag), Is.EqualTo((1L, 3L, 0L)));
    }

    [TestCaseSource(nameof(Bounded))]
    public async Task Publish_MoreThanTheBoundDuringTheReplay_PolicyApplies(LagPolicy policy)
    {
        using EventReader<int> reader = _stream.WithLagPolicy(policy).OpenReader();
        Assert.That(reader.TryRead(out _), Is.True);

        Publish(Bound + 1);

        if (policy.FailsWhenFull)
        {
            SubscriberLaggedException? error = await Assert.ThrowsAsync<SubscriberLaggedException>(async () => await reader.WaitToReadAsync());
            Assert.That((error!.Sequence, error.MissedCount), Is.EqualTo((1L, (long)(Replayed + Bound))));
            Assert.That(error.Message, Does.Contain($"{Replayed + Bound} events behind").And.Contain($"{Bound + 1} of them published since it subscribed"));
        }
        else
        {
            Assert.That(reader.Count, Is.EqualTo(Bound));
            Assert.That(ReadAll(reader), Is.EqualTo(Enumerable.Range(Replayed + 1, Bound)));
            Assert.That(reader.Dropped, Is.EqualTo(Replayed));
        }
    }

    [TestCaseSource(nameof(Bounded))]
    public void Publish_MoreThanTheBoundAfterTheReplay_PolicyApplies(LagPolicy policy)
    {
        using EventReader<int> reader = _stream.WithLagPolicy(policy).OpenReader();
        Assert.That(ReadAll(reader), Has.Count.EqualTo(Replayed));

        Publish(Bound + 1);

        Assert.That(ReadAll(reader), Has.Count.EqualTo(policy.FailsWhenFull ? 0 : Bound));
    }

    [Test]
    public async Task OnNextAsync_WhileAWaitSubscriberReplays_WaitsForTheBoundOnly()
    {
        using EventReader<int> reader = _stream.WithLagPolicy(LagPolicy.Wait(Bound)).OpenReader();
        for (int i = 0; i < Bound; i++)
        {
            Assert.That(_stream.OnNextAsync(i).AsTask().IsCompletedSuccessfully, Is.True);
        }

        Task waiting = _stream.OnNextAsync(-1).AsTask();
        for (int i = 0; i < Replayed; i++)
        {
            Assert.That(waiting.IsCompleted, Is.False);
            Assert.That(reader.TryRead(out _), Is.True);
        }

        Assert.That(waiting.IsCompleted, Is.False);
        Assert.That(reader.TryRead(out _), Is.True);
        await waiting;
    }

    /// <summary>The reader replays from a position, which nothing else keeps. It does not ask for more.</summary>
    [Test]
    public void Reading_PastTheReplay_LetsItGo(
        [ValueSource(nameof(Bounded))] LagPolicy policy, [Values("one by one", "a batch", "batches")] string way)
    {
        using var stream = configuration.Create<object>();
        EventPosition<object> start = PublishReplay(stream);
        using EventReader<object> reader = start.AsObservable().WithLagPolicy(policy).OpenReader();
        start.Dispose();
        int kept = stream.Log.CountSegments();
        for (int read = 0; read < Replayed;)
        {
            int length = 1;
            bool isRead = way == "one by one" ? reader.TryRead(out _) : TryReadBatch(out length);
            Assert.That(isRead, Is.True);
            read += length;
        }

        Assert.That(kept, Is.GreaterThanOrEqualTo(Replayed / Math.Min(32, configuration.SegmentCapacity)));
        Assert.That(stream.Log.CountSegments(), Is.LessThanOrEqualTo(Bound + 2));

        bool TryReadBatch(out int length)
        {
            bool isRead = reader.TryReadBatch(way == "a batch" ? int.MaxValue : 7, out ReadOnlyMemory<object> batch);
            length = batch.Length;
            return isRead;
        }
    }

    /// <summary>What is read of a replay is kept no longer, though the rest is.</summary>
    [Test]
    public void Reading_APartOfTheReplay_LetsThatPartGo(
        [ValueSource(nameof(Bounded))] LagPolicy policy, [Values("reader", "batches", "observer", "handler")] string kind, [Values] bool hasCompleted)
    {
        using var stream = configuration.Create<object>();
        EventPosition<object> start = PublishReplay(stream);
        EventObservable<object> observable = start.AsObservable().ObserveOn(_manual, maxBatch: 10).WithLagPolicy(policy);
        using EventReader<object>? reader = kind is "reader" or "batches" ? observable.OpenReader() : null;
        using EventSubscription? observer = kind switch
        {
            "observer" => (EventSubscription)observable.Subscribe(static _ => { }),
            "handler" => observable.SubscribeAwait(static (_, _) => default),
            _ => null,
        };
        using EventReader<object> other = observable.OpenReader(); // it has the same replay
        start.Dispose();
        if (hasCompleted)
        {
            stream.OnCompleted();
        }

        const int Left = 50;
        Read(other);
        for (int i = 0; _manual.Count > 0 && i < (Replayed - Left) / 10; i++)
        {
            _manual.RunOne();
        }

        if (reader is not null)
        {
            Read(reader);
        }

        long left = Replayed - Math.Min(other.Sequence, observer?.Sequence ?? reader!.Sequence);
        Assert.That(left, Is.InRange(Left, 2 * Left));
        long most = (left / Math.Min(32, configuration.SegmentCapacity)) + 4;
        Assert.That(stream.Log.CountSegments(), Is.LessThanOrEqualTo(most));

        void Read(EventReader<object> from)
        {
            for (int i = 0; i < Replayed - Left; i += 10)
            {
                for (int j = 0; kind != "batches" && j < 10; j++)
                {
                    from.TryRead(out _);
                }

                if (kind == "batches")
                {
                    from.TryReadBatch(10, out _);
                }
            }

            Assert.That(from.Sequence, Is.EqualTo(Replayed - Left));
        }
    }

    /// <summary>A handler that is busy with the last event of its replay keeps the others no longer.</summary>
    [Test]
    public void Handler_BusyWithTheLastOfTheReplay_LetsItGo([ValueSource(nameof(Bounded))] LagPolicy policy, [Values] bool inBatches)
    {
        using var stream = configuration.Create<object>();
        EventPosition<object> start = PublishReplay(stream);
        EventObservable<object> observable = start.AsObservable().ObserveOn(_manual).WithLagPolicy(policy);
        var call = new TaskCompletionSource();
        int handled = 0;
        using EventSubscription subscription = inBatches
            ? observable.SubscribeAwaitBatch(50, (batch, _) => Handle(batch.Length))
            : observable.SubscribeAwait((_, _) => Handle(1));
        start.Dispose();

        _manual.RunAll();

        Assert.That((handled, call.Task.IsCompleted), Is.EqualTo((Replayed, false)));
        Assert.That(stream.Log.CountSegments(), Is.LessThanOrEqualTo(Bound + 2));

        ValueTask Handle(int count)
        {
            handled += count;
            return handled == Replayed ? new ValueTask(call.Task) : default;
        }
    }

    /// <summary>A subscriber that stands still never reads its replay once its bound is exceeded.</summary>
    [TestCaseSource(nameof(Bounded))]
    public void Publish_BeyondTheBoundOfAStuckReplay_LetsTheReplayGo(LagPolicy policy)
    {
        using var stream = configuration.Create<object>();
        EventPosition<object> start = PublishReplay(stream);
        using EventReader<object> first = start.AsObservable().WithLagPolicy(policy).OpenReader();
        using EventReader<object> second = start.AsObservable().WithLagPolicy(policy).OpenReader();
        start.Dispose();
        for (int i = 0; i < Bound + (3 * configuration.SegmentCapacity); i++)
        {
            stream.OnNext(i);
        }

        Assert.That(stream.Log.CountSegments(), Is.LessThanOrEqualTo(Bound + 4));
    }

    /// <summary>Replays that begin at the same event end one by one, also after new ones have begun there.</summary>
    [Test]
    public void Dispose_OneOfSeveralReplays_OthersReadTheirs()
    {
        using EventPosition<int> start = _stream.GetOldestPosition();
        EventObservable<int> observable = start.AsObservable().WithLagPolicy(LagPolicy.Fail(Bound));
        EventReader<int> first = observable.OpenReader();
        EventReader<int> second = observable.OpenReader();
        Publish(Bound + 1); // both are overrun
        EventReader<int> third = observable.OpenReader();
        first.Dispose();
        start.Dispose();
        Publish(Bound);
        second.Dispose();

        Assert.That(ReadAll(third), Is.EqualTo(Enumerable.Range(0, Replayed + Bound + 1 + Bound)));
        third.Dispose();
    }

    /// <summary>A reader passes its replay on the thread that completes its wait, while another thread disposes it.</summary>
    [Test]
    public void Dispose_WhilePassingTheReplay_BoundsAreGivenBack() =>
        Race.Run(
            300,
            () => new Passing(configuration),
            static state => state.Stream.OnNext(2),
            static state => state.Reader.Dispose(),
            static state => state.Check());

    /// <summary>Publishes what a subscriber at the position that it returns replays.</summary>
    private static EventPosition<object> PublishReplay(EventStream<object> stream)
    {
        EventPosition<object> start = stream.GetNextPosition();
        for (int i = 0; i < Replayed; i++)
        {
            stream.OnNext(i);
        }

        return start;
    }

    private static List<int> ReadAll(EventReader<int> reader)
    {
        var values = new List<int>();
        while (reader.TryRead(out int value))
        {
            values.Add(value);
        }

        return values;
    }

    private void Publish(int count)
    {
        int first = (int)_stream.NextSequence;
        for (int i = 0; i < count; i++)
        {
            _stream.OnNext(first + i);
        }
    }

    private sealed class Passing
    {
        private readonly Task<bool> _wait;

        internal Passing(StreamConfiguration configuration)
        {
            Stream = new EventStream<int>(new EventStreamOptions
            {
                SingleWriter = configuration.SingleWriter,
                SegmentCapacity = configuration.SegmentCapacity,
                Retention = Retention.Count(3),
            });
            Stream.OnNext(0);
            Stream.OnNext(1);
            Reader = Stream.WithLagPolicy(LagPolicy.DropOldest(2)).OpenReader();
            Reader.TryRead(out _);
            Reader.TryRead(out _);
            _wait = Reader.WaitToReadAsync().AsTask();
        }

        internal EventStream<int> Stream { get; }

        internal EventReader<int> Reader { get; }

        internal void Check()
        {
            Assert.That(_wait.ContinueWith(static wait => wait.Exception is null || wait.Exception.InnerException is ObjectDisposedException).Result, Is.True);
            for (int i = 0; i < 500; i++)
            {
                Stream.OnNext(i);
            }

            Assert.That(Stream.Log.CountSegments(), Is.LessThanOrEqualTo(5));
        }
    }
}
