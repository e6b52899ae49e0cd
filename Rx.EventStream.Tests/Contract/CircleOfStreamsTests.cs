using System.Reactive.Concurrency;
using Rx.Tests.Concurrency;

namespace Rx.Tests.Contract;

/// <summary>The observers of two streams publish to the other stream, where one is held back by a bounded backlog and the other by a subscriber
/// with <see cref="LagPolicy.Wait"/>: no thread waits for itself.</summary>
[TestFixture(1)]
[TestFixture(64)]
internal sealed class CircleOfStreamsTests(int capacity)
{
    private static readonly string[] _kinds = ["pool", "loop", "thread", "handler", "handler after its await", "handler of batches"];

    private EventStream<int> _inline = null!;
    private EventStream<int> _scheduled = null!;

    [SetUp]
    public void SetUp()
    {
        _inline = new EventStream<int>(new EventStreamOptions { MaxInlineBacklog = 1, SegmentCapacity = capacity });
        _scheduled = new EventStream<int>(new EventStreamOptions { SegmentCapacity = capacity });
    }

    [TearDown]
    public void TearDown()
    {
        _inline.Dispose();
        _scheduled.Dispose();
    }

    /// <summary>Whichever of the two waits last closes the circle.</summary>
    [Test]
    public async Task OnNext_OneWaitsForRoomAndOneForItsTurn_BothReturn(
        [ValueSource(nameof(_kinds))] string kind, [Values] bool isTurnLast, [Values] bool hasStreamBetween)
    {
        using ManualResetEventSlim isCalled = new(), mayPublishBack = new(), mayPublishOn = new();
        using var between = new EventStream<int>(new EventStreamOptions { SegmentCapacity = capacity });
        var back = new RecordingObserver<int>();
        int calls = 0;
        Thread? publishesOn = null;
        Thread? publishesBack = null;
        using IDisposable publishing = _inline.Subscribe(value =>
        {
            if (value == 2)
            {
                mayPublishOn.Wait();
                Volatile.Write(ref publishesOn, Thread.CurrentThread);
            }

            if (value > 0)
            {
                (hasStreamBetween ? between : _scheduled).OnNext(value);
            }
            else
            {
                back.OnNext(value);
            }
        });
        using IDisposable passing = between.Subscribe(_scheduled);
        using var loop = new EventLoopScheduler();
        using EventSubscription waited = Subscribe(kind, loop, _ =>
        {
            isCalled.Set();
            if (Interlocked.Increment(ref calls) == 1)
            {
                mayPublishBack.Wait();
                Volatile.Write(ref publishesBack, Thread.CurrentThread);
                _inline.OnNext(-1);
            }
        });

        _inline.OnNext(1);
        Eventually.IsSet(isCalled, "The subscriber has the first event, and no room for a second.");
        Task delivering = Eventually.OnThread(() => _inline.OnNext(2));
        Eventually.IsTrue(() => _inline.NextSequence == 2, "The second is in delivery.");
        LetOneWaitFirst(
            isTurnLast ? mayPublishOn : mayPublishBack,
            () => isTurnLast ? Volatile.Read(ref publishesOn) : Volatile.Read(ref publishesBack),
            isTurnLast ? mayPublishBack : mayPublishOn);

        await Eventually.Ends(delivering);
        await Eventually.Ends(_scheduled.WhenCaughtUpAsync());
        await Eventually.Ends(_inline.WhenCaughtUpAsync());
        Assert.That((calls, back.Values), Is.EqualTo((2, new[] { -1 })));
    }

    /// <summary>Two publishers on one side, and a subscriber on the other that publishes back. If it takes the delivery over, it publishes inside a
    /// delivery of the stream that it subscribes to, where waiting is refused.</summary>
    [Test]
    public async Task OnNext_PublishersFloodTheCircle_NothingIsLost([ValueSource(nameof(_kinds))] string kind)
    {
        const int Each = 200;
        List<int> seen = [];
        int back = 0;
        int refused = 0;
        using IDisposable publishing = _inline.Subscribe(value =>
        {
            if (value < 0)
            {
                back++;
            }
            else
            {
                seen.Add(value);
                try
                {
                    _scheduled.OnNext(value);
                }
                catch (InvalidOperationException)
                {
                    refused++;
                }
            }
        });
        using var loop = new EventLoopScheduler();
        using EventSubscription waited = Subscribe(kind, loop, value => _inline.OnNext(-1 - value));

        await Eventually.Ends(Task.WhenAll(Enumerable.Range(0, 2).Select(publisher => Eventually.OnThread(() =>
        {
            for (int i = 0; i < Each; i++)
            {
                _inline.OnNext((2 * i) + publisher);
            }
        }))));
        await Eventually.Ends(_scheduled.WhenCaughtUpAsync());
        await Eventually.Ends(_inline.WhenCaughtUpAsync());

        Assert.That(seen.Order(), Is.EqualTo(Enumerable.Range(0, 2 * Each)));
        Assert.That(back, Is.EqualTo((2 * Each) - refused));
        Assert.That(waited.Delivered, Is.EqualTo((2 * Each) - refused));
    }

