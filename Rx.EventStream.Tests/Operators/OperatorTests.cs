using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Reactive.Subjects;
using System.Runtime.InteropServices;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Operators;

/// <summary>The operators that put a stream between a source and its observer, and those of <see cref="EventObservable{T}"/>.</summary>
[TestFixture]
internal sealed class OperatorTests
{
    private readonly ManualScheduler _manual = new();
    private MarbleScheduler _scheduler = null!;

    [SetUp]
    public void SetUp() => _scheduler = new MarbleScheduler(TimeSpan.FromTicks(1));

    [Test]
    public void Operators_NullOrOutOfRange_Throw()
    {
        IObservable<int> none = null!;
        IObservable<int> source = Observable.Never<int>();
        using var stream = new EventStream<int>();

        Assert.That(() => none.ToEventStream(), Throws.ArgumentNullException);
        Assert.That(() => none.ObserveOn(_manual, LagPolicy.Latest), Throws.ArgumentNullException);
        Assert.That(() => source.ObserveOn((IScheduler)null!, LagPolicy.Latest), Throws.ArgumentNullException);
        Assert.That(() => source.ObserveOn(_manual, null!), Throws.ArgumentNullException);
        Assert.That(() => none.ObserveLatestOn(_manual), Throws.ArgumentNullException);
        Assert.That(() => source.ObserveLatestOn((IScheduler)null!), Throws.ArgumentNullException);
        Assert.That(() => none.ObserveBatchesOn(_manual, 1), Throws.ArgumentNullException);
        Assert.That(() => source.ObserveBatchesOn((IScheduler)null!, 1), Throws.ArgumentNullException);
        Assert.That(() => source.ObserveBatchesOn(_manual, 0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => none.ReadAllAsync(LagPolicy.Unbounded), Throws.ArgumentNullException);
        Assert.That(() => source.ReadAllAsync(null!), Throws.ArgumentNullException);
        Assert.That(() => source.ObserveLatestOn(_manual).Subscribe((IObserver<int>)null!), Throws.ArgumentNullException);
        Assert.That(() => stream.AsObservable().Batch(0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => stream.AsObservable().WithSequence().Subscribe((IObserver<Sequenced<int>>)null!), Throws.ArgumentNullException);
    }

    [TestCase("-a--b--c-|")]
    [TestCase("-a--b--c-#")]
    public void ToEventStream_Source_MirrorsIt(string marbles)
    {
        MarbleSource<char> source = _scheduler.Hot(marbles);
        using EventStream<char> stream = source.ToEventStream();
        MarbleRecording<char> first = _scheduler.Record(stream);
        MarbleRecording<char> second = _scheduler.Record(stream);

        _scheduler.Start();

        _scheduler.Expect(first).ToBe(marbles);
        _scheduler.Expect(second).ToBe(marbles);
        Assert.That(source.Subscriptions, Has.Count.EqualTo(1));
    }

    [Test]
    public void ToEventStream_Disposed_Unsubscribes()
    {
        using var source = new Subject<int>();
        EventStream<int> stream = source.ToEventStream();

        stream.Dispose();

        Assert.That(source.HasObservers, Is.False);
        Assert.That(() => source.OnNext(1), Throws.Nothing);
    }

    [Test]
    public void ObserveLatestOn_BusyObserver_SkipsToTheNewest()
    {
        using var source = new Subject<char>();
        string seen = "";
        using IDisposable subscription = source.ObserveLatestOn(_scheduler).Subscribe(
            value =>
            {
                seen += $"{value}{_scheduler.Clock} ";
                _scheduler.Sleep(value == 'a' ? 3 : 0);
            },
            () => seen += $"|{_scheduler.Clock}");

        _scheduler.Hot("-a-bcd----|").Subscribe(source);
        _scheduler.Start();

        Assert.That(seen, Is.EqualTo("a2 d6 |11"));
    }

    [TestCase("-a-b-|", "--a-b-|")]
    [TestCase("-a-b-#", "--a-b-#")]
    [TestCase("-(abc)-|", "--c-|")]
    public void ObserveLatestOn_VirtualTime_NewestATickLater(string published, string expected)
    {
        MarbleRecording<char> observer = _scheduler.Record(_scheduler.Hot(published).ObserveLatestOn(_scheduler));

        _scheduler.Start();

        _scheduler.Expect(observer).ToBe(expected);
    }

    [Test]
    public void ObserveOn_DropOldest_OnlyTheNewest()
    {
        MarbleRecording<char> observer = _scheduler.Record(_scheduler.Hot("-(abcd)--|").ObserveOn(_scheduler, LagPolicy.DropOldest(2)));

        _scheduler.Start();

        _scheduler.Expect(observer).ToBe("--cd-|");
    }

    [Test]
    public void ObserveOn_Disposed_UnsubscribesAndStops()
    {
        using var source = new Subject<int>();
        var observer = new RecordingObserver<int>();
        IDisposable subscription = source.ObserveOn(_manual, LagPolicy.DropOldest(2)).Subscribe(observer);
        source.OnNext(1);

        subscription.Dispose();
        _manual.RunAll();

        Assert.That(source.HasObservers, Is.False);
        Assert.That(observer.Values, Is.Empty);
    }

    [Test]
    public void ObserveOn_PublishedFromInside_ComesAfterwards()
    {
        using var source = new Subject<int>();
        var observer = new RecordingObserver<int>(value =>
        {
            if (value < 3)
            {
                source.OnNext(value + 1);
            }
        });
        using IDisposable subscription = source.ObserveOn(_manual, LagPolicy.DropOldest(5)).Subscribe(observer);

        source.OnNext(1);
        _manual.RunAll();

        Assert.That(observer.Values, Is.EqualTo(new[] { 1, 2, 3 }));
        Assert.That(observer.Violations, Is.Empty);
    }

    [Test]
    public void ObserveBatchesOn_SeveralQueued_OneBatchUpToMaxCount([Values(2, 3, 100)] int maxCount)
    {
        using var source = new Subject<int>();
        var batches = new List<int[]>();
        using IDisposable subscription = source.ObserveBatchesOn(_manual, maxCount).Subscribe(batch => batches.Add(batch.ToArray()));

        source.OnNext(0);
        _manual.RunAll();
        for (int i = 1; i <= 3; i++)
        {
            source.OnNext(i);
        }

        _manual.RunAll();

        Assert.That(batches[0], Is.EqualTo(new[] { 0 }));
        Assert.That(batches.SelectMany(b => b), Is.EqualTo(Enumerable.Range(0, 4)));
        Assert.That(batches.Max(b => b.Length), Is.EqualTo(Math.Min(maxCount, 3)));
    }

    [Test]
    public void Batch_BatchesHeld_StayValidMostlyWithoutACopy([Values] bool isScheduled)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = 64 });
        var first = new List<ReadOnlyMemory<int>>();
        var second = new List<ReadOnlyMemory<int>>();
        EventObservable<int> observable = isScheduled ? stream.ObserveOn(_manual) : stream.AsObservable();
        using IDisposable one = observable.Batch(10).Subscribe(first.Add);
        using IDisposable two = observable.Batch(10).Subscribe(second.Add);

