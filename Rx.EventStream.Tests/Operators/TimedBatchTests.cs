using System.Reactive.Concurrency;
using System.Reactive.Linq;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Operators;

/// <summary><c>Batch(maxCount, maxDelay)</c>: full batches, those whose time is over, and the last one.</summary>
[TestFixture]
internal sealed class TimedBatchTests
{
    private static readonly TimeSpan _never = TimeSpan.FromDays(20);

    private readonly ManualScheduler _manual = new();
    private MarbleScheduler _scheduler = null!;

    private static IEnumerable<object[]> Limits =>
        from policy in new[] { LagPolicy.Wait(4), LagPolicy.Fail(4), LagPolicy.DropOldest(4) }
        from configuration in StreamConfiguration.All
        select new object[] { policy, configuration };

    [SetUp]
    public void SetUp() => _scheduler = new MarbleScheduler(TimeSpan.FromTicks(1));

    [TestCase("-a-b--------c-de---f|", "------B--------E----F|", Description = "The example of the documentation.")]
    [TestCase("-a-b|", "----B|")]
    [TestCase("-a-b#", "----B#")]
    [TestCase("-(abc)-|", "--C-|")]
    [TestCase("-(abcde)---------|", "--C---E-----|")]
    [TestCase("-a---b---c---|", "------B-------C|")]
    [TestCase("-|", "--|")]
    public void Batch_MaxDelay_LastOfEachBatchAtItsTick(string published, string expected)
    {
        using var stream = new EventStream<char>();
        MarbleRecording<char> observer = _scheduler.Record(
            stream.ObserveOn(_scheduler).Batch(3, TimeSpan.FromTicks(4)).Select(b => char.ToUpperInvariant(b.Span[^1])));
        _scheduler.Hot(published).Subscribe(stream);

        _scheduler.Start();

        _scheduler.Expect(observer).ToBe(expected);
    }

