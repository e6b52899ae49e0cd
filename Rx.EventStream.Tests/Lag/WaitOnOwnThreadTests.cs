using System.Reactive.Concurrency;
using System.Reactive.Linq;
using Rx.Tests.Contract;

namespace Rx.Tests.Lag;

/// <summary>A publisher that would wait for an observer which its own thread has to call gets an exception.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class WaitOnOwnThreadTests(StreamConfiguration configuration)
{
    public enum Observing
    {
        Plain,
        Handler,
        Batches,
        HandlerOfBatches,
    }

    public enum Kind
    {
        CurrentThread,
        Context,
        ContextOfEachCallback,
        ContextScheduler,
        EventLoop,
        Historical,
        Marbles,
        Test,
    }

    /// <summary>Of these an action may be scheduled on one thread while another runs them.</summary>
    private static Kind[] ThatTakeAnyThread => [.. Enum.GetValues<Kind>().Where(static kind => kind != Kind.Historical)];

    [Test]
    public async Task OnNext_OnTheObserversThread_ThrowsWhereItWouldWait(
        [Values] Kind kind, [Values] Observing observing, [Values(0, 1)] int maxBatch, [Values] bool isRange)
    {
        using EventStream<int> stream = configuration.Create<int>();
        using var on = new OneThread(kind);
        var seen = new List<int>();
        using IDisposable subscription = Subscribe(on.Observe(stream, maxBatch), observing, seen.Add);
        await Eventually.Ends(on.RunAsync(() => stream.OnNext(-1)));
        await Eventually.Ends(stream.WhenCaughtUpAsync());

        Exception? thrown = null;
        await Eventually.Ends(on.RunAsync(() =>
        {
            stream.OnNext(0);
            stream.OnNext(1);
            thrown = Assert.Catch(isRange ? () => stream.OnNextRange([2]) : () => stream.OnNext(2));
        }));
        await Eventually.Ends(stream.WhenCaughtUpAsync());

        Assert.That(thrown, Is.TypeOf<InvalidOperationException>().With.Message.Contains("is called on the thread that publishes"));
        Assert.That(seen, Is.EqualTo(new[] { -1, 0, 1 }), "Nothing accepted is lost.");
    }

    /// <summary>The publisher waits for a reader, and only then has the observer no room: other publishers came first.</summary>
    [Test]
    public async Task OnNext_ObserverFullWhileItWaits_Throws([Values] Kind kind, [Values(1, 2, 3)] int before, [Values] bool isLongRun)
    {
        using EventStream<int> stream = configuration.Create<int>();
        using EventReader<int> reader = stream.WithLagPolicy(LagPolicy.Wait(2)).OpenReader();
        using var on = new OneThread(kind);
        var seen = new List<int>();
        using IDisposable subscription = on.Observe(stream, maxBatch: 0).WithLagPolicy(LagPolicy.Wait(3)).Subscribe(seen.Add);
        await Eventually.Ends(on.RunAsync(() => stream.OnNext(-1)));
        reader.TryRead(out _);
        await Eventually.Ends(stream.WhenCaughtUpAsync());
        Thread? publisher = null;
        Exception? thrown = null;
        int[] run = [2, 2, 2];
        var waiting = new List<Task>();

        Task publishing = on.RunAsync(() =>
        {
            Volatile.Write(ref publisher, Thread.CurrentThread);
            stream.OnNext(0);
            stream.OnNext(1);
            waiting.AddRange(Enumerable.Range(0, before).Select(_ => isLongRun ? stream.OnNextRangeAsync(run).AsTask() : stream.OnNextAsync(2).AsTask()));
            thrown = Assert.Catch(() => stream.OnNext(3));
        });
        Eventually.IsTrue(
            () => publishing.IsCompleted || Volatile.Read(ref publisher) is { ThreadState: var state } && state.HasFlag(ThreadState.WaitSleepJoin),
            "The publisher waits.");
        reader.TryRead(out _);
        reader.TryRead(out _);
        await Eventually.Ends(publishing);
        if (kind == Kind.Historical)
        {
            subscription.Dispose(); // one thread at a time may use such a clock, and the others publish on the pool
        }

        reader.Dispose();
        Eventually.IsTrue(
            () =>
            {
                on.RunAsync(() => { }).Wait(); // a clock stops when it has nothing to do
                return waiting.TrueForAll(task => task.IsCompleted);
            },
            "The others go on.");

        Assert.That(thrown, Is.TypeOf<InvalidOperationException>().With.Message.Contains("is called on the thread that publishes"));
    }

    /// <summary>Waiting without blocking gives the thread back, so the observer is called.</summary>
    [Test]
    public async Task OnNextAsync_OnTheObserversThread_Waits([ValueSource(nameof(ThatTakeAnyThread))] Kind kind, [Values] Observing observing)
    {
        using EventStream<int> stream = configuration.Create<int>();
        using var on = new OneThread(kind);
        var seen = new List<int>();
        using IDisposable subscription = Subscribe(on.Observe(stream, 0), observing, seen.Add);
        Task? last = null;

        await Eventually.Ends(on.RunAsync(() =>
        {
            stream.OnNext(0);
            stream.OnNext(1);
            last = stream.OnNextAsync(2).AsTask();
        }));
        Eventually.IsTrue(
            () =>
            {
                on.RunAsync(() => { }).Wait(); // a clock stops when it has nothing to do
                return last!.IsCompleted && stream.WhenCaughtUpAsync().IsCompleted;
            },
            "The observer has seen all.");

        Assert.That(seen, Is.EqualTo(new[] { 0, 1, 2 }));
    }

    private static IDisposable Subscribe(EventObservable<int> events, Observing observing, Action<int> onNext) => observing switch
    {
        Observing.Handler => events.WithLagPolicy(LagPolicy.Wait(2)).SubscribeAwait((value, _) =>
        {
            onNext(value);
            return ValueTask.CompletedTask;
        }),
        Observing.HandlerOfBatches => events.WithLagPolicy(LagPolicy.Wait(2)).SubscribeAwaitBatch(8, (batch, _) =>
        {
            Array.ForEach(batch.ToArray(), onNext);
            return ValueTask.CompletedTask;
        }),
        Observing.Batches => events.WithLagPolicy(LagPolicy.Wait(2)).Batch(8).Subscribe(batch => Array.ForEach(batch.Span.ToArray(), onNext)),
        _ => events.WithLagPolicy(LagPolicy.Wait(2)).Subscribe(onNext),
    };

    /// <summary>A scheduler whose actions all run on one thread.</summary>
    private sealed class OneThread : IDisposable
    {
        private readonly PumpingContext _thread = new();
        private readonly IScheduler? _scheduler;
        private readonly Action _moveClock = static () => { };
        private readonly SynchronizationContext _context;

        internal OneThread(Kind kind)
        {
            _context = _thread;
            switch (kind)
            {
                case Kind.CurrentThread:
                    _scheduler = CurrentThreadScheduler.Instance;
                    break;
                case Kind.ContextOfEachCallback:
                    _context = new ContextOfACallback(_thread);
                    break;
                case Kind.ContextScheduler:
                    _scheduler = new SynchronizationContextScheduler(_thread);
                    break;
                case Kind.EventLoop:
                    _scheduler = new EventLoopScheduler();
                    break;
                case Kind.Historical:
                    var historical = new HistoricalScheduler();
                    (_scheduler, _moveClock) = (historical, historical.Start);
                    break;
                case Kind.Marbles:
                    var marbles = new MarbleScheduler();
                    (_scheduler, _moveClock) = (marbles, marbles.Start);
                    break;
                case Kind.Test:
                    var test = new TestScheduler();
                    (_scheduler, _moveClock) = (test, () => test.AdvanceBy(1_000));
                    break;
            }
        }

        public void Dispose()
        {
            _thread.Dispose();
            (_scheduler as IDisposable)?.Dispose();
        }

        internal EventObservable<int> Observe(EventStream<int> stream, int maxBatch) => (_scheduler, maxBatch) switch
        {
            (null, 0) => stream.ObserveOn(_context),
            (null, _) => stream.ObserveOn(_context, maxBatch),
            (var scheduler, 0) => stream.ObserveOn(scheduler),
            var (scheduler, _) => stream.ObserveOn(scheduler, maxBatch),
        };

        /// <summary>Runs an action of the scheduler.</summary>
        internal async Task RunAsync(Action action)
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_scheduler is EventLoopScheduler loop)
            {
                loop.Schedule(Act);
            }
            else
            {
                _context.Post(_ => Start(), null);
            }

            await done.Task;

            void Start()
            {
                if (_scheduler is null)
                {
                    Act();
                    return;
                }

                _scheduler.Schedule(Act);
                _moveClock();
            }

            void Act()
            {
                try
                {
                    action();
                    done.SetResult();
                }
                catch (Exception error)
                {
                    done.SetException(error);
                }
            }
        }
    }

    /// <summary>A context that has a new object for each of its callbacks, as WPF's dispatcher has.</summary>
    private sealed class ContextOfACallback(PumpingContext thread) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => thread.Post(
            _ =>
            {
                SetSynchronizationContext(new ContextOfACallback(thread));
                try
                {
                    d(state);
                }
                finally
                {
                    SetSynchronizationContext(thread);
                }
            },
            null);
    }
}
