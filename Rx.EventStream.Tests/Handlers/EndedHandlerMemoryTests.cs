using System.Reactive.Concurrency;
using System.Runtime.CompilerServices;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Handlers;

/// <summary>A handler's subscription that has ended keeps no event of a call that has returned, also if no thread has seen that it has.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class EndedHandlerMemoryTests(StreamConfiguration configuration)
{
    private const int Calls = 40;

    private readonly List<WeakReference> _events = [];

    [Test]
    public async Task Ended_CallsHaveReturned_KeepsNothing(
        [Values("calls", "by key", "batches")] string kind,
        [Values("schedule throws", "disposed before the calls are settled", "disposed before they return", "stream disposed", "a call throws")]
        string end)
    {
        (EventSubscription subscription, EventStream<object> stream) = await EndAsync(kind, end);

        AssertCollected();
        Assert.That(subscription.Sequence, Is.LessThanOrEqualTo(Calls));
        GC.KeepAlive(subscription);
        GC.KeepAlive(stream);
    }

    /// <summary>Where <c>OnError</c> or <c>OnCompleted</c> throws, everything is let go all the same. Without an <c>OnError</c> an error throws.</summary>
    [Test]
    public void Ended_TheObserverThrowsAtTheEnd_KeepsNothing(
        [Values("calls", "by key", "batches", "observer", "observed batches", "timed batches", "latest by key")] string kind, [Values] bool fails,
        [Values] bool waits)
    {
        EventSubscription subscription = EndWithThrow(kind, fails, waits ? LagPolicy.Wait(1_000) : LagPolicy.Unbounded, out CancellationToken token);

        AssertCollected();
        Assert.That(subscription.IsDisposed, Is.True);
        Assert.That(token.IsCancellationRequested, Is.EqualTo(kind is "calls" or "by key" or "batches"));
        GC.KeepAlive(subscription);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private EventSubscription EndWithThrow(string kind, bool fails, LagPolicy policy, out CancellationToken token)
    {
        EventStream<object> stream = configuration.Create<object>();
        var manual = new ManualScheduler();
        EventObservable<object> observed = stream.ObserveOn(manual).WithLagPolicy(policy);
        CancellationToken seen = default;
        static void Throw() => throw new TimeoutException();
        EventSubscription subscription = kind switch
        {
            "batches" => observed.SubscribeAwaitBatch(10, (_, t) => Call(t), new() { OnCompleted = Throw }),
            "calls" => observed.SubscribeAwait((_, t) => Call(t), new() { OnCompleted = Throw }),
            "by key" => observed.SubscribeAwait((_, t) => Call(t), new() { OnCompleted = Throw, PartitionKey = static value => value }),
            "observer" => (EventSubscription)observed.Subscribe(static _ => { }, Throw),
            "observed batches" => (EventSubscription)observed.Batch(10).Subscribe(static _ => { }, Throw),
            "timed batches" => (EventSubscription)observed.Batch(10, TimeSpan.FromSeconds(1)).Subscribe(static _ => { }, Throw),
            _ => (EventSubscription)stream.ObserveLatestByKeyOn(static value => value, manual).Subscribe(static _ => { }, Throw),
        };
        for (int i = 0; i < Calls; i++)
        {
            Publish(stream);
        }

        manual.RunAll();
        if (fails)
        {
            stream.OnError(new TimeoutException());
        }
        else
        {
            stream.OnCompleted();
        }

        Assert.That(manual.RunAll, Throws.TypeOf<TimeoutException>());
        token = seen;
        return subscription;

        ValueTask Call(CancellationToken token)
        {
            seen = token;
            return default;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task<(EventSubscription Subscription, EventStream<object> Stream)> EndAsync(string kind, string end)
    {
        EventStream<object> stream = configuration.Create<object>();
        var scheduler = new StoppingScheduler();
        var mayReturn = new TaskCompletionSource();
        int begun = 0;
        EventSubscription subscription = kind == "batches"
            ? stream.ObserveOn(scheduler).SubscribeAwaitBatch(1, (batch, _) => CallAsync(batch.Length), new() { MaxConcurrency = Calls })
            : stream.ObserveOn(scheduler).SubscribeAwait(
                (_, _) => CallAsync(1), new() { MaxConcurrency = Calls, PartitionKey = kind == "by key" ? static value => value : null });
        for (int i = 0; i < Calls; i++)
        {
            Publish(stream);
            scheduler.Manual.RunAll();
        }

        Assert.That(begun, Is.EqualTo(Calls));
        scheduler.IsStopped = end == "schedule throws";
        if (end == "disposed before they return")
        {
            subscription.Dispose();
        }

        await Eventually.Ends(Eventually.OnThread(mayReturn.SetResult)); // all have returned when that thread has ended
        if (end == "a call throws")
        {
            Assert.That(scheduler.Manual.RunAll, Throws.TypeOf<TimeoutException>());
        }

        if (end == "disposed before the calls are settled")
        {
            subscription.Dispose();
        }

        if (end == "stream disposed")
        {
            stream.Dispose();
        }

        await Eventually.Ends(subscription.WhenEndedAsync());
        Assert.That(subscription.IsDisposed, Is.True);
        stream.Dispose();
        return (subscription, stream);

        async ValueTask CallAsync(int count)
        {
            bool throws = begun == 0 && end == "a call throws";
            begun += count;
            await mayReturn.Task.ConfigureAwait(false);
            if (throws)
            {
                throw new TimeoutException();
            }
        }
    }

    private void AssertCollected() => Eventually.IsTrue(
        () =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return _events.TrueForAll(static e => !e.IsAlive);
        },
        "The events are collected.");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Publish(EventStream<object> stream)
    {
        object value = new();
        _events.Add(new WeakReference(value));
        stream.OnNext(value);
    }

    /// <summary>Runs actions by hand, until it takes none any more.</summary>
    private sealed class StoppingScheduler : LocalScheduler
    {
        public ManualScheduler Manual { get; } = new();

        public bool IsStopped { get; set; }

        public override IDisposable Schedule<TState>(TState state, TimeSpan dueTime, Func<IScheduler, TState, IDisposable> action) =>
            IsStopped ? throw new InvalidOperationException("The host has stopped.") : Manual.Schedule(state, dueTime, action);
    }
}