    /// <summary>Rx's <c>Buffer(time, count)</c> starts its time at the last buffer. The same from the first event of a buffer is a group that
    /// ends by time or count. Events come at multiples of three ticks, so that none comes when the time is over.</summary>
    [TestCaseSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
    public void Batch_RandomTimes_BatchesOfRxAtTheirTicks(StreamConfiguration configuration)
    {
        var random = new Random(1);
        for (int round = 0; round < 40; round++)
        {
            var scheduler = new MarbleScheduler(TimeSpan.FromTicks(1));
            int maxCount = random.Next(1, 6);
            var maxDelay = TimeSpan.FromTicks((3 * random.Next(1, 12)) + 1);
            using EventStream<int> stream = configuration.Create<int>();
            var ours = new List<string>();
            var theirs = new List<string>();
            stream.ObserveOn(scheduler).Batch(maxCount, maxDelay)
                .Subscribe(batch => ours.Add($"{scheduler.Clock}: {string.Join(" ", batch.ToArray())}"), () => ours.Add("|"));
            stream.ObserveOn(scheduler)
                .GroupByUntil(
                    _ => true,
                    group => group.Skip(maxCount - 1).Take(1).Select(_ => 0L).Merge(Observable.Timer(maxDelay, scheduler)))
                .SelectMany(group => group.ToList())
                .Subscribe(batch => theirs.Add($"{scheduler.Clock}: {string.Join(" ", batch)}"), () => theirs.Add("|"));
            long at = 0;
            int count = random.Next(1, 30);
            for (int i = 0; i < count; i++)
            {
                int value = i;
                at += 3 * random.Next(1, 5);
                scheduler.ScheduleAbsolute(at, () => stream.OnNext(value));
            }

            scheduler.ScheduleAbsolute(at + 3, stream.OnCompleted);
            scheduler.Start();

            Assert.That(ours, Is.EqualTo(theirs), $"round {round}: {maxCount}, {maxDelay.Ticks}");
        }
    }

    [Test]
    public void Batch_FullBeforeItsTime_OldTimerEndsNoLaterBatch()
    {
        using var stream = new EventStream<int>();
        var seen = new List<string>();
        using IDisposable subscription = stream.ObserveOn(_scheduler).Batch(2, TimeSpan.FromTicks(100))
            .Subscribe(batch => seen.Add($"{_scheduler.Clock}: {string.Join(" ", batch.ToArray())}"));
        foreach ((long at, int value) in new[] { (10L, 1), (20L, 2), (50L, 3) })
        {
            _scheduler.ScheduleAbsolute(at, () => stream.OnNext(value));
        }

        _scheduler.Start();

        Assert.That(seen, Is.EqualTo(new[] { "21: 1 2", "151: 3" }));
    }

    [Test]
    public void Batch_Waiting_CountsAsLagAndIsNotConsumed()
    {
        using var stream = new EventStream<int>();
        using IDisposable subscription = stream.ObserveOn(_scheduler).Batch(10, TimeSpan.FromTicks(100)).Subscribe(_ => { });
        stream.OnNextRange([1, 2]);
        _scheduler.AdvanceBy(10);
        Task caughtUp = stream.WhenCaughtUpAsync();
        EventSubscription figures = stream.Subscriptions[0];

        Assert.That((figures.Sequence, figures.Lag, figures.Delivered, caughtUp.IsCompleted), Is.EqualTo((0, 2, 0, false)));

        _scheduler.AdvanceBy(100);

        Assert.That((figures.Sequence, figures.Lag, figures.Delivered), Is.EqualTo((2, 0, 2)));
        Assert.That(() => Eventually.Ends(caughtUp), Throws.Nothing);
    }

    [TestCaseSource(nameof(Limits))]
    public void Batch_PolicyHasRoomForLess_FullAtItsCapacity(LagPolicy policy, StreamConfiguration configuration)
    {
        using EventStream<int> stream = configuration.Create<int>();
        var observer = new RecordingObserver<int[]>();
        using IDisposable subscription = stream.ObserveOn(_scheduler).WithLagPolicy(policy).Batch(10, _never)
            .Subscribe(batch => observer.OnNext(batch.ToArray()), observer.OnError, observer.OnCompleted);

        for (int i = 0; i < 12; i++)
        {
            stream.OnNext(i);
            _scheduler.AdvanceBy(5);
        }

        Assert.That(observer.Values, Is.EqualTo(new[] { new[] { 0, 1, 2, 3 }, [4, 5, 6, 7], [8, 9, 10, 11] }));
        Assert.That((observer.Error, stream.Subscriptions[0].Dropped), Is.EqualTo(((Exception?)null, 0)));
    }

    [Test]
    public void Batch_BurstBeyondTheBound_PolicyApplies()
    {
        using var stream = new EventStream<int>();
        var dropping = new List<int>();
        var failing = new RecordingObserver<int>();
        using IDisposable one = stream.ObserveOn(_scheduler).WithLagPolicy(LagPolicy.DropOldest(4)).Batch(10, _never)
            .Subscribe(batch => dropping.AddRange(batch.ToArray()));
        using IDisposable two = stream.ObserveOn(_scheduler).WithLagPolicy(LagPolicy.Fail(4)).Batch(10, _never)
            .Subscribe(batch => failing.OnNext(batch.Length), failing.OnError);
        stream.OnNextRange([0, 1, 2]);
        _scheduler.AdvanceBy(5);
        stream.OnNextRange([3, 4, 5]);
        _scheduler.AdvanceBy(5);

        Assert.That(dropping, Is.EqualTo(new[] { 2, 3, 4, 5 }));
        Assert.That(failing.Values, Is.Empty);
        Assert.That(failing.Error, Is.TypeOf<SubscriberLaggedException>());
    }

    [TestCaseSource(typeof(SchedulerCase), nameof(SchedulerCase.All))]
    public void Batch_NeverFull_DeliveredByTime(object scheduler)
    {
        using SchedulerUnderTest under = ((SchedulerCase)scheduler).Create();
        using var stream = new EventStream<int>();
        var observer = new RecordingObserver<int>();
        using IDisposable subscription = stream.ObserveOn(under.Scheduler).Batch(1000, TimeSpan.FromMilliseconds(1))
            .Subscribe(batch => Array.ForEach(batch.ToArray(), observer.OnNext));

        for (int i = 1; i <= 3; i++)
        {
            stream.OnNextRange([2 * i, (2 * i) + 1]);
            under.RunUntil(() => observer.Count == 2 * i, "The batch comes.");
        }

        Assert.That(observer.Values, Is.EqualTo(Enumerable.Range(2, 6)));
        Assert.That(stream.Subscriptions[0].Lag, Is.Zero);
    }

    [TestCaseSource(typeof(SchedulerCase), nameof(SchedulerCase.Concurrent))]
    public void Batch_WaitsForLessThanABatch_NeitherWaitsForTheOther(object scheduler)
    {
        using SchedulerUnderTest under = ((SchedulerCase)scheduler).Create();
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = 2 });
        var observer = new RecordingObserver<int>();
        using IDisposable subscription = stream.ObserveOn(under.Scheduler).WithLagPolicy(LagPolicy.Wait(4)).Batch(1000, _never)
            .Subscribe(batch => Array.ForEach(batch.ToArray(), observer.OnNext), observer.OnCompleted);

        for (int i = 0; i < 402; i++)
        {
            stream.OnNext(i);
        }

        stream.OnCompleted();
        Eventually.IsTrue(() => observer.IsCompleted, "The rest and the end come.");

