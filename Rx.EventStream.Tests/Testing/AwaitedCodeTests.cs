using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Reactive.Subjects;
using System.Threading.Channels;

namespace Rx.Tests.Testing;

/// <summary>Awaited code, timers and Rx on one clock.</summary>
[TestFixture]
internal sealed class AwaitedCodeTests
{
    private static readonly TimeSpan _ms = TimeSpan.FromMilliseconds(1);

    [Test]
    public void Run_TaskDelay_MovesWithRx()
    {
        var seen = new List<string>();
        MarbleScheduler.Run(async scheduler =>
        {
            long Frame() => scheduler.Clock / scheduler.Frame.Ticks;
            scheduler.Hot("-a-b-c-d-e|").Subscribe(c => seen.Add($"{Frame()}{c}"));
            await Task.Delay(2 * _ms, scheduler.TimeProvider);
            seen.Add($"{Frame()}!");
            await Task.Delay(TimeSpan.FromMinutes(1), scheduler.TimeProvider);
            seen.Add($"{Frame()}!");
        });

        Assert.That(seen, Is.EqualTo(new[] { "1a", "2!", "3b", "5c", "7d", "9e", "60002!" }));
    }

    [Test]
    public void TimeProvider_Clock_IsTheSchedulers() => MarbleScheduler.Run(async scheduler =>
    {
        TimeProvider time = scheduler.TimeProvider;
        long start = time.GetTimestamp();
        DateTimeOffset now = time.GetUtcNow();

        await Task.Delay(7 * _ms, time);

        Assert.That(time.GetElapsedTime(start), Is.EqualTo(7 * _ms));
        Assert.That(time.GetUtcNow() - now, Is.EqualTo(7 * _ms));
        Assert.That(time.GetLocalNow().Offset, Is.EqualTo(TimeSpan.Zero));
        Assert.That(scheduler.Now, Is.EqualTo(time.GetUtcNow()));
    });

    [Test]
    public void TimeProvider_PeriodicTimer_Ticks()
    {
        var frames = new List<long>();
        MarbleScheduler.Run(async scheduler =>
        {
            using var timer = new PeriodicTimer(5 * _ms, scheduler.TimeProvider);

            while (frames.Count < 3 && await timer.WaitForNextTickAsync())
            {
                frames.Add(scheduler.Clock / scheduler.Frame.Ticks);
            }
        });

        Assert.That(frames, Is.EqualTo(new[] { 5, 10, 15 }));
    }

    [Test]
    public void TimeProvider_CancellationTokenSourceAndWaitAsync_TimeOut() => MarbleScheduler.Run(async scheduler =>
    {
        using var limit = new CancellationTokenSource(5 * _ms, scheduler.TimeProvider);
        var never = new TaskCompletionSource();

        Assert.That(await CatchAsync(Task.Delay(TimeSpan.FromDays(1), scheduler.TimeProvider, limit.Token)), Is.InstanceOf<OperationCanceledException>());
        Assert.That(scheduler.Clock, Is.EqualTo(5 * TimeSpan.TicksPerMillisecond));
        Assert.That(await CatchAsync(never.Task.WaitAsync(3 * _ms, scheduler.TimeProvider)), Is.InstanceOf<TimeoutException>());
        Assert.That(scheduler.Clock, Is.EqualTo(8 * TimeSpan.TicksPerMillisecond));
    });

    [Test]
    public void CreateTimer_EachChange_FiresWhenItSays()
    {
        var scheduler = new MarbleScheduler();
        var fired = new List<long>();
        using ITimer timer = scheduler.TimeProvider.CreateTimer(_ => fired.Add(scheduler.Clock), null, TimeSpan.Zero, TimeSpan.FromTicks(10));
        ITimer never = scheduler.TimeProvider.CreateTimer(_ => fired.Add(-1), null, Timeout.InfiniteTimeSpan, TimeSpan.FromTicks(1));

        scheduler.AdvanceTo(25);
        timer.Change(TimeSpan.FromTicks(7), TimeSpan.Zero);
        scheduler.AdvanceTo(50);
        timer.Change(Timeout.InfiniteTimeSpan, TimeSpan.FromTicks(1));
        scheduler.AdvanceTo(100);
        never.Dispose();

        Assert.That(fired, Is.EqualTo(new[] { 1, 11, 21, 32 }));
        Assert.That(never.Change(TimeSpan.Zero, TimeSpan.Zero), Is.False);
        Assert.That(() => timer.Change(TimeSpan.FromTicks(-3), TimeSpan.Zero), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => scheduler.TimeProvider.CreateTimer(null!, null, TimeSpan.Zero, TimeSpan.Zero), Throws.ArgumentNullException);
    }

