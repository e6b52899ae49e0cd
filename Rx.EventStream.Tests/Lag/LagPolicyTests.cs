using System.Reactive.Concurrency;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Lag;

/// <summary>What a slow observer or reader gets with each policy that drops events or fails, and what the others get.</summary>
[TestFixture]
internal sealed class LagPolicyTests
{
    private readonly ManualScheduler _manual = new();
    private EventStream<int> _stream = null!;

    [SetUp]
    public void SetUp() => _stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = 4 });

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [TestCase(0)]
    [TestCase(-1)]
    public void Capacity_LessThanOne_Throws(int capacity)
    {
        Assert.That(() => LagPolicy.DropOldest(capacity), Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("capacity"));
        Assert.That(() => LagPolicy.Fail(capacity), Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("capacity"));
        Assert.That(() => LagPolicy.Wait(capacity), Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("capacity"));
    }

    [Test]
    public void ToString_EachPolicy_ShowsKindAndCapacity() =>
        Assert.That(
            new[] { LagPolicy.Unbounded, LagPolicy.Latest, LagPolicy.DropOldest(2), LagPolicy.Fail(3), LagPolicy.Wait(4) }.Select(p => p.ToString()),
            Is.EqualTo(new[] { "Unbounded", "Latest", "DropOldest(2)", "Fail(3)", "Wait(4)" }));

    [Test]
    public void WithLagPolicy_Null_Throws()
    {
        Assert.That(() => _stream.AsObservable().WithLagPolicy(null!), Throws.ArgumentNullException);
        Assert.That(() => new EventStreamOptions { LagPolicy = null! }, Throws.ArgumentNullException);
    }

    private static IEnumerable<LagPolicy> Bounded =>
        [LagPolicy.DropOldest(5), LagPolicy.Latest, LagPolicy.Fail(5), LagPolicy.Wait(5)];

    [TestCaseSource(nameof(Bounded))]
    public void Subscribe_BoundedWithoutScheduler_ThrowsWithAdvice(LagPolicy policy)
    {
        using var bounded = new EventStream<int>(new EventStreamOptions { LagPolicy = policy });
        var observer = new RecordingObserver<int>();

        foreach (IObservable<int> source in new IObservable<int>[]
            { _stream.AsObservable().WithLagPolicy(policy), _stream.ObserveOn(ImmediateScheduler.Instance).WithLagPolicy(policy), bounded })
        {
            Assert.That(
                () => source.Subscribe(observer),
                Throws.InvalidOperationException.With.Message.Contains(policy.ToString()).And.Message.Contains("ObserveOn"));
        }

        Assert.That(_stream.HasObservers || bounded.HasObservers, Is.False);
        Assert.That(() => bounded.AsObservable().WithLagPolicy(LagPolicy.Unbounded).Subscribe(observer), Throws.Nothing);
    }

    [Test]
    public void DropOldest_SlowOnScheduler_SkipsToTheNewest(
        [Values(1, 3, 7)] int capacity, [Values(0, 1, 3, 7, 8, 50)] int published, [Values] bool isStreamDefault)
    {
        LagPolicy policy = LagPolicy.DropOldest(capacity);
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = 4, LagPolicy = isStreamDefault ? policy : LagPolicy.Unbounded });
        var slow = new RecordingObserver<int>();
        var inline = new RecordingObserver<int>();
        var patient = new RecordingObserver<int>();
        EventObservable<int> observable = stream.ObserveOn(_manual);
        var subscription = (EventSubscription)(isStreamDefault ? observable : observable.WithLagPolicy(policy)).Subscribe(slow);
        stream.AsObservable().WithLagPolicy(LagPolicy.Unbounded).Subscribe(inline);
        stream.ObserveOn(_manual).WithLagPolicy(LagPolicy.Unbounded).Subscribe(patient);

        Publish(stream, published);
        stream.OnCompleted();
        _manual.RunAll();

        int dropped = Math.Max(0, published - capacity);
        Assert.That(slow.Values, Is.EqualTo(Enumerable.Range(dropped, published - dropped)));
        Assert.That((subscription.Dropped, subscription.Delivered), Is.EqualTo((dropped, published - dropped)));
        Assert.That(slow.IsCompleted && inline.IsCompleted && patient.IsCompleted, Is.True);
        Assert.That(inline.Values, Is.EqualTo(Enumerable.Range(0, published)));
        Assert.That(patient.Values, Is.EqualTo(Enumerable.Range(0, published)));
    }

    [Test]
    public void DropOldest_LaggingTwice_DroppedCountsTheGaps()
    {
        var seen = new List<Sequenced<int>>();
        var first = new List<Sequenced<int>>();
        EventObservable<int> observable = _stream.ObserveOn(_manual).WithLagPolicy(LagPolicy.DropOldest(3)).WithName("slow");
        using IDisposable subscription = observable.WithSequence().Subscribe(seen.Add);
        using IDisposable other = _stream.AsObservable().WithSequence().Subscribe(first.Add);

        Publish(_stream, 10);
        _manual.RunAll();
        Publish(_stream, 2);
        _manual.RunAll();
        Publish(_stream, 20);
        _manual.RunAll();

        Assert.That(seen.Select(s => s.Sequence), Is.EqualTo(new long[] { 7, 8, 9, 10, 11, 29, 30, 31 }));
        Assert.That(seen.Select(s => s.Value), Is.EqualTo(new[] { 7, 8, 9, 0, 1, 17, 18, 19 }));
        Assert.That(_stream.Subscriptions.Single(s => s.Name == "slow").Dropped, Is.EqualTo(7 + 17));
        Assert.That(first.Select(s => s.Sequence), Is.EqualTo(Enumerable.Range(0, 32)));
    }

    [Test]
    public void DropOldest_LagsDuringACall_SkipsToTheNewest()
    {
        var slow = new RecordingObserver<int>(value =>
        {
            if (value == 0)
            {
                Publish(_stream, from: 1, count: 20);
            }
        });
        using var subscription = (EventSubscription)_stream.ObserveOn(_manual).WithLagPolicy(LagPolicy.DropOldest(4)).Subscribe(slow);

        _stream.OnNext(0);
        _manual.RunAll();

        Assert.That(slow.Values, Is.EqualTo(new[] { 0, 17, 18, 19, 20 }));
        Assert.That((subscription.Dropped, subscription.Delivered, subscription.Sequence), Is.EqualTo((16, 5, 21)));
    }

    [Test]
    public void Latest_Busy_SkipsToTheNewest()
    {
        var slow = new RecordingObserver<int>();
        using var subscription = (EventSubscription)_stream.ObserveOn(_manual).WithLagPolicy(LagPolicy.Latest).Subscribe(slow);

        Publish(_stream, 5);
        _manual.RunAll();
        Publish(_stream, 7);
        _stream.OnError(Marbles.Error);
        _manual.RunAll();

        Assert.That(slow.Values, Is.EqualTo(new[] { 4, 6 }));
        Assert.That(slow.Error, Is.SameAs(Marbles.Error));
        Assert.That(subscription.Dropped, Is.EqualTo(10));
    }

    [Test]
    public void DropOldest_RetainedMoreThanTheBound_ReplaysAll()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = 4, Retention = Retention.All });
        Publish(stream, 50);
        var slow = new RecordingObserver<int>();

        using var subscription = (EventSubscription)stream.ObserveOn(_manual).WithLagPolicy(LagPolicy.DropOldest(3)).Subscribe(slow);
        _manual.RunAll();

        Assert.That(slow.Values, Is.EqualTo(Enumerable.Range(0, 50)));
        Assert.That(subscription.Dropped, Is.Zero);
    }

    [Test]
    public void Reader_DropOldest_SkipsToTheNewest([Values(1, 3, 7)] int capacity, [Values(0, 3, 8, 50)] int published)
    {
        using EventReader<int> reader = _stream.AsObservable().WithLagPolicy(LagPolicy.DropOldest(capacity)).OpenReader();
        using EventReader<int> other = _stream.AsObservable().OpenReader();

        Publish(_stream, published);

        int dropped = Math.Max(0, published - capacity);
        Assert.That(ReadAvailable(reader), Is.EqualTo(Enumerable.Range(dropped, published - dropped)));
        Assert.That((reader.Dropped, reader.Count, reader.Sequence), Is.EqualTo((dropped, 0, published)));
        Assert.That(ReadAvailable(other), Is.EqualTo(Enumerable.Range(0, published)));
        Assert.That(other.Dropped, Is.Zero);
    }

    [Test]
    public void Reader_DropOldestPeekedThenOvertaken_ReadsTheNewest()
    {
        using EventReader<int> reader = _stream.AsObservable().WithLagPolicy(LagPolicy.DropOldest(2)).OpenReader();
        Publish(_stream, 2);
        bool isPeeked = reader.TryPeek(out int peeked);

        Publish(_stream, from: 2, count: 30);

        Assert.That((isPeeked, peeked), Is.EqualTo((true, 0)));
        Assert.That(ReadAvailable(reader), Is.EqualTo(new[] { 30, 31 }));
        Assert.That(reader.Dropped, Is.EqualTo(30));
    }

    [Test]
    public async Task ReadAllAsync_Latest_OnlyTheNewest()
    {
        var read = new List<int>();
        await using IAsyncEnumerator<int> reading = _stream.AsObservable().WithLagPolicy(LagPolicy.Latest).ReadAllAsync().GetAsyncEnumerator();
        ValueTask<bool> moving = reading.MoveNextAsync();

        Publish(_stream, 1);
        while (await Eventually.Ends(moving))
        {
            read.Add(reading.Current);
            if (read.Count == 1)
            {
                Publish(_stream, from: 1, count: 40);
                _stream.OnCompleted();
            }

            moving = reading.MoveNextAsync();
        }

        Assert.That(read, Is.EqualTo(new[] { 0, 40 }));
    }

    [Test]
    public void Fail_TooFarBehind_ErrorWithTheFiguresAndOthersGoOn()
    {
        var slow = new RecordingObserver<int>();
        var inline = new RecordingObserver<int>();
        var patient = new RecordingObserver<int>();
        var subscription = (EventSubscription)_stream.ObserveOn(_manual).WithLagPolicy(LagPolicy.Fail(3)).WithName("slow").Subscribe(slow);
        _stream.Subscribe(inline);
        _stream.ObserveOn(_manual).Subscribe(patient);

        Publish(_stream, 3);
        _manual.RunAll();
        Publish(_stream, 10);
        _manual.RunAll();
        _stream.OnCompleted();
        _manual.RunAll();

        Assert.That(slow.Values, Is.EqualTo(new[] { 0, 1, 2 }));
        Assert.That(slow.Error, Is.TypeOf<SubscriberLaggedException>());
        var error = (SubscriberLaggedException)slow.Error!;
        Assert.That((error.SubscriberName, error.Sequence, error.MissedCount), Is.EqualTo(("slow", 3L, 10L)));
        Assert.That(error.Message, Does.Contain("slow").And.Contain("10 ").And.Contain("sequence number 3").And.Contain("the 3 "));
        Assert.That(slow.Violations, Is.Empty);
        Assert.That(subscription.IsDisposed, Is.True);
        Assert.That(inline.Count, Is.EqualTo(13));
        Assert.That(patient.Count, Is.EqualTo(13));
        Assert.That(inline.IsCompleted && patient.IsCompleted, Is.True);
    }

    [Test]
    public void Fail_AsFarBehindAsAllowed_GetsEveryEvent()
    {
        var slow = new RecordingObserver<int>();
        _stream.ObserveOn(_manual).WithLagPolicy(LagPolicy.Fail(3)).Subscribe(slow);

        for (int round = 0; round < 10; round++)
        {
            Publish(_stream, 3);
            _manual.RunAll();
        }

        Assert.That(slow.Count, Is.EqualTo(30));
        Assert.That(slow.Error, Is.Null);
    }

    [Test]
    public void Reader_Fail_ThrowsEachTime()
    {
        using EventReader<int> reader = _stream.AsObservable().WithLagPolicy(LagPolicy.Fail(3)).WithName("tail").OpenReader();
        Publish(_stream, 2);
        Assert.That(ReadAvailable(reader), Is.EqualTo(new[] { 0, 1 }));

        Publish(_stream, 20);

        Assert.That(reader.TryRead(out _), Is.False);
        for (int i = 0; i < 2; i++)
        {
            Assert.That(
                async () => await Eventually.Ends(reader.WaitToReadAsync()),
                Throws.TypeOf<SubscriberLaggedException>()
                    .With.Property("SubscriberName").EqualTo("tail").And.Property("Sequence").EqualTo(2).And.Property("MissedCount").EqualTo(20));
        }
    }

    [Test]
    public void ReadAllAsync_Fail_Throws()
    {
        var read = new List<int>();

        Assert.That(
            async () =>
            {
                IAsyncEnumerable<int> events = _stream.AsObservable().WithLagPolicy(LagPolicy.Fail(3)).ReadAllAsync();
                await using IAsyncEnumerator<int> reading = events.GetAsyncEnumerator();
                ValueTask<bool> moving = reading.MoveNextAsync();
                Publish(_stream, 1);
                while (await Eventually.Ends(moving))
                {
                    read.Add(reading.Current);
                    Publish(_stream, 2);
                    moving = reading.MoveNextAsync();
                }
            },
            Throws.TypeOf<SubscriberLaggedException>());
        Assert.That(read, Is.EqualTo(new[] { 0, 0, 1 }));
    }

    [Test]
    public void DropOldest_ConcurrentPublishers_EveryEventIsAccountedFor([Values(1, 16, 1000)] int capacity)
    {
        const int Publishers = 2;
        const int Each = 100_000;
        var sequences = new List<long>();
        var ended = new ManualResetEventSlim();
        var all = new Recorder<int>();
        _stream.ObserveOn(TaskPoolScheduler.Default).Subscribe(all);
        EventObservable<int> observable = _stream.ObserveOn(NewThreadScheduler.Default).WithLagPolicy(LagPolicy.DropOldest(capacity));
        observable.WithSequence().Subscribe(s => sequences.Add(s.Sequence), ended.Set);
        EventSubscription subscription = _stream.Subscriptions[^1];

        Task[] publishers = [.. Enumerable.Range(0, Publishers).Select(_ => Eventually.OnThread(() => Publish(_stream, Each)))];
        Task.WaitAll(publishers, Eventually.Limit);
        _stream.OnCompleted();
        Eventually.IsSet(ended, "The lagging subscriber ends.");
        Eventually.IsTrue(() => all.Terminals == 1, "The other subscriber ends.");

        Assert.That(sequences, Is.Ordered.Ascending.And.Unique);
        Assert.That(sequences[^1], Is.EqualTo((Publishers * Each) - 1));
        Assert.That(subscription.Dropped + sequences.Count, Is.EqualTo(Publishers * Each));
        Assert.That(all.Count, Is.EqualTo(Publishers * Each));
        Assert.That(all.Breach, Is.Null);
    }

    [Test]
    [Category("Slow")]
    public void BoundedPolicy_ObserverStuck_MemoryStaysBounded(
        [Values("DropOldest", "Fail", "Latest")] string policy, [Values] bool isReader)
    {
        LagPolicy lag = policy switch
        {
            "DropOldest" => LagPolicy.DropOldest(10_000),
            "Fail" => LagPolicy.Fail(10_000),
            _ => LagPolicy.Latest,
        };
        using var stream = new EventStream<long>(new EventStreamOptions { SingleWriter = true });
        var entered = new ManualResetEventSlim();
        var release = new ManualResetEventSlim(); // not disposed: after its release, the observer may be called until it is disposed, and once more
        EventObservable<long> observable = stream.ObserveOn(NewThreadScheduler.Default).WithLagPolicy(lag);
        using EventReader<long>? reader = isReader ? observable.OpenReader() : null;
        using IDisposable? subscription = isReader ? null : observable.Subscribe(_ =>
        {
            entered.Set();
            release.Wait();
        }, static _ => { });
        stream.OnNext(-1);
        if (!isReader)
        {
            Eventually.IsSet(entered, "The observer is called.");
        }

        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (long i = 0; i < 10_000_000; i++)
        {
            stream.OnNext(i);
        }

        long after = GC.GetTotalMemory(forceFullCollection: true);
        int segments = stream.Log.CountSegments();
        release.Set();

        // An event takes 9 bytes. The limit covers the bound, a few segments, and 1 MB for the rest of the process; all ten million events
        // would take 90 MB.
        Assert.That(after - before, Is.LessThan(((10_000 + (4 * 1024)) * 9) + 1_000_000));
        Assert.That(segments, Is.LessThanOrEqualTo(13));
    }

    private static void Publish(EventStream<int> stream, int count, int from = 0)
    {
        for (int i = 0; i < count; i++)
        {
            stream.OnNext(from + i);
        }
    }

    private static List<int> ReadAvailable(EventReader<int> reader)
    {
        var read = new List<int>();
        while (reader.TryRead(out int value))
        {
            read.Add(value);
        }

        return read;
    }
}
