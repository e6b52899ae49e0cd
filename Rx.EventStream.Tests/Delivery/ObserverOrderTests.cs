using System.Reactive.Concurrency;
using System.Reactive.Linq;
using CsCheck;
using Rx.Tests.Contract;

namespace Rx.Tests.Delivery;

/// <summary>The order of several observers on one scheduler, as whole logs beside those of Rx's <c>Subject</c> and <c>ObserveOn</c>.</summary>
[TestFixture]
internal sealed class ObserverOrderTests
{
    [Test]
    public void HistoricalScheduler_AnyScript_SameLogAsRx() =>
        OrderScript.OfSources(1).Sample(
            script => script.RunOnStream(Historical, Advance) == script.RunOnRx(Historical, Advance),
            print: script => Print(script, script.RunOnStream(Historical, Advance), script.RunOnRx(Historical, Advance)),
            iter: 3_000,
            threads: 1);

    [Test]
    public void TestScheduler_TwoStreamsAnyScript_SameLogAsRx() =>
        OrderScript.OfSources(2).Sample(
            script => script.RunOnStream(Test, Advance) == script.RunOnRx(Test, Advance),
            print: script => Print(script, script.RunOnStream(Test, Advance), script.RunOnRx(Test, Advance)),
            iter: 2_000,
            threads: 1);

    [Test]
    public void SynchronizationContext_AnyScript_SameLogAsRx() =>
        OrderScript.WithoutJoiners(sources: 1).Sample(
            script => OnContext(script, isRx: false) == OnContext(script, isRx: true),
            print: script => Print(script, OnContext(script, isRx: false), OnContext(script, isRx: true)),
            iter: 2_000,
            threads: 1);

    [Test]
    public void CurrentThread_AnyScriptOfListeners_SameLogAsRx([Values] bool isInTrampoline) =>
        OrderScript.OfListeners(2, Enum.GetValues<OrderScript.Route>()).Sample(
            script => OnCurrentThread(script, isInTrampoline, isRx: false) == OnCurrentThread(script, isInTrampoline, isRx: true),
            print: script => Print(
                script, OnCurrentThread(script, isInTrampoline, isRx: false), OnCurrentThread(script, isInTrampoline, isRx: true)),
            iter: 2_000,
            threads: 1);

    [Test]
    public void CurrentThread_BesideObserversWithoutScheduler_CalledInSubscriptionOrder()
    {
        using var stream = new EventStream<int>();
        var log = new List<string>();
        stream.Subscribe(value => log.Add($"a{value}"));
        stream.ObserveOn(CurrentThreadScheduler.Instance).Subscribe(value => log.Add($"b{value}"));
        stream.Subscribe(value => log.Add($"c{value}"));

        stream.OnNext(1);
        stream.OnNext(2);

        Assert.That(string.Join(' ', log), Is.EqualTo("a1 b1 c1 a2 b2 c2"));
    }

    [Test]
    public void HistoricalScheduler_WithLatestFromThroughOperator_SamePairsAsRx()
    {
        var time = new HistoricalScheduler();
        using var stream = new EventStream<int>();
        var pairs = new List<string>();
#pragma warning disable RXES001 // the order through an operator is what the test is about
        stream.ObserveOn(time).WithLatestFrom(stream.Select(value => value * 10).ObserveOn(time), (a, b) => $"{a},{b}").Subscribe(pairs.Add);
#pragma warning restore RXES001

        stream.OnNextRange([1, 2, 3]);
        time.Start();

        Assert.That(string.Join(' ', pairs), Is.EqualTo("1,10 2,20 3,30"));
    }

    [Test]
    public void HistoricalScheduler_TwoObservers_CalledInSubscriptionOrder()
    {
        var time = new HistoricalScheduler();
        using var stream = new EventStream<int>();
        var log = new List<string>();
        stream.ObserveOn(time).Subscribe(value => log.Add($"a{value}"));
        stream.ObserveOn(time).Subscribe(value => log.Add($"b{value}"));

        stream.OnNextRange([1, 2, 3, 4]);
        time.Start();

        Assert.That(string.Join(' ', log), Is.EqualTo("a1 b1 a2 b2 a3 b3 a4 b4"));
    }

