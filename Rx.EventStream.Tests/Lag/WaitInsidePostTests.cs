using System.Reactive.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Lag;

/// <summary>A context that runs callbacks inside <c>Post</c> may run others there too, while the publisher has readers and observers still to wake. A
/// publisher that would wait for one of these there gets an exception.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class WaitInsidePostTests(StreamConfiguration configuration)
{
    private static readonly string[] _full =
        ["loop", "loop, one by one", "thread", "context", "context, one by one", "current thread", "pool", "pool, one by one", "clock", "handler", "reader"];

    /// <summary>Those that are still full when the publisher acts inside <c>Post</c>. Others may have been called by then.</summary>
    private static readonly string[] _stillFull = ["current thread", "clock", "reader"];

    [Test]
    public async Task OnNext_InsidePost_ReturnsOrThrows(
        [ValueSource(nameof(_full))] string full, [Values] bool isRun, [Values] bool hasInline, [Values] bool inAContinuation)
    {
        using EventStream<int> stream = configuration.Create<int>();
        using var on = new Schedulers();
        Exception? thrown = null;
        int acts = 0;
        var context = new ActingContext(() =>
        {
            if (acts++ == 0)
            {
                thrown = Thrown.By(isRun ? () => stream.OnNextRange([1]) : () => stream.OnNext(1));
            }
        });
        using EventReader<int> awaited = stream.OpenReader();
        using IDisposable first = inAContinuation ? awaited : stream.ObserveOn(context).Subscribe(static _ => { });
        if (inAContinuation)
        {
            AwaitOn(context, awaited);
        }

        using IDisposable? inline = hasInline ? stream.Subscribe(static _ => { }) : null;
        var seen = new List<int>();
        using IDisposable subscription = on.Subscribe(full, stream.WithLagPolicy(LagPolicy.Wait(1)), seen);

        await Eventually.Ends(Eventually.OnThread(() => stream.OnNext(0)));
        on.Clock.Start();
        await Eventually.Ends(stream.WhenCaughtUpAsync());

        Assert.That(acts, Is.GreaterThan(0));
        Assert.That(thrown, _stillFull.Contains(full) ? Is.TypeOf<InvalidOperationException>() : Is.Null.Or.TypeOf<InvalidOperationException>());
        Assert.That(stream.NextSequence, Is.EqualTo(thrown is null ? 2 : 1));
        Assert.That(seen, full == "reader" ? Is.Empty : Is.EqualTo(Enumerable.Range(0, (int)stream.NextSequence)));
    }

    /// <summary>It blocks no thread, so the observer is woken. The event is then published on the pool, so there are several writers.</summary>
    [Test]
    public async Task OnNextAsync_InsidePost_Waits([ValueSource(nameof(_full))] string full)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = configuration.SegmentCapacity });
        using var on = new Schedulers();
        Task<long>? publishing = null;
        var context = new ActingContext(() => publishing ??= stream.OnNextAsync(1).AsTask());
        using IDisposable first = stream.ObserveOn(context).Subscribe(static _ => { });
        var seen = new List<int>();
        using IDisposable subscription = on.Subscribe(full, stream.WithLagPolicy(LagPolicy.Wait(1)), seen);

        await Eventually.Ends(Eventually.OnThread(() => stream.OnNext(0)));
        on.Clock.Start();
        if (subscription is EventReader<int> reader)
        {
            Assert.That(publishing!.IsCompleted, Is.False, "The reader is full.");
            Assert.That(reader.TryRead(out _), Is.True);
        }

        Assert.That(await Eventually.Ends(publishing!), Is.EqualTo(1));
    }

    /// <summary>It waits for its turn in a second stream. The thread that delivers there waits for an observer that this thread is about to wake.</summary>
    [Test]
    public async Task OnNext_InsidePostToAStreamWhoseDeliveryWaits_BothReturn([Values("loop", "thread", "context")] string full, [Values] bool isRun)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = configuration.SegmentCapacity });
        using var second = new EventStream<int>(new EventStreamOptions { SegmentCapacity = configuration.SegmentCapacity, MaxInlineBacklog = 1 });
        using var on = new Schedulers();
        using var mayPublish = new ManualResetEventSlim();
        Thread? delivering = null;
        int acts = 0;
        var context = new ActingContext(() =>
        {
            if (acts++ == 0)
            {
                mayPublish.Set();
                Eventually.IsTrue(
                    () => Volatile.Read(ref delivering) is { ThreadState: var state } && state.HasFlag(ThreadState.WaitSleepJoin),
                    "The delivery waits.");
                if (isRun)
                {
                    second.OnNextRange([1]);
                }
                else
                {
                    second.OnNext(1);
                }
            }
        });
        using IDisposable first = stream.ObserveOn(context).Subscribe(static _ => { });
        var seen = new List<int>();
        using IDisposable subscription = on.Subscribe(full, stream.WithLagPolicy(LagPolicy.Wait(1)), seen);
        using IDisposable passing = second.Subscribe(value =>
        {
            if (value == 0)
            {
                mayPublish.Wait();
                Volatile.Write(ref delivering, Thread.CurrentThread);
                stream.OnNext(1);
            }
        });

        Task other = Eventually.OnThread(() => second.OnNext(0));
        Eventually.IsTrue(() => second.NextSequence == 1, "The second stream delivers.");
        await Eventually.Ends(Eventually.OnThread(() => stream.OnNext(0)));
        await Eventually.Ends(other);
        await Eventually.Ends(stream.WhenCaughtUpAsync());

        Assert.That(seen, Is.EqualTo(new[] { 0, 1 }));
        Assert.That(second.NextSequence, Is.EqualTo(2));
    }

    private static void AwaitOn(SynchronizationContext context, EventReader<int> reader)
    {
        SynchronizationContext? before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(context);
        Task reading = Read();
        SynchronizationContext.SetSynchronizationContext(before);
        Assert.That(reading.IsCompleted, Is.False);

        async Task Read() => await reader.WaitToReadAsync();
    }

    /// <summary>Runs callbacks inside <c>Post</c>, and after each another action.</summary>
    private sealed class ActingContext(Action then) : SynchronizationContext
    {
        public override SynchronizationContext CreateCopy() => this;

        public override void Post(SendOrPostCallback d, object? state)
        {
            d(state);
            then();
        }
    }

    private sealed class Schedulers : IDisposable
    {
        private readonly EventLoopScheduler _loop = new();
        private readonly PumpingContext _context = new();

        internal HistoricalScheduler Clock { get; } = new();

        public void Dispose()
        {
            _loop.Dispose();
            _context.Dispose();
        }

        internal IDisposable Subscribe(string kind, EventObservable<int> events, List<int> seen) => kind switch
        {
            "reader" => events.OpenReader(),
            "handler" => events.SubscribeAwait((value, _) =>
            {
                seen.Add(value);
                return default;
            }),
            "loop" => events.ObserveOn(_loop).Subscribe(seen.Add),
            "loop, one by one" => events.ObserveOn(_loop, maxBatch: 1).Subscribe(seen.Add),
            "thread" => events.ObserveOn(NewThreadScheduler.Default).Subscribe(seen.Add),
            "context" => events.ObserveOn(_context).Subscribe(seen.Add),
            "context, one by one" => events.ObserveOn(_context, maxBatch: 1).Subscribe(seen.Add),
            "current thread" => events.ObserveOn(CurrentThreadScheduler.Instance).Subscribe(seen.Add),
            "pool" => events.ObserveOn(TaskPoolScheduler.Default).Subscribe(seen.Add),
            "pool, one by one" => events.ObserveOn(TaskPoolScheduler.Default, maxBatch: 1).Subscribe(seen.Add),
            "clock" => events.ObserveOn(Clock).Subscribe(seen.Add),
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
    }
}