    /// <summary>The subscriber that is waited for was not called yet, and its thread is known only by another observer, of the other stream. Or it has
    /// its turn after an observer that waits in a delivery of its own stream.</summary>
    [Test]
    public async Task OnNext_SubscriberHasNotBeenCalled_BothReturn(
        [Values("same loop", "same context", "turn on a loop", "turn on a context")] string kind, [Values] bool isTurnLast, [Values] bool isRun)
    {
        using ManualResetEventSlim mayPublishOn = new(), mayPublishBack = new();
        using var loop = new EventLoopScheduler();
        using var context = new PumpingContext();
        bool isSame = kind.StartsWith("same", StringComparison.Ordinal);
        IScheduler same = kind == "same loop" ? loop : new SynchronizationContextScheduler(context);
        Thread? publishesOn = null;
        Thread? publishesBack = null;
        var seen = new RecordingObserver<int>();
        EventObservable<int> waited = _scheduled.WithLagPolicy(LagPolicy.Wait(1));
        waited = kind switch
        {
            "same loop" or "same context" => waited.ObserveOn(same),
            "turn on a loop" => waited.ObserveOn(loop, maxBatch: 1),
            _ => waited.ObserveOn(context, maxBatch: 1),
        };
        using IDisposable publishingBack = isSame
            ? _inline.ObserveOn(same).Subscribe(value => PublishBack(value, _inline))
            : _scheduled.Subscribe(value => PublishBack(value - 1, _inline));
        using IDisposable full = waited.Subscribe(seen);
        using IDisposable publishingOn = _inline.Subscribe(value =>
        {
            if (value == 0)
            {
                mayPublishOn.Wait();
                Volatile.Write(ref publishesOn, Thread.CurrentThread);
                Publish(_scheduled, 2);
                Publish(_scheduled, 3);
            }
        });

        Task delivering = Eventually.OnThread(() => _inline.OnNext(0));
        Task first = isSame ? Task.CompletedTask : Eventually.OnThread(() => _scheduled.OnNext(1));
        Eventually.IsTrue(() => _scheduled.NextSequence == (isSame ? 0 : 1), "The first event is in delivery.");
        LetOneWaitFirst(
            isTurnLast ? mayPublishOn : mayPublishBack,
            () => isTurnLast ? Volatile.Read(ref publishesOn) : Volatile.Read(ref publishesBack),
            isTurnLast ? mayPublishBack : mayPublishOn);

        await Eventually.Ends(delivering);
        await Eventually.Ends(first);
        await Eventually.Ends(_scheduled.WhenCaughtUpAsync());
        Assert.That(seen.Values, Is.EqualTo(isSame ? new[] { 2, 3 } : [1, 2, 3]));
        Assert.That(_inline.NextSequence, Is.EqualTo(3));

        void PublishBack(int value, EventStream<int> stream)
        {
            if (value == 0)
            {
                mayPublishBack.Wait();
                Volatile.Write(ref publishesBack, Thread.CurrentThread);
                Publish(stream, -1);
                Publish(stream, -2);
            }
        }

        void Publish(EventStream<int> stream, int value)
        {
            if (isRun)
            {
                stream.OnNextRange([value]);
            }
            else
            {
                stream.OnNext(value);
            }
        }
    }

