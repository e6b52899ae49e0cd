using System.Diagnostics.Metrics;
using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Runtime.CompilerServices;
using Rx.Tests.Contract;

namespace Rx.Tests.Diagnostics;

public sealed class StreamMeterTests
{
    [Test]
    public void Measure_StreamWithObservers_ReportsTheFigures()
    {
        string name = NewName();
        var scheduler = new HistoricalScheduler();
        using var stream = new EventStream<int>(new EventStreamOptions { Name = name, Retention = Retention.Count(5) });
        stream.Subscribe(_ => { });
        stream.ObserveOn(scheduler).WithLagPolicy(LagPolicy.DropOldest(3)).Subscribe(new Recorded());
        stream.ObserveOn(scheduler).Subscribe(new Recorded());
        for (int i = 0; i < 10; i++)
        {
            stream.OnNext(i);
        }

        Dictionary<string, long> before = Measure(name);
        scheduler.Start();
        Dictionary<string, long> after = Measure(name);

        Assert.That(before, Is.EquivalentTo(new Dictionary<string, long>
        {
            ["rx.eventstream.published"] = 10,
            ["rx.eventstream.delivered"] = 10,
            ["rx.eventstream.dropped"] = 0,
            ["rx.eventstream.failed"] = 0,
            ["rx.eventstream.faults"] = 0,
            ["rx.eventstream.subscribers"] = 3,
            ["rx.eventstream.lag"] = 10,
            ["rx.eventstream.retained"] = 5,
            ["rx.eventstream.segments"] = 1,
            ["rx.eventstream.kept.retention"] = 5,
            ["rx.eventstream.kept.observer"] = 10,
            ["rx.eventstream.kept.reader"] = 0,
            ["rx.eventstream.kept.position"] = 0,
        }));
        Assert.That(after["rx.eventstream.delivered"], Is.EqualTo(10 + 3 + 10));
        Assert.That(after["rx.eventstream.dropped"], Is.EqualTo(7));
        Assert.That(after["rx.eventstream.lag"], Is.Zero);
    }

    [Test]
    public void Measure_SubscriptionDisposed_KeepsItsCount()
    {
        string name = NewName();
        using var stream = new EventStream<int>(new EventStreamOptions { Name = name });
        IDisposable subscription = stream.Subscribe(_ => { });
        stream.OnNext(1);
        subscription.Dispose();

        Dictionary<string, long> figures = Measure(name);

        Assert.That(figures["rx.eventstream.delivered"], Is.EqualTo(1));
        Assert.That(figures["rx.eventstream.subscribers"], Is.Zero);
    }

    [Test]
    public void Measure_TwoStreamsWithOneName_AreSummed()
    {
        string name = NewName();
        using var first = new EventStream<int>(new EventStreamOptions { Name = name });
        using var second = new EventStream<string>(new EventStreamOptions { Name = name });
        first.OnNext(1);
        second.OnNext("a");

        Assert.That(Measure(name)["rx.eventstream.published"], Is.EqualTo(2));
    }

    [Test]
    public void Register_StreamDropped_IsCollectable()
    {
        WeakReference stream = Forget(NewName());

        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        Assert.That(stream.IsAlive, Is.False);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static WeakReference Forget(string name) => new(new EventStream<int>(new EventStreamOptions { Name = name }));
    }

    [Test]
    public void Measure_StreamCollected_CountersKeepItsTotals()
    {
        string name = NewName();
        WeakReference stream = PublishAndForget(name, 1_000);
        using var next = new EventStream<int>(new EventStreamOptions { Name = name });
        next.OnNext(1);

        Eventually.IsTrue(() => !IsAlive(stream), "The stream is collected.");
        Dictionary<string, long> figures = Measure(name);

        Assert.That(figures["rx.eventstream.published"], Is.EqualTo(1_001));
        Assert.That(figures["rx.eventstream.delivered"], Is.EqualTo(1_000));
        Assert.That(figures["rx.eventstream.segments"], Is.EqualTo(1));
    }

