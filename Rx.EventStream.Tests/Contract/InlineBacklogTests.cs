using System.Reactive.Concurrency;

namespace Rx.Tests.Contract;

/// <summary>What bounds the delivery on the publishing thread: the backlog, and how long one thread delivers for others.</summary>
[TestFixture(1)]
[TestFixture(2)]
[TestFixture(64)]
internal sealed class InlineBacklogTests(int capacity)
{
    private const int Max = 8;

    private readonly ManualResetEventSlim _entered = new();
    private readonly ManualResetEventSlim _release = new();
    private EventStream<int> _stream = null!;

    [SetUp]
    public void SetUp()
    {
        _entered.Reset();
        _release.Reset();
        _stream = Create(Max);
    }

    [TearDown]
    public void TearDown()
    {
        _release.Set();
        _stream.Dispose();
    }

    [Test]
    public void MaxInlineBacklog_Unset_Is1024() => Assert.That(new EventStreamOptions().MaxInlineBacklog, Is.EqualTo(1024));

    [Test]
    public void MaxInlineBacklog_LessThanOne_Throws([Values(0, -1, int.MinValue)] int value) =>
        Assert.That(
            () => new EventStreamOptions { MaxInlineBacklog = value },
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("at least 1").And.Message.Contains($"{value}"));

    [Test]
    public async Task OnNext_ObserverDoesNotReturn_PublisherWaitsAtTheBound()
    {
        RecordingObserver<int> observer = Block();
        Task delivering = PublishFirst();

        (Task flooding, Thread flooder) = Start(() => PublishAll(1, 100));
        WaitsForItsTurn(flooder);
        Assert.That(_stream.NextSequence, Is.EqualTo(Max + 1), "The event in delivery, and as many as may wait.");

        _release.Set();
        await Eventually.Ends(Task.WhenAll(delivering, flooding));
        Assert.That(observer.Values, Is.EqualTo(Enumerable.Range(0, 101)));
        Assert.That(observer.Violations, Is.Empty);
    }

    [Test]
    public async Task OnNextRange_ObserverDoesNotReturn_PublisherWaitsAtTheBound()
    {
        RecordingObserver<int> observer = Block();
        Task delivering = PublishFirst();

        (Task flooding, Thread flooder) = Start(() =>
        {
            _stream.OnNextRange([1, 2, 3]);
            _stream.OnNextRange([4, 5, 6, 7, 8, 9]);
            _stream.OnNext(10);
        });
        WaitsForItsTurn(flooder);
        Assert.That(_stream.NextSequence, Is.EqualTo(10));

        _release.Set();
        await Eventually.Ends(Task.WhenAll(delivering, flooding));
        Assert.That(observer.Values, Is.EqualTo(Enumerable.Range(0, 11)));
    }

    [Test]
    [Repeat(5)]
    public async Task OnNext_SeveralPublishersFlood_BacklogAndTurnsAreBounded([Values(2, 4)] int publishers, [Values] bool isSlow)
    {
        // With a slow observer, and a backlog that is longer than the interval of a drainer's looks, publishers that are called fill the
        // backlog again before the drainer has run dry.
        int perPublisher = isSlow ? 1_000 : 20_000;
        int max = isSlow ? 64 : Max;
        using EventStream<int> stream = Create(max);
        long greatestBacklog = 0;
        var turns = new ThreadLocal<int>();
        int longestTurn = 0;
        int delivered = 0;
        stream.Subscribe(_ =>
        {
            greatestBacklog = Math.Max(greatestBacklog, stream.NextSequence - delivered);
            delivered++;
            turns.Value++;
            Thread.SpinWait(isSlow ? 500 : 0);
        });

        using var start = new Barrier(publishers);
        await Eventually.Ends(Task.WhenAll(Enumerable.Range(0, publishers).Select(_ => Eventually.OnThread(() =>
        {
            start.SignalAndWait();
            for (int i = 0; i < perPublisher; i++)
            {
                turns.Value = 0;
                stream.OnNext(i);
                InterlockedMax(ref longestTurn, turns.Value);
            }
        }))));

        Assert.That(delivered, Is.EqualTo(publishers * perPublisher));
        Assert.That(greatestBacklog, Is.LessThanOrEqualTo(max + publishers));

        // What waits when a thread takes over, its share of other events, and what comes until the next publisher takes over in turn.
        Assert.That(longestTurn, Is.LessThanOrEqualTo((4 * (max + publishers)) + 32));
    }

