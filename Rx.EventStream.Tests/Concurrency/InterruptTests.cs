using System.Reactive.Concurrency;
using Rx.Storage;
using Rx.Tests.Contract;

namespace Rx.Tests.Concurrency;

/// <summary><see cref="Thread.Interrupt"/> ends the waiting of the publisher that it hits, at whatever place that is, and no other publisher's.</summary>
[TestFixture]
[Category("Slow")]
internal sealed class InterruptTests
{
    private const int Publishers = 3;
    private const int Each = 100;
    private const int Rounds = 300;

    [Test]
    public async Task Interrupt_PublishersThatWait_OthersGoOn([Values("turns", "pool", "handler")] string kind)
    {
        var random = new Random(7);
        for (int round = 0; round < Rounds; round++)
        {
            using var stream = new EventStream<(int Publisher, int Value)>(new EventStreamOptions { MaxInlineBacklog = 1 });
            int[] next = new int[Publishers];
            int delivered = 0;
            int wrong = 0;
            void OnNext((int Publisher, int Value) value)
            {
                wrong += value.Value >= next[value.Publisher] ? 0 : 1;
                next[value.Publisher] = value.Value + 1;
                delivered++;
            }

            EventObservable<(int, int)> waited = stream.WithLagPolicy(LagPolicy.Wait(1));
            using IDisposable subscription = kind switch
            {
                "turns" => stream.Subscribe(OnNext),
                "pool" => waited.ObserveOn(TaskPoolScheduler.Default).Subscribe(OnNext),
                _ => waited.SubscribeAwait(async (value, _) =>
                {
                    await Task.Yield();
                    OnNext(value);
                }),
            };
            int given = 0;
            Thread[] threads = new Thread[Publishers];
            Task[] publishing =
            [
                .. Enumerable.Range(0, Publishers).Select(publisher => Eventually.OnThread(() =>
                {
                    Volatile.Write(ref threads[publisher], Thread.CurrentThread);
                    for (int i = 0; i < Each; i++)
                    {
                        try
                        {
                            stream.OnNext((publisher, i));
                            Interlocked.Increment(ref given);
                        }
                        catch (ThreadInterruptedException)
                        {
                            // seldom on a busy machine, where publishers meet less often
                        }
                    }
                })),
            ];
            Eventually.IsTrue(() => Array.TrueForAll(threads, static t => t is not null), "The publishers have begun.");
            for (int i = 0; i < 20; i++)
            {
                threads[random.Next(Publishers)].Interrupt();
                Thread.SpinWait(random.Next(2_000));
            }

            await Eventually.Ends(Task.WhenAll(publishing));
            await Eventually.Ends(stream.WhenCaughtUpAsync());
            Assert.That(wrong, Is.Zero);
            Assert.That(delivered, kind == "turns" ? Is.EqualTo(Publishers * Each) : Is.EqualTo(given), "Where publishers wait for room, an event is not published if the wait is interrupted.");
        }
    }

    /// <summary>As an exception of its observer: publishers do not wait for it any more.</summary>
    [Test]
    public async Task Interrupt_ThreadOfAnObserver_EndsItsSubscription(
        [Values] bool isInCall, [Values("observer", "handler", "projection")] string kind, [Values] bool waits, [Values] bool spins)
    {
        Exception? thrown = null;
        Thread? thread = null;
        using var stream = new EventStream<int>();
        IScheduler scheduler = NewThreadScheduler.Default.Catch<Exception>(error => (thrown = error) is not null);
        EventObservable<int> source = stream.ObserveOn(scheduler).WithLagPolicy(waits ? LagPolicy.Wait(1) : LagPolicy.Unbounded)
            .WithWaitStrategy(spins ? WaitStrategy.SpinThenPark(TimeSpan.FromMilliseconds(1)) : WaitStrategy.Park);
        using IDisposable subscribed = kind switch
        {
            "observer" => source.Subscribe(OnNext),
            "handler" => source.SubscribeAwait((value, _) =>
            {
                OnNext(value);
                return default;
            }),
            _ => source.ToProjection(0, (_, value) =>
            {
                OnNext(value);
                return value;
            }),
        };
        EventSubscription subscription = stream.Subscriptions.Single();

        stream.OnNext(0);
        await Eventually.Ends(stream.WhenCaughtUpAsync());
        if (!isInCall)
        {
            thread!.Interrupt();
        }

        await Eventually.Ends(subscription.WhenEndedAsync());
        await Eventually.Ends(Eventually.OnThread(() => stream.OnNextRange([1, 2, 3])));

        Assert.That(subscription.Error, Is.TypeOf<ThreadInterruptedException>());
        Assert.That(stream.Subscriptions, Is.Empty);
        Eventually.IsTrue(() => Volatile.Read(ref thrown) == subscription.Error, "The exception leaves the action.");

        void OnNext(int value)
        {
            thread = Thread.CurrentThread;
            if (isInCall)
            {
                thread.Interrupt(); // meets the next wait
            }
        }
    }