    [Test]
    public void Measure_NoStreamOfTheNameLeft_CountersStay()
    {
        string name = NewName();
        WeakReference stream = PublishAndForget(name, 10);

        Eventually.IsTrue(() => !IsAlive(stream), "The stream is collected.");
        Dictionary<string, long> figures = Measure(name);

        Assert.That(figures, Is.EquivalentTo(new Dictionary<string, long>
        {
            ["rx.eventstream.published"] = 10,
            ["rx.eventstream.delivered"] = 10,
            ["rx.eventstream.dropped"] = 0,
            ["rx.eventstream.failed"] = 0,
            ["rx.eventstream.faults"] = 0,
        }));
    }

    /// <summary>What keeps events is seen, whichever kind of holder it is.</summary>
    [TestCase("position", 1_000)]
    [TestCase("reader", 1_000)]
    [TestCase("bounded reader", 10)]
    [TestCase("observer", 1_000)]
    [TestCase("bounded observer", 10)]
    public void Measure_EventsKept_ShowsTheKindOfHolder(string holder, int kept)
    {
        string name = NewName();
        using var stream = new EventStream<object>(new EventStreamOptions { Name = name });
        var scheduler = new HistoricalScheduler();
        EventObservable<object> events = holder.StartsWith("bounded", StringComparison.Ordinal)
            ? stream.ObserveOn(scheduler).WithLagPolicy(LagPolicy.DropOldest(10))
            : stream.ObserveOn(scheduler);
        using IDisposable held = holder.Split(' ')[^1] switch
        {
            "position" => stream.GetNextPosition(),
            "reader" => events.OpenReader(),
            _ => events.Subscribe(static _ => { }),
        };
        for (int i = 0; i < 1_000; i++)
        {
            stream.OnNext(i);
        }

        Assert.That(MeasureKept(name), Is.EqualTo(new[] { $"{holder.Split(' ')[^1]} {kept}" }));
    }

    /// <summary>A stream keeps as many events as a bound allows, whether they were consumed or not, and a whole replay until it was.</summary>
    [Test]
    public void Measure_EventsOfABoundConsumed_AreKeptByIt([Values("DropOldest", "Fail")] string policy, [Values] bool isReader, [Values] bool hasPosition)
    {
        string name = NewName();
        using var stream = new EventStream<object>(new EventStreamOptions { Name = name });
        var scheduler = new HistoricalScheduler();
        EventPosition<object> start = stream.GetNextPosition();
        stream.OnNextRange(new object[1_000]); // the replay
        EventObservable<object> events = start.AsObservable().ObserveOn(scheduler).WithLagPolicy(policy == "Fail" ? LagPolicy.Fail(100) : LagPolicy.DropOldest(100));
        using EventReader<object>? reader = isReader ? events.OpenReader() : null;
        using IDisposable? observer = isReader ? null : events.Subscribe(static _ => { });
        if (!hasPosition)
        {
            start.Dispose();
        }

        string holder = isReader ? "reader" : "observer";
        Assert.That(MeasureKept(name), Is.EqualTo(new[] { $"{holder} 1000" }));
        Assert.That(reader?.TryRead(out _), Is.Not.False);
        Assert.That(MeasureKept(name), Is.EqualTo(new[] { $"{holder} 1000" }), "The replay is kept as a whole.");
        reader?.TryReadBatch(1_000, out _);
        scheduler.Start();

        string[] expected = hasPosition ? [$"{holder} 100", "position 1000"] : [$"{holder} 100"];
        Assert.That(MeasureKept(name), Is.EqualTo(expected));
        start.Dispose();
    }

