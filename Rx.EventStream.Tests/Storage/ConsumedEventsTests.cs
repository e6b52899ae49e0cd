using System.Reactive.Concurrency;
using System.Runtime.CompilerServices;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Storage;

/// <summary>A stream lets go of what every subscriber has consumed, but for a few events, whatever their size.</summary>
/// <remarks>Events are created in methods that are not inlined, so that no local of the test keeps them alive.</remarks>
[TestFixture(1, true)]
[TestFixture(1, false)]
[TestFixture(2, true)]
[TestFixture(2, false)]
[TestFixture(64, true)]
[TestFixture(64, false)]
[TestFixture(1024, true)]
[TestFixture(1024, false)]
[NonParallelizable]
[Category("Slow")]
internal sealed class ConsumedEventsTests(int capacity, bool isSingleWriter)
{
    /// <summary>Enough that the last segment would hold hundreds of them, if it held as many as <see cref="EventStreamOptions.SegmentCapacity"/> says.</summary>
    private const int Events = 1_000;

    /// <summary>The most consumed events that a stream may keep.</summary>
    private const int MaxKept = 64;

    private readonly List<WeakReference> _events = [];

    private EventStream<object> _stream = null!;

    [SetUp]
    public void SetUp()
    {
        _events.Clear();
        Open(Retention.None);
    }

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [Test]
    public void OnNext_NoSubscriber_KeepsFewEvents([Values(1, 50)] int runLength)
    {
        Publish(runLength);

        AssertKept(0);
    }

    [Test]
    public void OnNext_InlineObservers_KeepsFewEvents([Values(1, 3)] int observers)
    {
        int received = 0;
        for (int i = 0; i < observers; i++)
        {
            _stream.Subscribe(_ => received++);
        }

        Publish();

        Assert.That(received, Is.EqualTo(observers * Events));
        AssertKept(0);
    }

    [Test]
    public void OnNext_InlineBatches_KeepsFewEvents()
    {
        int received = 0;
        _stream.Batch(1000).Subscribe(batch => received += batch.Length);

        Publish();

        Assert.That(received, Is.EqualTo(Events));
        AssertKept(0);
    }

    [Test]
    public void Pump_CaughtUp_KeepsFewEvents([ValueSource(typeof(SchedulerCase), nameof(SchedulerCase.All))] SchedulerCase kind)
    {
        using SchedulerUnderTest scheduler = kind.Create();
        EventSubscription subscription = _stream.ObserveOn(scheduler.Scheduler).Subscribe(new Recorder());

        Publish();

        scheduler.RunUntil(() => subscription.Lag == 0, "The pump catches up.");
        AssertKept(0);
    }

    [Test]
    public void Pump_Batches_KeepsFewEvents()
    {
        var scheduler = new ManualScheduler();
        int received = 0;
        _stream.ObserveOn(scheduler).Batch(1000).Subscribe(batch => received += batch.Length);

        Publish();
        scheduler.RunAll();

        Assert.That(received, Is.EqualTo(Events));
        AssertKept(0);
    }

    [Test]
    public void Pump_OneOfTwoStuck_KeepsWhatThatHasNotRead()
    {
        var scheduler = new ManualScheduler();
        _stream.Subscribe(new Recorder());
        IDisposable stuck = _stream.ObserveOn(scheduler).Subscribe(new Recorder());

        Publish();
        AssertKept(Events);
        stuck.Dispose();

        AssertKept(0);
    }

    [Test]
    public void Pump_Bounded_KeepsFewEvents([Values("DropOldest", "Latest", "Fail", "Wait")] string policy, [Values] bool isStuck)
    {
        var scheduler = new ManualScheduler();
        const int Bound = 10;
        LagPolicy lagPolicy = policy switch
        {
            "DropOldest" => LagPolicy.DropOldest(Bound),
            "Latest" => LagPolicy.Latest,
            "Fail" => LagPolicy.Fail(Bound),
            _ => LagPolicy.Wait(Bound),
        };
        _stream.ObserveOn(scheduler).WithLagPolicy(lagPolicy).Subscribe(new Recorder());

        for (int i = 0; i < Events; i += Bound)
        {
            PublishRun(Bound);
            if (!isStuck || policy == "Wait")
            {
                scheduler.RunAll();
            }
        }

        AssertKept(isStuck ? lagPolicy.Capacity : 0, mayKeepLess: lagPolicy.WaitsWhenFull);
    }

    [Test]
    public void Reader_HasReadAll_KeepsFewEvents([Values("one by one", "batches", "and waits")] string way)
    {
        using EventReader<object> reader = _stream.OpenReader();

        Publish();
        ReadAll(reader, isBatches: way == "batches");
        if (way == "and waits")
        {
            _ = reader.WaitToReadAsync().AsTask();
        }

        AssertKept(0);
    }

    [Test]
    public void Projection_CaughtUp_KeepsFewEvents()
    {
        using EventProjection<int, object> projection = _stream.ToProjection(0, static (count, _) => count + 1);

        Publish();

        AssertKept(0);
        Assert.That(projection.Current.State, Is.EqualTo(Events));
    }