    [Test]
    public void CreateTimer_ExecutionContext_OfTheCreation()
    {
        var scheduler = new MarbleScheduler();
        var local = new AsyncLocal<string>();
        string? seen = null;

        local.Value = "creation";
        using ITimer timer = scheduler.TimeProvider.CreateTimer(_ => seen = local.Value, null, _ms, _ms);
        local.Value = "run";
        scheduler.AdvanceTo("-");

        Assert.That(seen, Is.EqualTo("creation"));
    }

    [Test]
    public void Run_AwaitedObservable_InItsFrame() => MarbleScheduler.Run(async scheduler =>
    {
        IObservable<char> source = scheduler.Hot("-a-b-c|");

        Assert.That((await source.FirstAsync(), scheduler.Clock), Is.EqualTo(('a', 10_000)));
        Assert.That((await source.LastAsync(), scheduler.Clock), Is.EqualTo(('c', 60_000)));
    });

    [Test]
    public void Run_ExpectationsAndBody_BothChecked()
    {
        Assert.That(
            () => MarbleScheduler.Run(async scheduler =>
            {
                scheduler.Expect(scheduler.Hot("-a-b-c|")).ToBe("-a-b-d|");
                await Task.Delay(2 * _ms, scheduler.TimeProvider);
            }),
            Throws.TypeOf<MarbleException>());
        Assert.That(
            () => MarbleScheduler.Run(async scheduler =>
            {
                await Task.Delay(2 * _ms, scheduler.TimeProvider);
                throw new IOException("body");
            }),
            Throws.TypeOf<IOException>());
        Assert.That(() => MarbleScheduler.Run(_ => throw new IOException("body")), Throws.TypeOf<IOException>());
    }

    // Rx's Interval goes on forever. The body ends.
    [Test]
    public void Run_EndlessSource_EndsWithTheBody()
    {
        int count = 0;
        MarbleScheduler.Run(async scheduler =>
        {
            using IDisposable endless = Observable.Interval(_ms, scheduler).Subscribe(_ => count++);
            await Task.Delay(100 * _ms, scheduler.TimeProvider);
        });

        Assert.That(count, Is.EqualTo(99).Or.EqualTo(100));
    }

    [Test]
    public void Run_TaskThatNothingCompletes_EndsWithAnException() =>
        Assert.That(
            () => MarbleScheduler.Run(async scheduler =>
            {
                scheduler.RealTimeLimit = TimeSpan.FromMilliseconds(20);
                scheduler.Hot("---a").Subscribe();
                await new TaskCompletionSource().Task;
            }),
            Throws.TypeOf<MarbleException>().With.Message.EqualTo(
                "The test waits for something that no scheduled action completes. Nothing is left to run in frame 3, and no other thread has completed it in 0.02 s."));

    [Test]
    public void Run_CompletedByAnotherThread_GoesOn()
    {
        MarbleScheduler.Run(async scheduler =>
        {
            var completed = new TaskCompletionSource();
            var thread = new Thread(() => completed.SetResult());
            scheduler.Schedule(TimeSpan.FromTicks(5), () => thread.Start());

            await completed.Task;

            Assert.That(scheduler.Clock, Is.EqualTo(5));
            thread.Join();
        });
    }

    [Test]
    public void Run_TaskRun_EndsInItsTick([Values] bool isBusy) => MarbleScheduler.Run(async scheduler =>
    {
        using var busy = new BusyPool(isBusy ? Environment.ProcessorCount : 0);
        scheduler.Hot("-a-b-c-d-e-f-g-h 1s |").Subscribe();
        await Task.Delay(2 * _ms, scheduler.TimeProvider);

        for (int i = 0; i < 30; i++)
        {
            await Task.Run(() => Thread.SpinWait(2_000));
            Assert.That(scheduler.Clock, Is.EqualTo((2 + i) * TimeSpan.TicksPerMillisecond));
            await Task.Delay(_ms, scheduler.TimeProvider);
        }
    });

