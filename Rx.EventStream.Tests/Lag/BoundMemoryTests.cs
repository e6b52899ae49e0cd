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
}
