using System.Reactive.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Lag;

/// <summary>A subscriber with a bounded policy keeps as many events as its bound allows, and none once it has ended.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class BoundMemoryTests(StreamConfiguration configuration)
{
    private const int Bound = 300;

    [Test]
    public void End_OnAStreamThatRests_LetsItsEventsGo(
        [Values("DropOldest", "Fail")] string policy, [Values] bool isReader, [Values] bool isRead, [Values] bool hasOther)
    {
        using EventStream<int> stream = configuration.Create<int>();
        var clock = new HistoricalScheduler();
        EventObservable<int> events = stream.WithLagPolicy(policy == "Fail" ? LagPolicy.Fail(Bound) : LagPolicy.DropOldest(Bound));
        using EventReader<int>? reader = isReader ? events.OpenReader() : null;
        using IDisposable? observer = isReader ? null : events.ObserveOn(clock).Subscribe(new RecordingObserver<int>());
        using EventReader<int>? other = hasOther ? stream.WithLagPolicy(LagPolicy.DropOldest(5)).OpenReader() : null;
        for (int i = 0; i < Bound; i++)
        {
            stream.OnNext(i);
        }

        while (isRead && reader?.TryRead(out _) == true)
        {
        }

        if (isRead)
        {
            clock.Start();
        }

        reader?.Dispose();
        observer?.Dispose();

        int needed = hasOther ? 1 + (5 / configuration.SegmentCapacity) : 1;
        Assert.That(stream.Log.CountSegments(), Is.LessThanOrEqualTo(needed + 2));
    }

    /// <summary>A position keeps what comes after it, also where a bounded subscriber still replays earlier events when it is taken.</summary>
    [Test]
    public void Position_TakenDuringAReplay_KeepsNothingBeforeIt(
        [Values("DropOldest", "Fail")] string policy, [Values("oldest", "at", "reader")] string joiner, [Values] bool isLast)
    {
        using var stream = new EventStream<int>(new EventStreamOptions
        {
            SingleWriter = configuration.SingleWriter,
            SegmentCapacity = configuration.SegmentCapacity,
            Retention = Retention.Count(8),
        });
        EventPosition<int> start = stream.GetNextPosition();
        for (int i = 0; i < 1_000; i++)
        {
            stream.OnNext(i);
        }

        EventReader<int> replaying = start.AsObservable().WithLagPolicy(policy == "Fail" ? LagPolicy.Fail(40) : LagPolicy.DropOldest(40)).OpenReader();
        using IDisposable joined = joiner switch
        {
            "oldest" => stream.GetOldestPosition(),
            "at" => stream.GetPosition(isLast ? 1_000 : 995),
            _ => stream.OpenReader(),
        };
        replaying.Dispose();
        start.Dispose();

        Assert.That(stream.Log.CountSegments(), Is.LessThanOrEqualTo((8 / configuration.SegmentCapacity) + 3));
    }

    /// <summary>A subscriber that stands still beyond its bound keeps no more than that, also after one that may lag further has replayed the same
    /// events.</summary>
    [Test]
    public void Overrun_BesideAGreaterBound_LetsTheReplayGoWithIt(
        [Values("DropOldest", "Fail")] string policy, [Values("DropOldest", "Fail")] string greater, [Values] bool isReader, [Values] bool isFirst,
        [Values] bool isRead)
    {
        using EventStream<int> stream = configuration.Create<int>();
        var clock = new HistoricalScheduler();
        EventPosition<int> start = stream.GetNextPosition();
        stream.OnNext(-1);
        EventReader<int>? large = isFirst ? Open(greater, Bound) : null;
        EventObservable<int> small = WithPolicy(policy, 2);
        using EventReader<int>? reader = isReader ? small.OpenReader() : null;
        using IDisposable? observer = isReader ? null : small.ObserveOn(clock).Subscribe(new RecordingObserver<int>());
        large ??= Open(greater, Bound);
        start.Dispose();
        for (int i = 1; i < Bound; i++)
        {
            stream.OnNext(i); // beyond the small bound, within the large one
        }

        while (isRead && large.TryRead(out _))
        {
        }

        large.Dispose();

        Assert.That(stream.Log.CountSegments(), Is.LessThanOrEqualTo((2 / configuration.SegmentCapacity) + 3));

        EventObservable<int> WithPolicy(string name, int bound) =>
            start.AsObservable().WithLagPolicy(name == "Fail" ? LagPolicy.Fail(bound) : LagPolicy.DropOldest(bound));

        EventReader<int> Open(string name, int bound) => WithPolicy(name, bound).OpenReader();
    }

    /// <summary>On a stream that rests, the first event that a reader takes after it was overrun lets its replay go.</summary>
    [Test]
    public void Read_AfterAnOverrun_LetsTheReplayGo()
    {
        using EventStream<int> stream = configuration.Create<int>();
        EventPosition<int> start = stream.GetNextPosition();
        for (int i = 0; i < Bound; i++)
        {
            stream.OnNext(i);
        }

        using EventReader<int> reader = start.AsObservable().WithLagPolicy(LagPolicy.DropOldest(2)).OpenReader();
        start.Dispose();
        for (int i = 0; i < 3; i++)
        {
            stream.OnNext(Bound + i); // more than the bound
        }

        Assert.That((reader.TryRead(out int value), value), Is.EqualTo((true, Bound + 1)));
        Assert.That(stream.Log.CountSegments(), Is.LessThanOrEqualTo(5));
    }
}
