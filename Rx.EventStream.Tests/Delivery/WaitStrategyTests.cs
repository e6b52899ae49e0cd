using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Runtime.CompilerServices;
using Rx.Tests.Contract;

namespace Rx.Tests.Delivery;

/// <summary>Threads that wait for events awake: they deliver what sleeping ones deliver, end as those do, and keep nothing.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class WaitStrategyTests(StreamConfiguration configuration)
{
    private static readonly TimeSpan _moment = TimeSpan.FromMilliseconds(1);

    public static IEnumerable<WaitStrategy> Strategies =>
        [WaitStrategy.Park, WaitStrategy.Spin, WaitStrategy.SpinThenPark(_moment), WaitStrategy.SpinThenPark(TimeSpan.FromHours(1))];

    public static IEnumerable<LagPolicy> Policies =>
        [LagPolicy.Unbounded, LagPolicy.Wait(3), LagPolicy.Fail(100_000), LagPolicy.DropOldest(100_000)];

    public static IEnumerable<SchedulerCase> WithoutThread => SchedulerCase.All.Where(c => c.ToString() is not ("NewThreadScheduler" or "DefaultScheduler, wrapped"));

    [Test]
    public void Observer_EventsInBurstsAndAlone_GetsAllInOrderAndTheEnd(
        [ValueSource(nameof(Strategies))] WaitStrategy strategy, [ValueSource(nameof(Policies))] LagPolicy policy)
    {
        using EventStream<int> stream = configuration.Create<int>();
        var observer = new RecordingObserver<int>();
        using EventSubscription subscription = OnThread(stream, strategy).WithLagPolicy(policy).Subscribe(observer);

        PublishSome(stream, () => observer.Count);
        stream.OnCompleted();

        Eventually.IsTrue(() => observer.IsEnded, "It ends.");
        Assert.That(observer.Values, Is.EqualTo(Enumerable.Range(0, 300)));
        Assert.That(observer.Violations, Is.Empty);
        Assert.That(observer.IsCompleted, Is.True);
    }

    [Test]
    public void Observer_StreamFails_GetsTheError([ValueSource(nameof(Strategies))] WaitStrategy strategy)
    {
        using EventStream<int> stream = configuration.Create<int>();
        var observer = new RecordingObserver<int>();
        var error = new InvalidOperationException();
        using EventSubscription subscription = OnThread(stream, strategy).Subscribe(observer);

        stream.OnError(error);

        Eventually.IsTrue(() => observer.IsEnded, "It ends.");
        Assert.That(observer.Error, Is.SameAs(error));
    }

    [Test]
    public async Task Handler_EachEvent_IsHandledOnce([ValueSource(nameof(Strategies))] WaitStrategy strategy)
    {
        using EventStream<int> stream = configuration.Create<int>();
        var handled = new List<int>();
        using EventSubscription subscription = OnThread(stream, strategy).SubscribeAwait(async (value, _) =>
        {
            await Task.Yield();
            handled.Add(value);
        });

        PublishSome(stream, () => (int)subscription.Sequence);
        await Eventually.Ends(stream.WhenCaughtUpAsync());
        stream.OnCompleted();
        await Eventually.Ends(subscription.WhenEndedAsync());

        Assert.That(handled, Is.EqualTo(Enumerable.Range(0, 300)));
    }

    [Test]
    public void Batches_WithDelay_AreDeliveredWhenTheirTimeIsOver([ValueSource(nameof(Strategies))] WaitStrategy strategy)
    {
        using EventStream<int> stream = configuration.Create<int>();
        var observer = new RecordingObserver<ReadOnlyMemory<int>>();
        using IDisposable subscription = OnThread(stream, strategy).Batch(10, _moment).Subscribe(observer);

        stream.OnNext(0);
        Eventually.IsTrue(() => observer.Count == 1, "The batch is not full, and its time is over.");
        stream.OnCompleted();

        Eventually.IsTrue(() => observer.IsEnded, "It ends.");
    }

    [Test]
    public void Dispose_ThreadIsAwake_Ends([ValueSource(nameof(Strategies))] WaitStrategy strategy, [Values] bool ofTheStream)
    {
        EventStream<int> stream = configuration.Create<int>();
        Thread? thread = null;
        EventSubscription subscription = OnThread(stream, strategy).Subscribe(Observer<int>(_ => Volatile.Write(ref thread, Thread.CurrentThread)));
        stream.OnNext(0);
        Eventually.IsTrue(() => Volatile.Read(ref thread) is not null, "It is called.");

        ((IDisposable)(ofTheStream ? stream : subscription)).Dispose();

        Eventually.Joins(thread!);
        Assert.That(subscription.IsDisposed, Is.True);
        Assert.That(stream.Subscriptions, Is.Empty);
        stream.Dispose();
    }

    [Test]
    public void Wait_NoEvent_SleepsWhereTheStrategySaysSo([ValueSource(nameof(Strategies))] WaitStrategy strategy)
    {
        using EventStream<int> stream = configuration.Create<int>();
        Thread? thread = null;
        using EventSubscription subscription = OnThread(stream, strategy)
            .Subscribe(Observer<int>(_ => Volatile.Write(ref thread, Thread.CurrentThread)));
        stream.OnNext(0);
        Eventually.IsTrue(() => Volatile.Read(ref thread) is not null, "It is called.");
        bool sleeps = strategy == WaitStrategy.Park || strategy.ToString() == WaitStrategy.SpinThenPark(_moment).ToString();

        if (sleeps)
        {
            Eventually.IsTrue(() => IsAsleep(thread!), "It sleeps.");
        }
        else
        {
            Assert.That(Enumerable.Range(0, 20).Count(_ => Sampled(thread!)), Is.Zero);
        }

        static bool Sampled(Thread thread)
        {
            Thread.Sleep(1);
            return IsAsleep(thread);
        }
    }

    /// <summary>The first event must not have to start a thread.</summary>
    [Test]
    public void Subscribe_NoEventYet_ThreadStartsWhereItWaitsAwake([ValueSource(nameof(Strategies))] WaitStrategy strategy)
    {
        using EventStream<int> stream = configuration.Create<int>();
        bool isStarted = false;
        var scheduler = new NewThreadScheduler(start =>
        {
            isStarted = true;
            return new Thread(start) { IsBackground = true };
        });

        using EventSubscription subscription = stream.ObserveOn(scheduler).WithWaitStrategy(strategy).Subscribe(Observer<int>(_ => { }));

        Assert.That(isStarted, Is.EqualTo(strategy != WaitStrategy.Park));
    }

    [Test]
    public void Observer_WaitsAwake_KeepsNoDeliveredEvents()
    {
        using EventStream<object> stream = configuration.Create<object>();
        int count = 0;
        using EventSubscription subscription = OnThread(stream, WaitStrategy.Spin).Subscribe(Observer<object>(_ => Interlocked.Increment(ref count)));
        WeakReference[] events = [.. Enumerable.Range(0, 1_000).Select(_ => Publish(stream))];
        Eventually.IsTrue(() => Volatile.Read(ref count) == events.Length, "All are delivered.");

        Eventually.IsTrue(
            () =>
            {
                GC.Collect();
                return events.Count(e => e.IsAlive) <= 64;
            },
            "Some tens stay.");
    }

    [TestCaseSource(nameof(WithoutThread))]
    public void Subscribe_NoThreadOfItsOwn_ThrowsWithTheReason(object scheduler)
    {
        using EventStream<int> stream = configuration.Create<int>();
        using SchedulerUnderTest underTest = ((SchedulerCase)scheduler).Create();

        InvalidOperationException error = Assert.Throws<InvalidOperationException>(
            () => stream.ObserveOn(underTest.Scheduler).WithWaitStrategy(WaitStrategy.Spin).Subscribe(Observer<int>(_ => { })))!;

        Assert.That(error.Message, Does.StartWith("WaitStrategy.Spin needs a scheduler that gives the subscription a thread of its own"));
        Assert.That(stream.Subscriptions, Is.Empty);
        using IDisposable parks = stream.ObserveOn(underTest.Scheduler).WithWaitStrategy(WaitStrategy.Park).Subscribe(Observer<int>(_ => { }));
    }

    [Test]
    public void Subscribe_OnThePublishingThread_ThrowsWithTheReason()
    {
        using EventStream<int> stream = configuration.Create<int>();

        InvalidOperationException error = Assert.Throws<InvalidOperationException>(
            () => stream.WithWaitStrategy(WaitStrategy.SpinThenPark(TimeSpan.FromSeconds(2))).Subscribe(Observer<int>(_ => { })))!;

        Assert.That(error.Message, Does.StartWith("WaitStrategy.SpinThenPark(00:00:02) needs a scheduler"));
        Assert.That(stream.HasObservers, Is.False);
    }

    [Test]
    public void Reader_OnAThread_ReadsAllInOrder([ValueSource(nameof(Strategies))] WaitStrategy strategy)
    {
        using EventStream<int> stream = configuration.Create<int>();
        using EventReader<int> reader = stream.WithWaitStrategy(strategy).OpenReader();
        var values = new List<int>();
        Task read = Eventually.OnThread(() =>
        {
            while (reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            {
                while (reader.TryRead(out int value))
                {
                    values.Add(value);
                }
            }
        });

        PublishSome(stream, () => (int)reader.Sequence);
        stream.OnCompleted();

        Eventually.Ends(read).GetAwaiter().GetResult();
        Assert.That(values, Is.EqualTo(Enumerable.Range(0, 300)));
    }

    [Test]
    public void WaitToReadAsync_Spins_ReturnsWithItsResult()
    {
        using EventStream<int> stream = configuration.Create<int>();
        using EventReader<int> reader = stream.WithWaitStrategy(WaitStrategy.Spin).OpenReader();
        bool isSynchronous = false;
        Task waits = Eventually.OnThread(() => isSynchronous = reader.WaitToReadAsync().AsTask().IsCompleted);

        stream.OnNext(0);

        Eventually.Ends(waits).GetAwaiter().GetResult();
        Assert.That(isSynchronous, Is.True);
    }

    [Test]
    public void WaitToReadAsync_CancelledOrDisposedWhileItSpins_Ends([Values] bool isCancelled)
    {
        using EventStream<int> stream = configuration.Create<int>();
        using EventReader<int> reader = stream.WithWaitStrategy(WaitStrategy.Spin).OpenReader();
        using var cancel = new CancellationTokenSource();
        using var begins = new ManualResetEventSlim();
        Task<bool>? wait = null;
        Task waits = Eventually.OnThread(() =>
        {
            begins.Set();
            wait = reader.WaitToReadAsync(cancel.Token).AsTask();
        });
        Eventually.IsSet(begins, "It begins.");

        if (isCancelled)
        {
            cancel.Cancel();
        }
        else
        {
            reader.Dispose();
        }

        Eventually.Ends(waits).GetAwaiter().GetResult();
        Assert.That(() => wait, isCancelled ? Throws.InstanceOf<OperationCanceledException>() : Throws.InstanceOf<ObjectDisposedException>());
    }

    private static EventObservable<T> OnThread<T>(EventStream<T> stream, WaitStrategy strategy) =>
        stream.ObserveOn(NewThreadScheduler.Default).WithWaitStrategy(strategy);

    private static IObserver<T> Observer<T>(Action<T> onNext) => System.Reactive.Observer.Create(onNext);

    private static bool IsAsleep(Thread thread) => thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin);

    /// <summary>Publishes 300 numbers: some alone, each after the one before was consumed, and some in runs.</summary>
    private static void PublishSome(EventStream<int> stream, Func<int> consumed)
    {
        for (int i = 0; i < 300; i++)
        {
            stream.OnNext(i);
            if (i % 40 < 10)
            {
                int published = i + 1;
                Eventually.IsTrue(() => consumed() >= published, "It is consumed.");
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Publish(EventStream<object> stream)
    {
        object value = new();
        stream.OnNext(value);
        return new WeakReference(value);
    }
}