    [Test]
    public async Task OnNext_AnotherKeepsPublishingBelowTheBound_DrainerReturns()
    {
        // There is always an event to deliver, and never one too many: the other publisher waits only if it takes the delivery over.
        const int MostForOthers = 100_000;
        Thread? other = null;
        int delivered = 0;
        _stream.Subscribe(value =>
        {
            delivered++;
            if (value == 0)
            {
                _entered.Set();
            }

            SpinWait.SpinUntil(
                () => _stream.NextSequence > delivered + 1 // the last one may still be claimed only
                    || other is { IsAlive: false }
                    || (other is not null && (other.ThreadState & ThreadState.WaitSleepJoin) != 0)
                    || Thread.CurrentThread == other);
        });
        Task delivering = PublishFirst();

        (Task publishing, Thread publisher) = Start(() =>
        {
            other = Thread.CurrentThread;
            for (int i = 1; i < MostForOthers && !delivering.IsCompleted; i++)
            {
                while (_stream.NextSequence - Volatile.Read(ref delivered) >= 3)
                {
                    Thread.Yield(); // does not sleep: the observer takes a publisher that sleeps for one that waits for its turn
                }

                _stream.OnNext(i);
            }
        });
        await Eventually.Ends(Task.WhenAll(delivering, publishing));

        Assert.That(_stream.NextSequence, Is.LessThan(MostForOthers));
    }

    [Test]
    public async Task OnNext_FloodFromInside_NeverWaits([Values] bool isContended)
    {
        const int Flood = 20 * Max;
        var observer = new RecordingObserver<int>(value =>
        {
            if (value == 0)
            {
                if (isContended)
                {
                    _entered.Set();
                    Eventually.IsTrue(() => _stream.NextSequence == Max + 1, "The other publisher fills the backlog.");
                }

                PublishAll(1000, Flood);
            }
        });
        _stream.Subscribe(observer);

        Task delivering = PublishFirst(awaitsObserver: isContended);
        Task other = isContended ? Start(() => PublishAll(1, 50)).Task : Task.CompletedTask;
        await Eventually.Ends(Task.WhenAll(delivering, other));

        Assert.That(observer.Values.Where(static v => v >= 1000), Is.EqualTo(Enumerable.Range(1000, Flood)));
        Assert.That(observer.Values.Where(static v => v is > 0 and < 1000), Is.EqualTo(isContended ? Enumerable.Range(1, 50) : []));
        Assert.That(observer.Violations, Is.Empty);
    }

    [Test]
    public async Task OnNext_TwoStreamsPublishToEachOther_NoThreadWaitsForItself([Values(1, 2, Max)] int max)
    {
        using EventStream<int> first = Create(max);
        using EventStream<int> second = Create(max);
        var fromFirst = new RecordingObserver<int>(value => PublishBack(second, value));
        var fromSecond = new RecordingObserver<int>(value => PublishBack(first, value));
        first.Subscribe(fromFirst);
        second.Subscribe(fromSecond);

        await Eventually.Ends(Task.WhenAll(
            Eventually.OnThread(() => PublishAll(first, 0, 2_000)),
            Eventually.OnThread(() => PublishAll(second, 0, 2_000))));

        Assert.That(fromFirst.Violations.Concat(fromSecond.Violations), Is.Empty);
        Assert.That(fromFirst.Values.Where(static v => v >= 0), Is.EqualTo(Enumerable.Range(0, 2_000)));
        Assert.That(fromSecond.Values.Where(static v => v >= 0), Is.EqualTo(Enumerable.Range(0, 2_000)));
        Assert.That(fromFirst.Values.Count(static v => v < 0), Is.EqualTo(2_000));
        Assert.That(fromSecond.Values.Count(static v => v < 0), Is.EqualTo(2_000));

        static void PublishBack(EventStream<int> stream, int value)
        {
            if (value >= 0)
            {
                stream.OnNext(-1);
            }
        }
    }

