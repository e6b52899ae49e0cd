using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Runtime.CompilerServices;
using Rx.Tests.Contract;

namespace Rx.Tests.Diagnostics;

/// <summary>Subscriptions that end in a call of their observer count that call, and so do those that no list has.</summary>
[TestFixture]
internal sealed class EndedInACallTests
{
    private const int Events = 5;

    private static IEnumerable<SchedulerCase?> Schedulers => [null, .. SchedulerCase.All];

    /// <summary>Where <c>Subscribe</c> throws, the subscription has ended too.</summary>
    [Test]
    public async Task Error_ObserverThrowsInItsReplay_IsTheException(
        [ValueSource(nameof(Schedulers))] SchedulerCase? scheduler, [Values] bool isImmediate, [Values("observer", "sequence", "batch")] string kind)
    {
        using SchedulerUnderTest? under = scheduler?.Create();
        string name = StreamMeterTests.NewName();
        using var stream = new EventStream<int>(new EventStreamOptions { Name = name, Retention = Retention.All });
        stream.OnNextRange([0, 1, 2, 3]);
        EventObservable<int> source = under is not null ? stream.ObserveOn(under.Scheduler.Catch<TimeoutException>(_ => true))
            : isImmediate ? stream.ObserveOn(ImmediateScheduler.Instance) : stream.AsObservable();
        EventSubscription? subscription = null;

        Exception? thrown = Thrown.By(() => _ = kind switch
        {
            "observer" => source.Subscribe(ThrowAtTwo),
            "sequence" => source.WithSequence().Subscribe(e => ThrowAtTwo(e.Value)),
            _ => source.Batch(1).Subscribe(batch => ThrowAtTwo(batch.Span[0])),
        });
        under?.Run();
        Assert.That(SpinWait.SpinUntil(() => Volatile.Read(ref subscription) is { IsDisposed: true }, TimeSpan.FromSeconds(30)), Is.True);
        await Eventually.Ends(subscription!.WhenEndedAsync());

        Assert.That(thrown, under is null ? Is.InstanceOf<TimeoutException>() : Is.Null);
        Assert.That(subscription.Error, Is.InstanceOf<TimeoutException>());
        Assert.That((subscription.Delivered, subscription.Sequence), Is.EqualTo((2L, 2L)));
        Assert.That(StreamMeterTests.Measure(name)["rx.eventstream.failed"], Is.EqualTo(1));

        void ThrowAtTwo(int value)
        {
            Volatile.Write(ref subscription, subscription ?? stream.Subscriptions.Single());
            if (value == 2)
            {
                throw new TimeoutException();
            }
        }
    }

    [Test]
    public async Task Dispose_InsideTheCall_IsCountedAsTheSubscriptionCounts(
        [ValueSource(nameof(Schedulers))] SchedulerCase? scheduler,
        [Values("observer", "sequence", "fault", "batch", "by key", "handler", "handler of batches", "projection")] string kind,
        [Values] bool isStream)
    {
        string name = StreamMeterTests.NewName();
        using SchedulerUnderTest? under = scheduler?.Create();
        using var stream = new EventStream<int>(new EventStreamOptions { Name = name });
        EventObservable<int> source = under is null ? stream.WithName("o") : stream.ObserveOn(under.Scheduler);
        IDisposable? subscribed = null;
        subscribed = Subscribe();
        EventSubscription subscription = subscribed as EventSubscription ?? stream.Subscriptions.Single();

        stream.OnNextRange([.. Enumerable.Range(0, Events)]);
        under?.Run();
        await Eventually.Ends(subscription.WhenEndedAsync());

        Dictionary<string, long> figures = StreamMeterTests.Measure(name);
        Assert.That(subscription.Delivered, Is.Positive);
        Assert.That(figures["rx.eventstream.delivered"], Is.EqualTo(subscription.Delivered));
        Assert.That(figures["rx.eventstream.faults"], Is.EqualTo(subscription.Faults));

        IDisposable Subscribe()
        {
            switch (kind)
            {
                case "sequence":
                    return source.WithSequence().Subscribe(e => End(e.Value));
                case "fault":
                    return source.WithFaultPolicy(under is null ? FaultPolicy<int>.Stop : FaultPolicy<int>.Continue(static _ => { })).Subscribe(value =>
                    {
                        End(value);
                        if (under is not null && value == 1)
                        {
                            throw new TimeoutException();
                        }
                    });
                case "batch":
                    return source.Batch(3).Subscribe(batch => End(batch.Span[^1]));
                case "by key":
                    return (under is null ? stream.ObserveLatestByKeyOn(static value => value, ImmediateScheduler.Instance)
                        : stream.ObserveLatestByKeyOn(static value => value, under.Scheduler)).Subscribe(End);
                case "handler":
                    return source.SubscribeAwait((value, _) =>
                    {
                        End(value);
                        return default;
                    });
                case "handler of batches":
                    return source.SubscribeAwaitBatch(3, (batch, _) =>
                    {
                        End(batch.Span[^1]);
                        return default;
                    });
                case "projection":
                    return source.ToProjection(0, (_, value) =>
                    {
                        End(value);
                        return value;
                    });
                default:
                    return source.Subscribe(End);
            }
        }

        void End(int value)
        {
            if (value >= 1)
            {
                if (isStream)
                {
                    stream.Dispose();
                }
                else
                {
                    subscribed!.Dispose();
                }
            }
        }
    }