        Assert.That(observer.Values, Is.EqualTo(Enumerable.Range(0, 402)));
    }

    [TestCaseSource(typeof(SchedulerCase), nameof(SchedulerCase.Concurrent))]
    public void Batch_ManyPublishers_NothingLostDoubledOrReordered(object scheduler)
    {
        const int Each = 5_000;
        using SchedulerUnderTest under = ((SchedulerCase)scheduler).Create();
        using var stream = new EventStream<(int Producer, int Number)>(new EventStreamOptions { SegmentCapacity = 2 });
        var observer = new RecordingObserver<(int Producer, int Number)[]>();
        using IDisposable subscription = stream.ObserveOn(under.Scheduler).Batch(100, TimeSpan.FromMilliseconds(1))
            .Subscribe(batch => observer.OnNext(batch.ToArray()), observer.OnError, observer.OnCompleted);

        Task[] producers = [.. Enumerable.Range(0, 2).Select(producer => Eventually.OnThread(() =>
        {
            for (int i = 0; i < Each; i++)
            {
                stream.OnNext((producer, i));
                if (i % 500 == 0)
                {
                    Thread.Yield();
                }
            }
        }))];
        Assert.That(Task.WaitAll(producers, Eventually.Limit), Is.True);
        stream.OnCompleted();
        Eventually.IsTrue(() => observer.IsCompleted, "The end comes.");

        (int Producer, int Number)[] all = [.. observer.Values.SelectMany(b => b)];
        Assert.That(all.Where(e => e.Producer == 0).Select(e => e.Number), Is.EqualTo(Enumerable.Range(0, Each)));
        Assert.That(all.Where(e => e.Producer == 1).Select(e => e.Number), Is.EqualTo(Enumerable.Range(0, Each)));
        Assert.That(observer.Values.Select(b => b.Length), Is.All.InRange(1, 100));
        Assert.That(observer.Violations, Is.Empty);
    }

    [Test]
    public void Batch_DisposedAtEachStep_NoFurtherBatch([Range(0, 6)] int steps, [Values] bool isStream)
    {
        var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = 1 });
        var seen = new List<int>();
        IDisposable subscription = stream.ObserveOn(_manual).Batch(3, _never).Subscribe(batch => seen.AddRange(batch.ToArray()));
        stream.OnNext(1);
        for (int i = 0; i < steps && _manual.Count > 0; i++)
        {
            _manual.RunOne();
            stream.OnNext(i + 2);
        }

        int before = seen.Count;
        (isStream ? stream : subscription).Dispose();
        _manual.RunAll();

        Assert.That(seen, Has.Count.EqualTo(before));
        Assert.That(seen, Is.EqualTo(Enumerable.Range(1, before)));
        Assert.That(stream.HasObservers, Is.False);
    }

    [Test]
    public void Batch_EndedAtEachStep_RestThenTheEnd([Range(0, 6)] int steps, [Values] bool isError)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = 2 });
        var observer = new RecordingObserver<int>();
        using IDisposable subscription = stream.ObserveOn(_manual).Batch(3, _never)
            .Subscribe(batch => Array.ForEach(batch.ToArray(), observer.OnNext), observer.OnError, observer.OnCompleted);
        stream.OnNext(1);
        int published = 1;
        for (int i = 0; i < steps && _manual.Count > 0; i++)
        {
            _manual.RunOne();
            stream.OnNext(++published);
        }

        if (isError)
        {
            stream.OnError(Marbles.Error);
        }
        else
        {
            stream.OnCompleted();
        }

        _manual.RunAll();

        Assert.That(observer.Values, Is.EqualTo(Enumerable.Range(1, published)));
        Assert.That((observer.IsCompleted, observer.Error is not null), Is.EqualTo((!isError, isError)));
        Assert.That(stream.HasObservers, Is.False);
    }

    [Test]
    public void Batch_ObserverThrows_EndsWithThatError()
    {
        using var stream = new EventStream<int>();
        var subscription = (EventSubscription)stream.ObserveOn(_manual).Batch(2, _never).Subscribe(_ => throw Marbles.Error);
        stream.OnNextRange([1, 2]);

        Assert.That(_manual.RunAll, Throws.Exception.SameAs(Marbles.Error));
        Assert.That((subscription.Error, stream.HasObservers), Is.EqualTo((Marbles.Error, false)));
    }

    [Test]
    public void Batch_ZeroDelay_WhatIsThere()
    {
        using var stream = new EventStream<int>();
        var seen = new List<int>();
        using IDisposable subscription = stream.ObserveOn(_manual).Batch(10, TimeSpan.Zero).Subscribe(batch => seen.Add(batch.Length));
        stream.OnNextRange([1, 2, 3]);
        _manual.RunOne();

        Assert.That(seen, Is.EqualTo(new[] { 3 }));
    }

    [Test]
    public void Batch_MaxDelayWithoutAScheduler_Throws()
    {
        using var stream = new EventStream<int>();

#pragma warning disable RXES002 // the exception is what the test is about
        Assert.That(() => stream.Batch(2, _never).Subscribe(_ => { }), Throws.InvalidOperationException.With.Message.Contains("ObserveOn"));
#pragma warning restore RXES002
        Assert.That(() => stream.ObserveOn(ImmediateScheduler.Instance).Batch(2, _never).Subscribe(_ => { }), Throws.InvalidOperationException);
        Assert.That((stream.HasObservers, stream.Subscriptions.Count), Is.EqualTo((false, 0)));
    }
}