    /// <summary>A replay is kept until the next segment begins, or the stream ends.</summary>
    [Test]
    public void Measure_ReplayBeyondTheBound_IsShownWhileItIsKept([Values("DropOldest", "Fail")] string policy, [Values] bool ends)
    {
        string name = NewName();
        using var stream = new EventStream<object>(new EventStreamOptions { Name = name });
        EventPosition<object> start = stream.GetNextPosition();
        stream.OnNextRange(new object[1_000]);
        using EventReader<object> reader =
            start.AsObservable().WithLagPolicy(policy == "Fail" ? LagPolicy.Fail(2) : LagPolicy.DropOldest(2)).OpenReader();
        start.Dispose();
        stream.OnNextRange(new object[3]);
        Assert.That(MeasureKept(name), Is.EqualTo(new[] { "reader 1003" }));

        if (ends)
        {
            stream.OnCompleted();
        }
        else
        {
            stream.OnNextRange(new object[40]);
        }

        Assert.That(MeasureKept(name), Is.EqualTo(new[] { "reader 2" }));
        Assert.That(stream.Log.CountSegments(), Is.LessThanOrEqualTo(3));
    }

    /// <summary>Beyond its bound a subscriber keeps its bound, though another one keeps the replay of both.</summary>
    [Test]
    public void Measure_ReplayBeyondTheBound_CountsForTheOneThatKeepsIt([Values(0, 11)] int read)
    {
        string name = NewName();
        using var stream = new EventStream<object>(new EventStreamOptions { Name = name, SegmentCapacity = 1 });
        using EventPosition<object> start = stream.GetNextPosition();
        stream.OnNextRange(new object[37]);
        using IDisposable observer = start.AsObservable().ObserveOn(new HistoricalScheduler()).WithLagPolicy(LagPolicy.Fail(5_000)).Subscribe(static _ => { });
        using EventReader<object> reader = start.AsObservable().WithLagPolicy(LagPolicy.Fail(41)).OpenReader();
        start.Dispose();
        reader.TryReadBatch(Math.Max(read, 1), out _);
        stream.OnNextRange(new object[4_000]);

        Assert.That(MeasureKept(name), Is.EquivalentTo(new[] { "observer 4037", "reader 41" }));
    }

    private static IEnumerable<string> MeasureKept(string name) => Measure(name)
        .Where(static f => f.Key.StartsWith("rx.eventstream.kept", StringComparison.Ordinal) && f.Value > 0)
        .Select(static f => $"{f.Key.Split('.')[^1]} {f.Value}");

    [Test]
    public void Measure_StreamDisposed_NothingIsKept([Values] bool retains)
    {
        string name = NewName();
        var stream = new EventStream<object>(new EventStreamOptions { Name = name, Retention = retains ? Retention.Count(10) : Retention.None });
        using EventReader<object> reader = stream.OpenReader();
        EventSubscription listed = stream.Subscriptions.Single();
        stream.OnNextRange(new object[1_000]);
        stream.Dispose();

        Assert.That(MeasureKept(name), Is.Empty);
        Assert.That((listed.IsDisposed, listed.Lag), Is.EqualTo((true, 0L)));
        GC.KeepAlive(stream);
    }

    [Test]
    public void Measure_SubscriptionsThatFailed_AreCounted()
    {
        string name = NewName();
        var scheduler = new HistoricalScheduler();
        using var stream = new EventStream<int>(new EventStreamOptions { Name = name });
        stream.ObserveOn(scheduler).Subscribe(static _ => throw new InvalidOperationException("observer"));
        stream.ObserveOn(scheduler).WithLagPolicy(LagPolicy.Fail(1)).Subscribe(static _ => { }, static _ => { });
        stream.ObserveOn(scheduler).Subscribe(static _ => { }, static _ => { });
        stream.Subscribe(static _ => { }, static _ => { });
        stream.ToProjection(0, Fail);
        stream.ObserveOn(scheduler).ToProjection(0, Fail);
        using EventProjection<int, int> goesOn = stream.ToProjection(0, static (sum, value) => sum + value);
        stream.OnNextRange([1, 2, 3]);

        Assert.That(() => scheduler.Start(), Throws.InvalidOperationException);
        scheduler.Stop();
        scheduler.Start();
        stream.OnError(new TimeoutException());
        scheduler.Start();

        Assert.That(Measure(name)["rx.eventstream.failed"], Is.EqualTo(4));

        static int Fail(int sum, int value) => throw new InvalidOperationException("projection");
    }