    [Test]
    public void Dispose_InsideTheReplay_IsCounted([Values(1, 3, Events)] int upTo)
    {
        string name = StreamMeterTests.NewName();
        using var stream = new EventStream<int>(new EventStreamOptions { Name = name, Retention = Retention.All });
        stream.OnNextRange([.. Enumerable.Range(1, Events)]);
        int had = 0;
        stream.Subscribe(value =>
        {
            had++;
            if (value == upTo)
            {
                stream.Subscriptions.Single().Dispose();
            }
        });

        Assert.That(had, Is.EqualTo(upTo));
        Assert.That(StreamMeterTests.Measure(name)["rx.eventstream.delivered"], Is.EqualTo(upTo));
    }

    /// <summary>The list that counts them keeps some that have ended, and not more the more there are.</summary>
    [Test]
    public void Dispose_InsideTheCall_SubscriptionIsNotKept([Values("scheduled", "handler", "replay")] string kind)
    {
        const int Subscriptions = 200;
        const int FewEnded = 50;
        using var stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.Count(1) });
        stream.Subscribe(static _ => { });
        stream.ObserveOn(CurrentThreadScheduler.Instance).Subscribe(static _ => { });
        stream.OnNext(0);
        WeakReference[] ended = [.. Enumerable.Range(0, Subscriptions).Select(_ => Subscribe())];

        Eventually.IsTrue(() => CountAlive() < FewEnded, "The subscriptions are collected.");

        [MethodImpl(MethodImplOptions.NoInlining)]
        WeakReference Subscribe()
        {
            EventSubscription? called = null;
            EventObservable<int> scheduled = stream.ObserveOn(CurrentThreadScheduler.Instance);
            _ = kind switch
            {
                "scheduled" => scheduled.Subscribe(_ => End()),
                "handler" => scheduled.SubscribeAwait((_, _) =>
                {
                    End();
                    return default;
                }),
                _ => stream.Subscribe(_ => End()),
            };
            return new WeakReference(called);

            void End()
            {
                called = stream.Subscriptions[^1];
                called.Dispose();
            }
        }

        int CountAlive()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return ended.Count(static e => e.IsAlive);
        }
    }

    [Test]
    public void Subscribe_EndedStream_IsCounted([Values] bool fails)
    {
        string name = StreamMeterTests.NewName();
        using var stream = new EventStream<int>(new EventStreamOptions { Name = name, Retention = Retention.All });
        stream.OnNextRange([.. Enumerable.Range(1, Events)]);
        if (fails)
        {
            stream.OnError(Marbles.Error);
        }
        else
        {
            stream.OnCompleted();
        }

        var observer = new RecordingObserver<int>();
        stream.Subscribe(observer);
        stream.Subscribe(observer);

        Assert.That(observer.Values, Has.Count.EqualTo(2 * Events));
        Assert.That(StreamMeterTests.Measure(name)["rx.eventstream.delivered"], Is.EqualTo(2 * Events));
    }
}