    /// <summary>The subscriber has room for the publisher's event, but not for the run of one that waits before it.</summary>
    [Test]
    public async Task OnNext_BehindARunThatWaits_BothReturn([Values("loop", "context")] string kind, [Values(2, 5, 20)] int length, [Values] bool isRun)
    {
        const int Room = 8;
        using ManualResetEventSlim isCalled = new(), mayPublishBack = new(), mayPublishOn = new();
        using var loop = new EventLoopScheduler();
        using var context = new PumpingContext();
        IScheduler same = kind == "loop" ? loop : new SynchronizationContextScheduler(context);
        using IDisposable publishingBack = _inline.ObserveOn(same).Subscribe(value =>
        {
            if (value == 0)
            {
                isCalled.Set();
                mayPublishBack.Wait();
                _inline.OnNextRange([-1, -2]);
            }
        });
        var seen = new RecordingObserver<int>();
        using IDisposable full = _scheduled.WithLagPolicy(LagPolicy.Wait(Room)).ObserveOn(same).Subscribe(seen);
        using IDisposable publishingOn = _inline.Subscribe(value =>
        {
            if (value == 0)
            {
                mayPublishOn.Wait();
                if (isRun)
                {
                    _scheduled.OnNextRange([100]);
                }
                else
                {
                    _scheduled.OnNext(100);
                }
            }
        });

        Task delivering = Eventually.OnThread(() => _inline.OnNext(0));
        Eventually.IsSet(isCalled, "The scheduler's thread is busy.");
        _scheduled.OnNextRange([.. Enumerable.Range(0, Room - 1)]);
        Task waiting = _scheduled.OnNextRangeAsync(new int[length]).AsTask();
        mayPublishOn.Set();
        mayPublishBack.Set();

        await Eventually.Ends(delivering);
        await Eventually.Ends(waiting);
        await Eventually.Ends(_scheduled.WhenCaughtUpAsync());
        Assert.That(seen.Values, Is.EqualTo(Enumerable.Range(0, Room - 1).Concat(new int[length]).Append(100)));
        Assert.That(_inline.NextSequence, Is.EqualTo(3));
    }

    /// <summary>Other publishers take the subscriber's last room, after the circle has closed.</summary>
    [Test]
    public async Task OnNext_OthersTakeTheLastRoom_AllReturn([Values("loop", "context")] string kind, [Values(1, 6)] int room, [Values(2, 4)] int publishers)
    {
        const int Rounds = 30;
        const int Each = 15;
        using var loop = new EventLoopScheduler();
        using var context = new PumpingContext();
        for (int round = 0; round < Rounds; round++)
        {
            TearDown();
            SetUp();
            EventObservable<int> waited = _scheduled.WithLagPolicy(LagPolicy.Wait(room));
            using IDisposable full = (kind == "loop" ? waited.ObserveOn(loop) : waited.ObserveOn(context)).Subscribe(static _ => { });
            using IDisposable publishingOn = _inline.Subscribe(value =>
            {
                try
                {
                    _scheduled.OnNext(value);
                }
                catch (InvalidOperationException)
                {
                    // The subscriber's own thread delivers.
                }
            });
            EventObservable<int> back = kind == "loop" ? _inline.ObserveOn(loop) : _inline.ObserveOn(context);
            using IDisposable publishingBack = back.Subscribe(value =>
            {
                if (value > 0)
                {
                    _inline.OnNext(0);
                }
            });

            await Eventually.Ends(Task.WhenAll(Enumerable.Range(0, publishers).Select(number => Eventually.OnThread(() =>
            {
                for (int i = 0; i < Each; i++)
                {
                    (number % 2 == 0 ? _inline : _scheduled).OnNext(1);
                }
            }))));
            await Eventually.Ends(_inline.WhenCaughtUpAsync());
            await Eventually.Ends(_scheduled.WhenCaughtUpAsync());
            Assert.That(_inline.NextSequence, Is.EqualTo(2 * Each * (publishers / 2)));
        }
    }

    /// <summary>Lets one of two threads go on until it waits, and then the other.</summary>
    private static void LetOneWaitFirst(ManualResetEventSlim first, Func<Thread?> waiting, ManualResetEventSlim second)
    {
        first.Set();
        Eventually.IsTrue(
            () => waiting() is { ThreadState: var state } && state.HasFlag(ThreadState.WaitSleepJoin), "One of the two waits.");
        second.Set();
    }

    private EventSubscription Subscribe(string kind, IScheduler loop, Action<int> onNext)
    {
        EventObservable<int> events = _scheduled.WithLagPolicy(LagPolicy.Wait(1));
        return kind switch
        {
            "handler" => events.SubscribeAwait((value, _) =>
            {
                onNext(value);
                return default;
            }),
            "handler after its await" => events.SubscribeAwait(async (value, _) =>
            {
                await Task.Yield();
                onNext(value);
            }),
            "handler of batches" => events.SubscribeAwaitBatch(10, async (batch, _) =>
            {
                await Task.Yield();
                foreach (int value in batch.ToArray())
                {
                    onNext(value);
                }
            }),
            _ => (EventSubscription)events.ObserveOn(kind switch { "pool" => TaskPoolScheduler.Default, "loop" => loop, _ => NewThreadScheduler.Default })
                .Subscribe(onNext),
        };
    }
}