    [Test]
    public void Measure_Reader_CountsAsSubscriber()
    {
        string name = NewName();
        using var stream = new EventStream<int>(new EventStreamOptions { Name = name });
        EventReader<int> reader = stream.WithLagPolicy(LagPolicy.DropOldest(2)).OpenReader();
        stream.OnNextRange([1, 2, 3]);
        Dictionary<string, long> before = Measure(name);
        reader.TryRead(out _);
        reader.Dispose();
        Dictionary<string, long> after = Measure(name);

        Assert.That((before["rx.eventstream.subscribers"], before["rx.eventstream.lag"]), Is.EqualTo((1L, 3L)));
        Assert.That((after["rx.eventstream.subscribers"], after["rx.eventstream.lag"]), Is.EqualTo((0L, 0L)));
        Assert.That((after["rx.eventstream.delivered"], after["rx.eventstream.dropped"]), Is.EqualTo((1L, 1L)));
    }

    [Test]
    public void Measure_NamedShareReconnects_CountersDoNotFall()
    {
        string name = NewName();
        IObservable<int> shared = Observable.Range(0, 10).Share(new EventStreamOptions { Name = name });
        for (int i = 1; i <= 20; i++)
        {
            shared.Subscribe(_ => { });
            GC.Collect();
            GC.WaitForPendingFinalizers();
            Dictionary<string, long> figures = Measure(name);

            Assert.That(figures["rx.eventstream.published"], Is.EqualTo(10 * i));
            Assert.That(figures["rx.eventstream.delivered"], Is.EqualTo(10 * i));
        }
    }

    [Test]
    public void Measure_StreamDroppedBeforeItsObserverIsDone_CountsWhatFollows()
    {
        string name = NewName();
        var scheduler = new HistoricalScheduler();
        ObserveAndForget(name, scheduler);
        GC.Collect();
        GC.WaitForPendingFinalizers();

        scheduler.Start();
        GC.Collect();
        GC.WaitForPendingFinalizers();

        Assert.That(Measure(name)["rx.eventstream.delivered"], Is.EqualTo(10));
    }

    [Test]
    public void Measure_StreamDisposed_CountersStay()
    {
        string name = NewName();
        var stream = new EventStream<int>(new EventStreamOptions { Name = name });
        stream.Subscribe(_ => { });
        stream.OnNext(1);
        stream.Dispose();

        Dictionary<string, long> figures = Measure(name);

        Assert.That(figures["rx.eventstream.published"], Is.EqualTo(1));
        Assert.That(figures["rx.eventstream.delivered"], Is.EqualTo(1));
        GC.KeepAlive(stream);
    }

    private static bool IsAlive(WeakReference reference)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return reference.IsAlive;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference PublishAndForget(string name, int count)
    {
        var stream = new EventStream<int>(new EventStreamOptions { Name = name });
        stream.Subscribe(_ => { });
        for (int i = 0; i < count; i++)
        {
            stream.OnNext(i);
        }

        return new WeakReference(stream);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ObserveAndForget(string name, HistoricalScheduler scheduler)
    {
        var stream = new EventStream<int>(new EventStreamOptions { Name = name });
        stream.ObserveOn(scheduler).Subscribe(new Recorded());
        for (int i = 0; i < 10; i++)
        {
            stream.OnNext(i);
        }
    }

    internal static string NewName() => TestContext.CurrentContext.Test.ID + Guid.NewGuid();

    internal static Dictionary<string, long> Measure(string name)
    {
        var figures = new Dictionary<string, long>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == "Rx.EventStream")
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            Dictionary<string, object?> all = new(tags.ToArray());
            if (Equals(all["stream"], name))
            {
                figures.Add(all.TryGetValue("holder", out object? holder) ? $"{instrument.Name}.{holder}" : instrument.Name, value);
            }
        });
        listener.Start();
        listener.RecordObservableInstruments();
        return figures;
    }

    private sealed class Recorded : IObserver<int>
    {
        public void OnNext(int value)
        {
        }

        public void OnError(Exception error)
        {
        }

        public void OnCompleted()
        {
        }
    }
}
