using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Reactive.Subjects;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;
using Rx.Tests.Delivery;

namespace Rx.Tests.Operators;

/// <summary><c>ObserveLatestByKeyOn</c>: ticks, figures, ends, and every kind of scheduler.</summary>
[TestFixture]
internal sealed class LatestByKeyEndsTests
{
    private readonly ManualScheduler _manual = new();

    private static IEnumerable<object[]> Kinds =>
        from scheduler in SchedulerCase.Concurrent
        from isStream in new[] { true, false }
        select new object[] { scheduler, isStream };

    [Test]
    public void BusyObserver_ExampleOfTheDocumentation_Holds([Values] bool isStream)
    {
        var scheduler = new MarbleScheduler(TimeSpan.FromTicks(1));
        using var stream = new EventStream<char>();
        IObservable<char> source = isStream ? stream : stream.Where(_ => true);
        MarbleRecording<char> observer = scheduler.Record(
            source.ObserveLatestByKeyOn(char.ToUpperInvariant, scheduler).Do(value => scheduler.Sleep(value == 'a' ? 5 : 0)));
        scheduler.Hot("-a-bAB-c----|").Subscribe(stream);

        scheduler.Start();

        scheduler.Expect(observer).ToBe("-------aBAc--|");
    }

    [TestCaseSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
    public void Backlog_NewestOfEachKeyInOrderOfWaiting(StreamConfiguration configuration)
    {
        using EventStream<int> stream = configuration.Create<int>();
        var seen = new List<int>();
        IDisposable subscription = stream.ObserveLatestByKeyOn(x => x % 10, _manual).Subscribe(seen.Add);
        var figures = (EventSubscription)subscription;
        for (int i = 0; i < 1_000; i++)
        {
            stream.OnNext(i);
        }

        _manual.RunAll();

        Assert.That(seen, Is.EqualTo(Enumerable.Range(990, 10)));
        Assert.That((figures.Sequence, figures.Lag, figures.Delivered, figures.Dropped), Is.EqualTo((1_000, 0, 10, 990)));
        subscription.Dispose();
        Assert.That((figures.Delivered, figures.Dropped), Is.EqualTo((10, 990)));
    }

    [Test]
    public void BacklogWaits_LogKeepsNoneOfIt()
    {
        using var stream = new EventStream<int>();
        var figures = new List<(long Kept, long Lag, long Sequence)>();
        IDisposable? subscription = null;
        subscription = stream.ObserveLatestByKeyOn(x => x % 3, _manual).Subscribe(_ =>
        {
            var own = (EventSubscription)subscription!;
            figures.Add((own.KeptEvents, own.Lag, own.Sequence));
        });
        for (int i = 0; i < 10_000; i++)
        {
            stream.OnNext(i);
        }

        Task caughtUp = stream.WhenCaughtUpAsync();
        _manual.RunAll();

        Assert.That(figures, Is.EqualTo(new[] { (0L, 10_000L, 0L), (0L, 9_999L, 1L), (0L, 9_998L, 2L) }));
        Assert.That(() => Eventually.Ends(caughtUp), Throws.Nothing);
        subscription.Dispose();
    }

    [Test]
    public void SourceEnds_WhatWaitsThenTheEnd([Values] bool isStream, [Values] bool isError)
    {
        var stream = new EventStream<int>();
        var subject = new Subject<int>();
        IObserver<int> target = isStream ? stream : subject;
        var observer = new RecordingObserver<int>();
        using IDisposable subscription = (isStream ? (IObservable<int>)stream : subject).ObserveLatestByKeyOn(x => x % 2, _manual).Subscribe(observer);
        foreach (int i in new[] { 1, 2, 3 })
        {
            target.OnNext(i);
        }

        if (isError)
        {
            target.OnError(Marbles.Error);
        }
        else
        {
            target.OnCompleted();
        }

        _manual.RunAll();

        Assert.That(observer.Values, Is.EqualTo(new[] { 3, 2 }));
        Assert.That((observer.Error is not null, observer.IsCompleted), Is.EqualTo((isError, !isError)));
        Assert.That((stream.HasObservers, subject.HasObservers), Is.EqualTo((false, false)));
    }

    /// <summary>Keys are compared when an event is read. A key that no longer waits is taken out without a comparison.</summary>
    [Test]
    public void KeysEqualsThrows_WhatWaitsThenThatError([Values] bool isStream)
    {
        using var stream = new EventStream<int>();
        using var subject = new Subject<int>();
        ISubject<int> source = isStream ? stream : subject;
        bool throws = false;
        var observer = new RecordingObserver<int>(_ => throws = true);
        using IDisposable subscription = source.ObserveLatestByKeyOn(value => new KeyOfOneHash(value, () => throws), _manual).Subscribe(observer);
        source.OnNext(1);
        source.OnNext(2);
        source.OnNext(3);

        _manual.RunAll();
        Assert.That((observer.Count, observer.Error), Is.EqualTo((3, (Exception?)null)));
        throws = false;
        source.OnNext(4);
        source.OnNext(4);
        _manual.RunAll();
        source.OnNext(5);
        source.OnNext(6);
        _manual.RunAll();

        Assert.That(observer.Values, Is.EqualTo(new[] { 1, 2, 3, 4, 5 }));
        Assert.That(observer.Error, Is.TypeOf<FormatException>());
    }

    [Test]
    public void KeyThrows_WhatWaitsThenThatError([Values] bool isStream)
    {
        using var stream = new EventStream<int>();
        var observer = new RecordingObserver<int>();
        IObservable<int> source = isStream ? stream : stream.Where(_ => true);
        var subscription = (EventSubscription)source.ObserveLatestByKeyOn(x => x == 4 ? throw Marbles.Error : x % 2, _manual).Subscribe(observer);
        stream.OnNextRange([1, 2, 3, 4, 5]);

        Assert.That(_manual.RunAll, Throws.Nothing);

        Assert.That(observer.Values, Is.EqualTo(new[] { 3, 2 }));
        Assert.That((observer.Error, subscription.Error), Is.EqualTo((Marbles.Error, Marbles.Error)));
        Assert.That((observer.Violations.Count, stream.HasObservers), Is.EqualTo((0, false)));
    }

    [Test]
    public void DisposedAtEachStep_NothingMore([Range(0, 3)] int steps, [Values] bool isStream)
    {
        var stream = new EventStream<int>();
        var seen = new List<int>();
        IDisposable subscription = stream.ObserveLatestByKeyOn(x => x, _manual).Subscribe(seen.Add);
        for (int i = 0; i < steps; i++)
        {
            stream.OnNextRange([3 * i, (3 * i) + 1]);
            _manual.RunOne();
        }

        int before = seen.Count;
        (isStream ? stream : subscription).Dispose();
        _manual.RunAll();

        Assert.That(seen, Has.Count.EqualTo(before));
        Assert.That(((EventSubscription)subscription).Delivered, Is.EqualTo(before));
        Assert.That(stream.HasObservers, Is.False);
    }

    [Test]
    public void ObserverThrows_EndsWithThatError()
    {
        using var stream = new EventStream<int>();
        var subscription = (EventSubscription)stream.ObserveLatestByKeyOn(x => x, _manual).Subscribe(_ => throw Marbles.Error);
        stream.OnNextRange([1, 2]);

        Assert.That(_manual.RunAll, Throws.Exception.SameAs(Marbles.Error));
        Assert.That((subscription.Error, subscription.Delivered, stream.HasObservers), Is.EqualTo((Marbles.Error, 0, false)));
    }

    [Test]
    public void OnThePublishingThread_EachEvent()
    {
        using var stream = new EventStream<int>(new EventStreamOptions());
        var seen = new List<int>();
        using IDisposable subscription = stream.ObserveLatestByKeyOn(_ => 0, ImmediateScheduler.Instance).Subscribe(seen.Add);
        stream.OnNextRange([1, 2]);

        Assert.That(seen, Is.EqualTo(new[] { 1, 2 }));
    }

    [TestCaseSource(nameof(Kinds))]
    public void ManyPublishers_LastOfEachKeyAndNeverBackwards(object scheduler, bool isStream)
    {
        const int Each = 5_000;
        using SchedulerUnderTest under = ((SchedulerCase)scheduler).Create();
        using var stream = new EventStream<(int Key, int Number)>(new EventStreamOptions { SegmentCapacity = 2 });
        IObservable<(int Key, int Number)> source = isStream ? stream : stream.Where(_ => true);
        var observer = new RecordingObserver<(int Key, int Number)>();
        var subscription = (EventSubscription)source.ObserveLatestByKeyOn(e => e.Key, under.Scheduler).Subscribe(observer);

        Task[] producers = [.. Enumerable.Range(0, 2).Select(producer => Eventually.OnThread(() =>
        {
            for (int i = 0; i < Each; i++)
            {
                stream.OnNext(((i % 100 * 2) + producer, i));
            }
        }))];
        Assert.That(Task.WaitAll(producers, Eventually.Limit), Is.True);
        stream.OnCompleted();
        Eventually.IsTrue(() => observer.IsCompleted, "The end comes.");

        foreach (IGrouping<int, (int Key, int Number)> key in observer.Values.GroupBy(e => e.Key))
        {
            Assert.That(key.Select(e => e.Number), Is.Ordered.Ascending.And.Unique);
            Assert.That(key.Last().Number, Is.EqualTo(Each - 100 + (key.Key / 2)));
        }

        Assert.That(observer.Values.Select(e => e.Key).Distinct().Count(), Is.EqualTo(200));
        Assert.That((subscription.Delivered, subscription.Delivered + subscription.Dropped), Is.EqualTo((observer.Count, 2 * Each)));
        Assert.That(observer.Violations, Is.Empty);
    }
}