        stream.OnNextRange(Enumerable.Range(0, 1_000).ToArray());
        _manual.RunAll();
        stream.OnNextRange(Enumerable.Range(0, 1_000).ToArray());

        Assert.That(first.Take(1_000).SelectMany(b => b.ToArray()).Take(1_000), Is.EqualTo(Enumerable.Range(0, 1_000)));
        Assert.That(first.Max(b => b.Length), Is.EqualTo(isScheduled ? 10 : 1));
        int shared = 0;
        foreach ((ReadOnlyMemory<int> a, ReadOnlyMemory<int> b) in first.Zip(second))
        {
            Assert.That(MemoryMarshal.TryGetArray(a, out ArraySegment<int> ofA) & MemoryMarshal.TryGetArray(b, out ArraySegment<int> ofB), Is.True);
            Assert.That(ofA, Is.EqualTo(ofB));
            shared += ofA.Array == ofB.Array ? 1 : 0;
        }

        // A batch of events of two segments is a copy.
        Assert.That(shared, Is.GreaterThan(first.Count * 3 / 4));
    }

    [Test]
    public async Task ReadAllAsync_ColdSource_AllThenEnds()
    {
        var read = new List<int>();
        await foreach (int value in Observable.Range(0, 100).ReadAllAsync(LagPolicy.Unbounded))
        {
            read.Add(value);
        }

        Assert.That(read, Is.EqualTo(Enumerable.Range(0, 100)));
    }

    [Test]
    public void ReadAllAsync_SourceFails_Throws() =>
        Assert.That(
            async () =>
            {
                await foreach (int _ in Observable.Throw<int>(Marbles.Error).ReadAllAsync(LagPolicy.Latest))
                {
                }
            },
            Throws.Exception.SameAs(Marbles.Error));

    [Test]
    public async Task ReadAllAsync_LoopLeftEarly_Unsubscribes()
    {
        using var source = new BehaviorSubject<int>(1);
        await foreach (int _ in source.ReadAllAsync(LagPolicy.Latest))
        {
            Assert.That(source.HasObservers, Is.True);
            break;
        }

        Assert.That(source.HasObservers, Is.False);
    }

    [Test]
    public void WithSequence_InlineAndScheduled_NumbersOfTheStream()
    {
        using var stream = new EventStream<char>(new EventStreamOptions { Retention = Retention.Count(2) });
        var inline = new List<Sequenced<char>>();
        var scheduled = new List<Sequenced<char>>();
        stream.OnNextRange(['a', 'b', 'c']);
        using IDisposable one = stream.AsObservable().WithSequence().Subscribe(inline.Add);
        using IDisposable two = stream.ObserveOn(_manual).WithSequence().Subscribe(scheduled.Add);
        stream.OnNext('d');
        _manual.RunAll();

        Sequenced<char>[] expected = [new(1, 'b'), new(2, 'c'), new(3, 'd')];
        Assert.That(inline, Is.EqualTo(expected));
        Assert.That(scheduled, Is.EqualTo(expected));
    }
}