    [Test]
    public void HistoricalScheduler_EarlierObserverDisposesLater_LaterIsNotCalled()
    {
        var time = new HistoricalScheduler();
        using var stream = new EventStream<int>();
        var log = new List<string>();
        IDisposable? later = null;
        stream.ObserveOn(time).Subscribe(value =>
        {
            log.Add($"a{value}");
            later!.Dispose();
        });
        later = stream.ObserveOn(time).Subscribe(value => log.Add($"b{value}"));

        stream.OnNext(1);
        time.Start();

        Assert.That(log, Is.EqualTo(new[] { "a1" }));
    }

    [Test]
    public void HistoricalScheduler_ManyObservers_CalledInSubscriptionOrderAfterSomeHaveLeft()
    {
        var time = new HistoricalScheduler();
        using var stream = new EventStream<int>();
        var log = new List<int>();
        IDisposable[] subscriptions = [.. Enumerable.Range(0, 100).Select(i => stream.ObserveOn(time).Subscribe(_ => log.Add(i)))];
        stream.OnNext(0);
        time.Start();
        Assert.That(log, Is.EqualTo(Enumerable.Range(0, 100)));

        // Leaves slots empty, and parks the others in another order than before.
        log.Clear();
        for (int i = 0; i < 100; i += 3)
        {
            subscriptions[i].Dispose();
        }

        stream.ObserveOn(time).Subscribe(_ => log.Add(100));
        stream.OnNext(1);
        time.Start();

        Assert.That(log, Is.EqualTo(Enumerable.Range(0, 101).Where(i => i == 100 || i % 3 != 0)));
    }

    [Test]
    public void SynchronizationContext_WithLatestFromItself_SamePairsAsRx()
    {
        var context = new QueueingContext();
        using var stream = new EventStream<int>();
        var pairs = new List<string>();
        stream.ObserveOn(context).WithLatestFrom(stream.ObserveOn(context), (a, b) => $"{a},{b}").Subscribe(pairs.Add);

        stream.OnNextRange([1, 2, 3, 4]);
        context.Run();

        Assert.That(string.Join(' ', pairs), Is.EqualTo("1,1 2,2 3,3 4,4"));
    }

    [Test]
    public void EventLoop_WhileItIsBusy_SeveralObserversAreCalledInTurn([Values(2, 3)] int observers, [Values(5, 200)] int events)
    {
        using var loop = new EventLoopScheduler();
        using var stream = new EventStream<int>();
        using var busy = new ManualResetEventSlim();
        var log = new List<string>();
        using var done = new CountdownEvent(observers);
        foreach (int observer in Enumerable.Range(0, observers))
        {
            stream.ObserveOn(loop).Subscribe(value => log.Add($"{observer}:{value}"), () => done.Signal());
        }

        loop.Schedule(() => busy.Wait());
        foreach (int value in Enumerable.Range(0, events))
        {
            stream.OnNext(value);
        }

        stream.OnCompleted();
        busy.Set();
        Assert.That(done.Wait(Eventually.Limit), Is.True);

        Assert.That(
            log,
            Is.EqualTo(from value in Enumerable.Range(0, events) from observer in Enumerable.Range(0, observers) select $"{observer}:{value}"));
    }

    [TestCaseSource(nameof(Serial))]
    public void OneThread_WhileEventsArePublished_ObserversAreCalledInTurn(SchedulerCase serial)
    {
        const int Events = 20_000;
        using SchedulerUnderTest on = serial.Create();
        using var stream = new EventStream<int>();
        var log = new List<(int Value, int Observer)>();
        using var done = new CountdownEvent(3);
        foreach (int observer in Enumerable.Range(0, 3))
        {
            stream.ObserveOn(on.Scheduler).Subscribe(value => log.Add((value, observer)), () => done.Signal());
        }

        for (int i = 0; i < Events; i++)
        {
            stream.OnNext(i);
        }

        stream.OnCompleted();
        Assert.That(done.Wait(Eventually.Limit), Is.True);

        Assert.That(log, Is.EqualTo(from value in Enumerable.Range(0, Events) from observer in Enumerable.Range(0, 3) select (value, observer)));
    }