    [Test]
    public async Task OnNext_ObserversThrowLeaveJoinAndEndWhilePublishersWait_NothingIsLost([Values(2, 3)] int publishers)
    {
        const int PerPublisher = 3_000;
        var always = new RecordingObserver<int>();
        _stream.Subscribe(always);
        IDisposable? leaving = null;
        int thrown = 0;
        _stream.Subscribe(value =>
        {
            switch (value % 50)
            {
                case 7:
                    throw new InvalidOperationException("7");
                case 11:
                    leaving?.Dispose();
                    break;
                case 13:
                    leaving = _stream.Subscribe(static _ => { });
                    break;
                default:
                    break;
            }
        });

        await Eventually.Ends(Task.WhenAll(Enumerable.Range(0, publishers).Select(publisher => Eventually.OnThread(() =>
        {
            for (int i = 0; i < PerPublisher; i++)
            {
                try
                {
                    _stream.OnNext((publisher * PerPublisher) + i);
                }
                catch (InvalidOperationException)
                {
                    Interlocked.Increment(ref thrown);
                }
                catch (AggregateException several)
                {
                    Interlocked.Add(ref thrown, several.InnerExceptions.Count);
                }
            }
        }))));
        _stream.OnCompleted();

        Assert.That(always.Violations, Is.Empty);
        Assert.That(always.IsCompleted, Is.True);
        for (int publisher = 0; publisher < publishers; publisher++)
        {
            Assert.That(
                always.Values.Where(value => value / PerPublisher == publisher),
                Is.EqualTo(Enumerable.Range(publisher * PerPublisher, PerPublisher)),
                $"publisher {publisher}");
        }

        Assert.That(thrown, Is.EqualTo(publishers * PerPublisher / 50), "Each exception leaves one OnNext.");
    }

    [Test]
    public async Task OnCompleted_PublisherWaits_ItsEventIsDeliveredBeforeTheEnd()
    {
        RecordingObserver<int> observer = Block();
        Task delivering = PublishFirst();
        (Task flooding, Thread flooder) = Start(() => PublishAll(1, Max));
        WaitsForItsTurn(flooder);

        _stream.OnCompleted();
        _release.Set();
        await Eventually.Ends(Task.WhenAll(delivering, flooding));

        Assert.That(observer.Values, Is.EqualTo(Enumerable.Range(0, Max + 1)));
        Assert.That(observer.IsCompleted, Is.True);
    }

    [Test]
    public async Task Dispose_StreamWhilePublisherWaits_ItReturns()
    {
        Block();
        Task delivering = PublishFirst();
        (Task flooding, Thread flooder) = Start(() => PublishAll(1, Max));
        WaitsForItsTurn(flooder);

        _stream.Dispose();

        await Eventually.Ends(flooding);
        Assert.That(() => _stream.OnNext(1), Throws.TypeOf<ObjectDisposedException>());
        _release.Set();
        await Eventually.Ends(delivering);
    }

    [Test]
    public async Task Dispose_LastSubscriptionWhilePublisherWaits_ItReturnsAndNoneWaitsAgain()
    {
        Block();
        Task delivering = PublishFirst();
        (Task flooding, Thread flooder) = Start(() => PublishAll(1, 100));
        WaitsForItsTurn(flooder);

        _stream.Subscriptions.Single().Dispose();

        await Eventually.Ends(flooding);
        Assert.That(_stream.NextSequence, Is.EqualTo(101));
        _release.Set();
        await Eventually.Ends(delivering);
    }