    /// <summary>Where a thread is interrupted while it subscribes, disposes or asks, the other threads go on, and nothing is left behind.</summary>
    [Test]
    public async Task Interrupt_ThreadsThatSubscribeAndDispose_LeaveNothingBehind()
    {
        var random = new Random(11);
        for (int round = 0; round < Rounds; round++)
        {
            using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = 4 });
            using IDisposable first = stream.WithName("first").Subscribe(static _ => { });
            Thread[] threads = new Thread[Publishers];
            Task[] users =
            [
                .. Enumerable.Range(0, Publishers).Select(number => Eventually.OnThread(() =>
                {
                    Volatile.Write(ref threads[number], Thread.CurrentThread);
                    for (int i = 0; i < Each; i++)
                    {
                        IDisposable? subscription = null;
                        UnlessInterrupted(() => subscription = Subscribe(stream, (number + i) % 7));
                        UnlessInterrupted(() => stream.OnNext(i));
                        UnlessInterrupted(() => _ = stream.Subscriptions.Count);
                        UnlessInterrupted(() => subscription?.Dispose());
                    }
                })),
            ];
            Eventually.IsTrue(() => Array.TrueForAll(threads, static t => t is not null), "The threads have begun.");
            for (int i = 0; i < 100; i++)
            {
                threads[random.Next(Publishers)].Interrupt();
                Thread.SpinWait(random.Next(2_000));
            }

            await Eventually.Ends(Task.WhenAll(users));
            stream.OnNext(-1);
            await Eventually.Ends(stream.WhenCaughtUpAsync());
            Assert.That(stream.Subscriptions.Select(static s => $"{s.Name} {s.Lag}"), Is.EqualTo(["first 0"]));
            Assert.That(stream.Log.CountSegments(), Is.LessThanOrEqualTo(2));
        }
    }

    /// <summary>An observer that publishes as many events as it has never catches up, so it leaves the rest to other publishers, and waits a moment for one.</summary>
    [Test]
    public async Task Interrupt_SubscriberThatLeavesItsReplay_MeetsItsNextWait([Values("inline", "current thread", "projection")] string kind)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.Count(10) });
        stream.OnNext(0);
        List<int> seen = [];
        EventObservable<int> source = kind == "inline" ? stream.AsObservable() : stream.ObserveOn(CurrentThreadScheduler.Instance);
        await Eventually.Ends(Eventually.OnThread(() =>
        {
            using IDisposable subscription = kind == "projection"
                ? stream.ToProjection(0, (_, value) =>
                {
                    OnNext(value);
                    return value;
                })
                : source.Subscribe(OnNext);
            Assert.That(stream.Subscriptions.Single().Delivered, Is.EqualTo(seen.Count));
            Assert.That(static () => Thread.Sleep(0), Throws.TypeOf<ThreadInterruptedException>());
        }));

        Assert.That(seen, Is.EqualTo(Enumerable.Range(0, 30)));

        void OnNext(int value)
        {
            seen.Add(value);
            Thread.CurrentThread.Interrupt();
            if (value + 1 < 30)
            {
                stream.OnNext(value + 1);
            }
        }
    }

    /// <summary>Disposing waits for the event, and others wait for the disposal.</summary>
    [Test]
    public async Task Interrupt_DisposeWhileAnEventIsBeingPublished_MeetsItsNextWait([Values(1, 2, 64)] int capacity)
    {
        var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = capacity });
        using EventReader<int> reader = stream.OpenReader();
        Segment<int> tail = stream.Log.TailBeforeClaim();
        long hole = stream.Log.Claims.Claim(1).Count;
        stream.OnNext(1);

        Task disposing = Eventually.OnThread(() =>
        {
            Thread.CurrentThread.Interrupt();
            stream.Dispose();
            Assert.That(static () => Thread.Sleep(0), Throws.TypeOf<ThreadInterruptedException>());
        });
        Eventually.IsTrue(() => stream.Log.IsDisposed || disposing.IsCompleted, "It is being disposed.");
        Thread.Sleep(20); // so that it sleeps, if it does at all
        stream.Log.Publish(tail, hole, 0);
        await Eventually.Ends(disposing);

        Assert.That(reader.TryRead(out int first) && first == 0 && reader.TryRead(out int second) && second == 1, Is.True);
        await Assert.ThatAsync(() => reader.WaitToReadAsync().AsTask(), Throws.TypeOf<ObjectDisposedException>());
    }

    private static IDisposable Subscribe(EventStream<int> stream, int kind) => kind switch
    {
        0 => stream.WithName("inline").Subscribe(static _ => { }),
        1 => stream.ObserveOn(TaskPoolScheduler.Default).WithName("pool").Subscribe(static _ => { }),
        2 => stream.ObserveOn(TaskPoolScheduler.Default).WithLagPolicy(LagPolicy.Wait(100)).WithName("waited for").Subscribe(static _ => { }),
        3 => stream.ObserveOn(CurrentThreadScheduler.Instance).WithName("current thread").Subscribe(static _ => { }),
        4 => stream.WithName("handler").SubscribeAwait(static async (_, _) => await Task.Yield()),
        5 => stream.WithLagPolicy(LagPolicy.DropOldest(10)).WithName("reader").OpenReader(),
        _ => stream.ToProjection(0, static (sum, value) => sum + value),
    };

    private static void UnlessInterrupted(Action action)
    {
        try
        {
            action();
        }
        catch (ThreadInterruptedException)
        {
        }
    }
}