    [Test]
    public void Immediate_SeveralObservers_CalledInTurn()
    {
        using var stream = new EventStream<int>();
        var log = new List<string>();
        stream.ObserveOn(ImmediateScheduler.Instance).Subscribe(value => log.Add($"a{value}"));
        stream.Subscribe(value => log.Add($"b{value}"));
        stream.ObserveOn(ImmediateScheduler.Instance).Subscribe(value => log.Add($"c{value}"));

        stream.OnNextRange([1, 2]);

        Assert.That(string.Join(' ', log), Is.EqualTo("a1 b1 c1 a2 b2 c2"));
    }

    [Test]
    public void CurrentThread_InsideATrampoline_SameLogAsRx()
    {
        Assert.That(InTrampoline(isRx: false), Is.EqualTo(InTrampoline(isRx: true)).And.Not.Empty);

        static string InTrampoline(bool isRx)
        {
            using System.Reactive.Subjects.SubjectBase<int> source = isRx ? new System.Reactive.Subjects.Subject<int>() : new EventStream<int>();
            var log = new List<string>();
            foreach (char name in "abc")
            {
                IObservable<int> observable = isRx
                    ? source.ObserveOn(CurrentThreadScheduler.Instance)
                    : ((EventStream<int>)source).ObserveOn(CurrentThreadScheduler.Instance);
                observable.Subscribe(value => log.Add($"{name}{value}"));
            }

            CurrentThreadScheduler.Instance.Schedule(() =>
            {
                source.OnNext(1);
                source.OnNext(2);
                log.Add("published");
            });
            return string.Join(' ', log);
        }
    }

    [TestCaseSource(nameof(LoopCases))]
    [Category("Slow")]
    public void EventLoop_PublishedFromOtherThreads_ObserversAreCalledInTurn(
        int maxBatch, int publishers, bool publishesRuns, bool isWaitedFor, bool isUnknown)
    {
        const int Observers = 3;
        for (int run = 0; run < 40; run++)
        {
            using var loop = new EventLoopScheduler();
            IScheduler scheduler = isUnknown ? loop.Catch<Exception>(static _ => false) : loop;
            using var stream = new EventStream<int>();
            var log = new List<(int Observer, int Value)>();
            foreach (int observer in Enumerable.Range(0, Observers))
            {
                EventObservable<int> observable = stream.ObserveOn(scheduler, maxBatch);
                (isWaitedFor ? observable.WithLagPolicy(LagPolicy.Wait(4)) : observable).Subscribe(value => log.Add((observer, value)));
            }

            Thread[] threads = [.. Enumerable.Range(0, publishers).Select(_ => new Thread(() => Publish(stream, publishesRuns)))];
            Array.ForEach(threads, static t => t.Start());
            Array.ForEach(threads, static t => t.Join());
            Assert.That(stream.WhenCaughtUpAsync().Wait(Eventually.Limit), Is.True);

            int[] order = [.. log.Where(e => e.Observer == 0).Select(e => e.Value)];
            Assert.That(
                log,
                Is.EqualTo(from value in order from observer in Enumerable.Range(0, Observers) select (observer, value)),
                $"run {run}");
        }

        static void Publish(EventStream<int> stream, bool publishesRuns)
        {
            for (int i = 0; i < 200; i++)
            {
                if (publishesRuns)
                {
                    stream.OnNextRange([i, i + 1000, i + 2000]);
                }
                else
                {
                    stream.OnNext(i);
                }
            }
        }
    }

    [Test]
    public void CurrentThread_PublishedFromSeveralThreads_ObserversAreCalledInTurn([Values] bool isThroughOperator)
    {
        for (int run = 0; run < 40; run++)
        {
            using var stream = new EventStream<int>();
            var log = new List<(int Observer, int Value)>();
            stream.Subscribe(value => log.Add((0, value)));
            stream.ObserveOn(CurrentThreadScheduler.Instance).Subscribe(value => log.Add((1, value)));
#pragma warning disable RXES001 // the order through an operator is what the test is about
            (isThroughOperator ? stream.Select(v => v).ObserveOn(CurrentThreadScheduler.Instance) : stream.ObserveOn(CurrentThreadScheduler.Instance))
#pragma warning restore RXES001
                .Subscribe(value => log.Add((2, value)));
            stream.Subscribe(value => log.Add((3, value)));

            Thread[] threads = [.. Enumerable.Range(0, 3).Select(_ => new Thread(() =>
            {
                for (int i = 0; i < 200; i++)
                {
                    stream.OnNext(i);
                }
            }))];
            Array.ForEach(threads, static t => t.Start());
            Array.ForEach(threads, static t => t.Join());

            int[] order = [.. log.Where(e => e.Observer == 0).Select(e => e.Value)];
            Assert.That(log, Is.EqualTo(from value in order from observer in Enumerable.Range(0, 4) select (observer, value)), $"run {run}");
        }
    }

