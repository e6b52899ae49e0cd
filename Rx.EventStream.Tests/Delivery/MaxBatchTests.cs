using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Reactive.Subjects;
using CsCheck;
using Rx.Tests.Contract;

namespace Rx.Tests.Delivery;

/// <summary>The most events in one scheduled action.</summary>
[TestFixture]
internal sealed class MaxBatchTests
{
    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(int.MinValue)]
    public void ObserveOn_LessThanOne_ThrowsWithValueAndRange(int maxBatch)
    {
        using var stream = new EventStream<int>();
        Action[] calls =
        [
            () => stream.ObserveOn(DefaultScheduler.Instance, maxBatch),
            () => stream.ObserveOn(new SynchronizationContext(), maxBatch),
            () => stream.AsObservable().ObserveOn(DefaultScheduler.Instance, maxBatch),
            () => stream.AsObservable().ObserveOn(new SynchronizationContext(), maxBatch),
        ];

        foreach (Action call in calls)
        {
            Assert.That(
                call,
                Throws.TypeOf<ArgumentOutOfRangeException>()
                    .With.Property("ParamName").EqualTo("maxBatch")
                    .And.Property("ActualValue").EqualTo(maxBatch)
                    .And.Message.Contains("from 1 to"));
        }
    }

    [Test]
    public void ObserveOn_NullScheduler_IsCheckedFirst()
    {
        using var stream = new EventStream<int>();

        Assert.That(() => stream.ObserveOn((IScheduler)null!, 0), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("scheduler"));
        Assert.That(
            () => stream.ObserveOn((SynchronizationContext)null!, 0), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("context"));
    }

    [Test]
    public void SynchronizationContext_ThousandEvents_DefaultIs64AndAnyOtherNumberIsKept()
    {
        Assert.That(Callbacks(null), Is.EqualTo(16));
        Assert.That(Callbacks(64), Is.EqualTo(16));
        Assert.That(Callbacks(1024), Is.EqualTo(1));

        static int Callbacks(int? maxBatch)
        {
            var context = new QueueingContext();
            using var stream = new EventStream<int>();
            EventObservable<int> observed = maxBatch is { } most ? stream.ObserveOn(context, most) : stream.ObserveOn(context);
            observed.Subscribe(static _ => { });
            stream.OnNextRange([.. Enumerable.Range(0, 1_000)]);
            context.Run();
            return context.Runs;
        }
    }

    [TestCase(1, 10)]
    [TestCase(3, 4)]
    [TestCase(10, 1)]
    [TestCase(1_000, 1)]
    public void SynchronizationContext_TenEvents_SoManyCallbacks(int maxBatch, int expected)
    {
        var context = new QueueingContext();
        using var stream = new EventStream<int>();
        var observer = new RecordingObserver<int>();
        stream.ObserveOn(context, maxBatch).Subscribe(observer);

        stream.OnNextRange([.. Enumerable.Range(0, 10)]);
        context.Run();

        Assert.That(observer.Values, Is.EqualTo(Enumerable.Range(0, 10)));
        Assert.That(context.Runs, Is.InRange(expected, expected + 1), "One more may find nothing left.");
    }

    [Test]
    public void VirtualTime_AnyMaxBatch_OneEventPerTick([Values(1, 7, 1_000)] int maxBatch)
    {
        var scheduler = new MarbleScheduler(TimeSpan.FromTicks(1));
        using var stream = new EventStream<char>();
        MarbleRecording<char> observer = scheduler.Record(stream.ObserveOn(scheduler, maxBatch));

        scheduler.Hot("(abc)|").Subscribe(stream);
        scheduler.Start();

        scheduler.Expect(observer).ToBe("-abc|");
    }

    [Test]
    public void ObserveOn_TwoStreamsOnOneEventLoop_ArriveInPublishingOrder()
    {
        Assert.That(OnEventLoop(1), Is.EqualTo(new[] { 0, 1, 2, 3, 4, 5 }));
        Assert.That(OnEventLoop(null), Is.EqualTo(new[] { 0, 2, 4, 1, 3, 5 }), "By default each stream delivers a batch.");

        static int[] OnEventLoop(int? maxBatch)
        {
            using var loop = new EventLoopScheduler();
            using var busy = new ManualResetEventSlim();
            using var done = new CountdownEvent(6);
            using EventStream<int> even = new(), odd = new();
            var log = new List<int>();
            foreach (EventStream<int> stream in new[] { even, odd })
            {
                EventObservable<int> observable = maxBatch is { } max ? stream.ObserveOn(loop, max) : stream.ObserveOn(loop);
                observable.Subscribe(value =>
                {
                    log.Add(value);
                    done.Signal();
                });
            }

            loop.Schedule(() => busy.Wait());
            for (int i = 0; i < 6; i++)
            {
                (i % 2 == 0 ? even : odd).OnNext(i);
            }

            busy.Set();
            Assert.That(done.Wait(Eventually.Limit), Is.True);
            return [.. log];
        }
    }

    [Test]
    public void SynchronizationContext_TwoStreamsOneEventEach_SameLogAsRx() =>
        OrderScript.OfSources(2).Sample(
            script => OnContext(script, isRx: false) == OnContext(script, isRx: true),
            print: script => $"{script}\n  stream {OnContext(script, isRx: false)}\n  Rx     {OnContext(script, isRx: true)}",
            iter: 2_000,
            threads: 1);

    [TestCaseSource(typeof(SchedulerCase), nameof(SchedulerCase.All))]
    public void ObserveOn_AnySchedulerOneEventEach_InOrderThenTheEnd(SchedulerCase schedulerCase)
    {
        using SchedulerUnderTest on = schedulerCase.Create();
        using var stream = new EventStream<int>();
        RecordingObserver<int> first = new(), second = new();
        stream.ObserveOn(on.Scheduler, 1).Subscribe(first);
        stream.ObserveOn(on.Scheduler, maxBatch: 2).Subscribe(second);

        stream.OnNextRange([.. Enumerable.Range(0, 500)]);
        stream.OnCompleted();
        on.RunUntil(() => first.IsEnded && second.IsEnded, "Both observers end.");

        Assert.That(first.Values, Is.EqualTo(Enumerable.Range(0, 500)));
        Assert.That(second.Values, Is.EqualTo(Enumerable.Range(0, 500)));
        Assert.That(first.Violations.Concat(second.Violations), Is.Empty);
    }

    private static string OnContext(OrderScript script, bool isRx)
    {
        var context = new QueueingContext();
        var scheduler = new SynchronizationContextScheduler(context);
        return isRx
            ? script.RunOnRx(() => scheduler, (_, _) => context.Run())
            : script.RunOnStream(() => scheduler, (_, _) => context.Run(), (stream, on) => stream.ObserveOn(on, maxBatch: 1));
    }
}