    [Test]
    public void Run_CodeOfALibrary_EndsInItsTick([Values] bool isBusy) => MarbleScheduler.Run(async scheduler =>
    {
        using var busy = new BusyPool(isBusy ? Environment.ProcessorCount : 0);
        var channel = Channel.CreateUnbounded<char>();
        var seen = new List<(long, char)>();
        scheduler.Hot("-a-b-c-d-e-f-g-h|").Subscribe(c => channel.Writer.TryWrite(c), () => channel.Writer.Complete());

        await foreach (char c in channel.Reader.ReadAllAsync())
        {
            seen.Add((scheduler.Clock / scheduler.Frame.Ticks, c));
        }

        Assert.That(seen, Is.EqualTo("abcdefgh".Select((c, i) => (1L + (2 * i), c))));
    });

    [Test]
    public void Run_AwaitForEachOverAStream_OnVirtualTime([Values] bool isBusy, [Values(1, 2, 64)] int segmentCapacity)
    {
        MarbleScheduler.Run(async scheduler =>
        {
            using var busy = new BusyPool(isBusy ? Environment.ProcessorCount : 0);
            using var stream = new EventStream<char>(new EventStreamOptions { SegmentCapacity = segmentCapacity });
            using var seen = new Subject<char>();
            scheduler.Hot("-a-b-(cd)-e|").Subscribe(stream);
            scheduler.Expect(seen).ToBe("  -a-b-c-(de)");

            await foreach (char c in stream.ReadAllAsync())
            {
                seen.OnNext(c);

                if (c == 'c')
                {
                    await Task.Delay(2 * _ms, scheduler.TimeProvider);
                }
            }
        });
    }

    [Test]
    public void Run_AsyncHandlersOfAStream_OnVirtualTime([Values] bool isBusy) => MarbleScheduler.Run(scheduler =>
    {
        using var busy = new BusyPool(isBusy ? Environment.ProcessorCount : 0);
        var stream = new EventStream<char>();
        var done = new Subject<char>();
        scheduler.Hot("-abc------d|").Subscribe(stream);
        EventSubscription subscription = stream.ObserveOn(scheduler).SubscribeAwait(async (c, cancellation) =>
        {
            await Task.Delay(2 * _ms, scheduler.TimeProvider, cancellation);
            done.OnNext(c);
        });
        MarbleRecording<long> lag = scheduler.Track("lag", () => subscription.Lag);

        scheduler.Expect(done).ToBe("---a-b-c----d");
        scheduler.Expect(lag).ToBe(" 012--1-0--1-0");
        scheduler.Start();
    });

    [Test]
    public void Run_AsyncVoidThatThrows_LeavesTheRun() =>
        Assert.That(
            () => MarbleScheduler.Run(scheduler =>
            {
                scheduler.Hot("-a").Subscribe(async _ =>
                {
                    await Task.Delay(_ms, scheduler.TimeProvider);
                    throw new IOException("handler");
                });
            }),
            Throws.TypeOf<IOException>());

    [Test]
    public void SynchronizationContext_Send_OnTheRunsThreadOnly() => MarbleScheduler.Run(async scheduler =>
    {
        SynchronizationContext context = SynchronizationContext.Current!;
        int sent = 0;

        context.Send(_ => sent++, null);
        Exception? elsewhere = await Task.Run(() => Assert.Catch(() => context.Send(_ => sent++, null)));

        Assert.That(sent, Is.EqualTo(1));
        Assert.That(elsewhere, Is.TypeOf<NotSupportedException>());
        Assert.That(context.CreateCopy(), Is.SameAs(context));
    });

    private static async Task<Exception?> CatchAsync(Task task)
    {
        try
        {
            await task;
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    /// <summary>Other tests, which keep the thread pool busy.</summary>
    private sealed class BusyPool : IDisposable
    {
        private readonly CancellationTokenSource _stop = new();

        public BusyPool(int tests)
        {
            using AsyncFlowControl flow = ExecutionContext.SuppressFlow();

            for (int i = 0; i < tests; i++)
            {
                ThreadPool.UnsafeQueueUserWorkItem(Work, this, preferLocal: false);
            }
        }

        public void Dispose() => _stop.Cancel();

        private static void Work(BusyPool pool)
        {
            Thread.SpinWait(500);

            if (!pool._stop.IsCancellationRequested)
            {
                ThreadPool.UnsafeQueueUserWorkItem(Work, pool, preferLocal: false);
            }
        }
    }
}