    [Test]
    public async Task Interrupt_PublisherThatWaits_ThrowsAndItsEventIsDelivered()
    {
        RecordingObserver<int> observer = Block();
        Task delivering = PublishFirst();
        (Task flooding, Thread flooder) = Start(() => PublishAll(1, Max));
        WaitsForItsTurn(flooder);

        flooder.Interrupt();

        Assert.That(async () => await Eventually.Ends(flooding), Throws.TypeOf<ThreadInterruptedException>());
        _release.Set();
        await Eventually.Ends(delivering);
        Assert.That(observer.Values, Is.EqualTo(Enumerable.Range(0, Max + 1)));
    }

    [Test]
    public void OnNext_ObserversOnSchedulersOnly_NeverWaits()
    {
        var scheduler = new HistoricalScheduler();
        var observer = new RecordingObserver<int>();
        _stream.ObserveOn(scheduler).Subscribe(observer);

        PublishAll(0, 20 * Max);
        scheduler.Start();

        Assert.That(observer.Values, Is.EqualTo(Enumerable.Range(0, 20 * Max)));
    }

    [Test]
    public void OnNext_GateOpensDuringADelivery_InsideIsRecognized()
    {
        // The delivery began on the fast path, before a subscriber held publishers back.
        var scheduler = new HistoricalScheduler();
        Exception? thrown = null;
        _stream.Subscribe(value =>
        {
            if (value != 0)
            {
                return;
            }

            _stream.ObserveOn(scheduler).WithLagPolicy(LagPolicy.Wait(1)).Subscribe();
            _stream.OnNext(1);
            try
            {
                _stream.OnNext(2);
            }
            catch (Exception error)
            {
                thrown = error;
            }
        });

        _stream.OnNext(0);

        Assert.That(thrown, Is.TypeOf<InvalidOperationException>());
    }

    private EventStream<int> Create(int max) => new(new EventStreamOptions { MaxInlineBacklog = max, SegmentCapacity = capacity });

    /// <summary>Subscribes an observer that does not return from its call for 0 before the test says so.</summary>
    private RecordingObserver<int> Block()
    {
        var observer = new RecordingObserver<int>(value =>
        {
            if (value == 0)
            {
                _entered.Set();
                Eventually.IsSet(_release, "The test releases the observer.");
            }
        });
        _stream.Subscribe(observer);
        return observer;
    }

    /// <summary>Publishes 0 on a thread of its own.</summary>
    private Task PublishFirst(bool awaitsObserver = true)
    {
        Task delivering = Eventually.OnThread(() => _stream.OnNext(0));
        if (awaitsObserver)
        {
            Eventually.IsSet(_entered, "The first event is in delivery.");
        }

        return delivering;
    }

    private void PublishAll(int first, int count) => PublishAll(_stream, first, count);

    private static void PublishAll(EventStream<int> stream, int first, int count)
    {
        for (int i = 0; i < count; i++)
        {
            stream.OnNext(first + i);
        }
    }

    private static (Task Task, Thread Thread) Start(Action action)
    {
        Thread? thread = null;
        using var started = new ManualResetEventSlim();
        Task task = Eventually.OnThread(() =>
        {
            thread = Thread.CurrentThread;
            started.Set();
            action();
        });
        Eventually.IsSet(started, "The thread starts.");
        return (task, thread!);
    }

    private void WaitsForItsTurn(Thread publisher) => Eventually.IsTrue(
        () => _stream.NextSequence > Max && (publisher.ThreadState & ThreadState.WaitSleepJoin) != 0,
        "The publisher waits for its turn.");

    private static void InterlockedMax(ref int target, int value)
    {
        int seen = Volatile.Read(ref target);
        while (seen < value)
        {
            int found = Interlocked.CompareExchange(ref target, value, seen);
            if (found == seen)
            {
                return;
            }

            seen = found;
        }
    }
}