    [Test]
    public void CurrentThread_ObserverPublishes_AllGetTheCurrentEventFirst([Values] bool publisherIsInline, [Values] bool publishesRun)
    {
        IScheduler current = CurrentThreadScheduler.Instance;
        using var stream = new EventStream<int>();
        var log = new List<string>();
        (publisherIsInline ? stream.AsObservable() : stream.ObserveOn(current)).Subscribe(value =>
        {
            log.Add($"i{value}");
            if (value == 0)
            {
                stream.OnNext(1);
            }
        });
        stream.ObserveOn(current).Subscribe(value => log.Add($"a{value}"));
        stream.ObserveOn(current).Subscribe(value => log.Add($"b{value}"));
        stream.Subscribe(value => log.Add($"j{value}"));

        if (publishesRun)
        {
            stream.OnNextRange([0, 2]);
        }
        else
        {
            stream.OnNext(0);
        }

        Assert.That(string.Join(' ', log), Is.EqualTo("i0 a0 b0 j0" + (publishesRun ? " i2 a2 b2 j2" : "") + " i1 a1 b1 j1"));
    }

    [Test]
    public void UnknownScheduler_SeveralObservers_CalledInTurn()
    {
        var context = new QueueingContext();
        IScheduler wrapped = new SynchronizationContextScheduler(context).Catch<Exception>(_ => false);
        using var stream = new EventStream<int>();
        var log = new List<string>();
        stream.ObserveOn(wrapped).Subscribe(value => log.Add($"a{value}"));
        IDisposable second = stream.ObserveOn(wrapped).Subscribe(value => log.Add($"b{value}"));

        stream.OnNextRange([1, 2]);
        context.Run();
        second.Dispose();
        int runs = context.Runs;
        stream.OnNextRange([3, 4, 5]);
        context.Run();

        Assert.That(string.Join(' ', log), Is.EqualTo("a1 b1 a2 b2 a3 a4 a5"));
        Assert.That(context.Runs - runs, Is.EqualTo(1), "One observer alone gets a batch.");
    }

    private static IEnumerable<TestCaseData> LoopCases() =>
        from maxBatch in new[] { 1, 64 }
        from publishers in new[] { 1, 2 }
        from publishesRuns in new[] { false, true }
        from isWaitedFor in new[] { false, true }
        from isUnknown in maxBatch == 64 && !isWaitedFor ? new[] { false, true } : [false]
        select new TestCaseData(maxBatch, publishers, publishesRuns, isWaitedFor, isUnknown);

    private static IEnumerable<SchedulerCase> Serial() =>
        SchedulerCase.All.Where(c => c.ToString() is "EventLoopScheduler" or "SynchronizationContextScheduler");

    private static HistoricalScheduler Historical() => new();

    private static TestScheduler Test() => new();

    private static void Advance(IScheduler scheduler, int tick)
    {
        if (scheduler is TestScheduler test)
        {
            test.AdvanceTo(tick);
        }
        else
        {
            ((HistoricalScheduler)scheduler).AdvanceTo(new DateTimeOffset(tick, TimeSpan.Zero));
        }
    }

    private static string OnCurrentThread(OrderScript script, bool isInTrampoline, bool isRx)
    {
        IScheduler scheduler = CurrentThreadScheduler.Instance;
        Action<Action>? around = isInTrampoline ? step => scheduler.Schedule(step) : null;
        return isRx
            ? script.RunOnRx(() => scheduler, (_, _) => { }, around)
            : script.RunOnStream(() => scheduler, (_, _) => { }, around: around);
    }

    private static string OnContext(OrderScript script, bool isRx)
    {
        var context = new QueueingContext();
        var scheduler = new SynchronizationContextScheduler(context);
        return isRx
            ? script.RunOnRx(() => scheduler, (_, _) => context.Run())
            : script.RunOnStream(() => scheduler, (_, _) => context.Run());
    }

    private static string Print(OrderScript script, string stream, string rx) => $"{script}\n  stream {stream}\n  Rx     {rx}";
}