    [Test]
    public void Position_Disposed_KeepsFewEvents()
    {
        using EventPosition<object> first = _stream.GetNextPosition();
        Publish();
        AssertKept(Events);
        using EventPosition<object> last = _stream.GetNextPosition();

        first.Dispose();

        AssertKept(0);
    }

    [Test]
    public void Retention_Count_KeepsThoseAndFewMore([Values(1, 100)] int count, [Values("none", "inline", "pump", "reader")] string subscriber)
    {
        Open(Retention.Count(count));
        var scheduler = new ManualScheduler();
        using IDisposable? subscription = subscriber switch
        {
            "inline" => _stream.Subscribe(new Recorder()),
            "pump" => _stream.ObserveOn(scheduler).Subscribe(new Recorder()),
            "reader" => _stream.OpenReader(),
            _ => null,
        };

        Publish();
        scheduler.RunAll();
        if (subscription is EventReader<object> reader)
        {
            ReadAll(reader, isBatches: false);
        }

        AssertKept(count);
        var replayed = new Recorder();
        _stream.Subscribe(replayed);
        Assert.That(replayed.Count, Is.EqualTo(count));
    }

    [Test]
    public void Retention_Time_KeepsYoungEventsAndFewMore()
    {
        var clock = new HistoricalScheduler();
        Open(Retention.Time(TimeSpan.FromSeconds(10)), clock);

        // One per second: the last eleven are at most ten seconds old.
        for (int i = 0; i < Events; i++)
        {
            clock.AdvanceBy(TimeSpan.FromSeconds(1));
            PublishRun(1);
        }

        AssertKept(11);
    }

    [Test]
    public void Batch_Held_StaysAsItWas([Values("inline", "pump", "reader")] string way)
    {
        var scheduler = new ManualScheduler();
        using EventReader<object>? reader = way == "reader" ? _stream.OpenReader() : null;
        var batches = new List<ReadOnlyMemory<object>>();
        if (reader is null)
        {
            EventObservable<object> observable = way == "pump" ? _stream.ObserveOn(scheduler) : _stream.AsObservable();
            observable.Batch(20).Subscribe(batches.Add);
        }

        Publish();
        scheduler.RunAll();
        while (reader?.TryReadBatch(20, out ReadOnlyMemory<object> batch) == true)
        {
            batches.Add(batch);
        }

        Publish();
        Collect();

        Assert.That(CountHeld(batches), Is.EqualTo(Events));
        batches.Clear();
        while (reader?.TryRead(out _) == true)
        {
        }

        scheduler.RunAll();
        batches.Clear();
        AssertKept(0);
    }

    /// <summary>How many of the first events are still what they were, in order.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private int CountHeld(List<ReadOnlyMemory<object>> batches) =>
        batches.SelectMany(b => b.ToArray()).Take(Events).Zip(_events).Count(static pair => ReferenceEquals(pair.First, pair.Second.Target));

    private void Open(Retention retention, IScheduler? clock = null) =>
        _stream = new EventStream<object>(
            new EventStreamOptions { SegmentCapacity = capacity, SingleWriter = isSingleWriter, Retention = retention, Scheduler = clock });

    private void Publish(int runLength = 1)
    {
        for (int i = 0; i < Events; i += runLength)
        {
            PublishRun(runLength);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void PublishRun(int length)
    {
        object[] run = new object[length];
        for (int i = 0; i < length; i++)
        {
            run[i] = new object();
            _events.Add(new WeakReference(run[i]));
        }

        if (length == 1)
        {
            _stream.OnNext(run[0]);
        }
        else
        {
            _stream.OnNextRange(run);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ReadAll(EventReader<object> reader, bool isBatches)
    {
        int read = 0;
        while (reader.TryRead(out _))
        {
            read++;
            if (isBatches && reader.TryReadBatch(1000, out ReadOnlyMemory<object> batch))
            {
                read += batch.Length;
            }
        }

        Assert.That(read, Is.EqualTo(Events));
    }

    /// <summary>Asserts that the given number of events is kept, and at most a few more.</summary>
    private void AssertKept(int expected, bool mayKeepLess = false)
    {
        int kept = 0;

        // More than once: the thread of a pump may still have an event on its stack, in a frame that it has left or is about to leave.
        for (int i = 0; i < 20; i++)
        {
            Collect();
            kept = _events.Count(static e => e.IsAlive);
            if (kept <= expected + MaxKept)
            {
                break;
            }

            Thread.Yield();
        }

        Assert.That(kept, Is.InRange(mayKeepLess ? 0 : expected, expected + MaxKept));
        GC.KeepAlive(_stream);
    }

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
    }

    /// <summary>Counts events and keeps none.</summary>
    private sealed class Recorder : IObserver<object>
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public void OnNext(object value) => Interlocked.Increment(ref _count);

        public void OnError(Exception error)
        {
        }

        public void OnCompleted()
        {
        }
    }
}
