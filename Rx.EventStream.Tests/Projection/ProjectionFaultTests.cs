using System.Reactive.Concurrency;
using System.Reactive.Disposables;
using System.Reactive.Linq;
using Rx.Tests.Contract;
using Rx.Tests.Delivery;
using Rx.Tests.Diagnostics;

namespace Rx.Tests.Projection;

/// <summary>When <c>apply</c> throws, the projection ends; the stream, and the followers of earlier snapshots, are not affected.</summary>
[TestFixture]
internal sealed class ProjectionFaultTests
{
    private const int Poison = 3;

    private static IEnumerable<SchedulerCase?> Schedulers => [null, .. SchedulerCase.All];

    [Test]
    public void Follow_ApplyThrows_FollowersGetEveryEvent([Values] bool singleWriter, [Values(1, 2, 64)] int capacity)
    {
        var scheduler = new HistoricalScheduler();
        using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = singleWriter, SegmentCapacity = capacity });
        using EventProjection<int, int> projection = stream.ToProjection(0, Apply);
        EventObservable<int> follow = projection.Current.Position.AsObservable();
        RecordingObserver<int> inline = new(), scheduled = new(), batched = new(), late = new();
        follow.Subscribe(inline);
        follow.ObserveOn(scheduler).Subscribe(scheduled);
        follow.ObserveOn(scheduler).Batch(10).SelectMany(batch => batch.ToArray()).Subscribe(batched);
        using EventReader<int> reader = follow.OpenReader();

        stream.OnNextRange([1, 2, Poison, 4, 5]);
        scheduler.Start();
        follow.Subscribe(late);

        foreach (RecordingObserver<int> follower in new[] { inline, scheduled, batched, late })
        {
            Assert.That(follower.Values, Is.EqualTo(new[] { 1, 2, Poison, 4, 5 }));
            Assert.That(follower.Error, Is.Null);
        }

        int read = 0;
        while (reader.TryReadBatch(10, out ReadOnlyMemory<int> batch))
        {
            read += batch.Length;
        }

        Assert.That(read, Is.EqualTo(5));
        Assert.That(() => projection.Current, Throws.Exception.SameAs(Marbles.Error));
    }

    /// <summary>The disposal has ended the projection, wherever it was called, so what <c>apply</c> throws later does not.</summary>
    [Test]
    public async Task Completion_ApplyDisposesAndThrows_IsDisposed(
        [ValueSource(nameof(Schedulers))] SchedulerCase? scheduler, [Values] bool replays, [Values] bool disposesStream, [Values] bool singleWriter)
    {
        using SchedulerUnderTest? under = scheduler?.Create();
        using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = singleWriter, Retention = Retention.All });
        EventObservable<int> source = under is null ? stream.AsObservable() : stream.ObserveOn(under.Scheduler);
        if (replays)
        {
            stream.OnNextRange([1, 2, Poison, 4]);
        }

        EventSubscription? subscription = null;
        using EventProjection<int, int> projection = source.ToProjection(0, (state, value) =>
        {
            subscription ??= stream.Subscriptions.Single();
            if (value == Poison)
            {
                (disposesStream ? (IDisposable)stream : subscription).Dispose();
            }

            return Apply(state, value);
        });
        if (!replays)
        {
            stream.OnNextRange([1, 2, Poison, 4]);
        }

        under?.Run();
        Assert.That(async () => await Eventually.Ends(projection.Completion), Throws.TypeOf<ObjectDisposedException>());
        await Eventually.Ends(subscription!.WhenEndedAsync());

        Assert.That(() => projection.State, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(subscription.Error, Is.Null);
    }

    /// <summary>As with an observer that throws: a checkpoint that is taken from there does not skip the event.</summary>
    [Test]
    public async Task Sequence_ApplyThrows_IsThatOfTheEvent(
        [ValueSource(nameof(Schedulers))] SchedulerCase? scheduler, [Values] bool replays, [Values] bool singleWriter, [Values(1, 2, 64)] int capacity)
    {
        string name = StreamMeterTests.NewName();
        using SchedulerUnderTest? under = scheduler?.Create();
        using var stream = new EventStream<int>(
            new EventStreamOptions { SingleWriter = singleWriter, SegmentCapacity = capacity, Name = name, Retention = Retention.All });
        EventObservable<int> source = under is null ? stream.AsObservable() : stream.ObserveOn(under.Scheduler);
        int[] events = [1, 2, Poison, 4, 5];
        if (replays)
        {
            stream.OnNextRange(events);
        }

        EventSubscription? subscription = null;
        using EventProjection<int, int> projection = source.ToProjection(0, (state, value) =>
        {
            subscription ??= stream.Subscriptions.Single();
            return Apply(state, value);
        });
        if (!replays)
        {
            stream.OnNextRange(events);
        }

        under?.Run();
        Assert.That(async () => await Eventually.Ends(projection.Completion), Throws.Exception.SameAs(Marbles.Error));
        await Eventually.Ends(subscription!.WhenEndedAsync());

        Assert.That((projection.Sequence, subscription.Sequence, subscription.Delivered), Is.EqualTo((2L, 2L, 2L)));
        Assert.That(subscription.Error, Is.SameAs(Marbles.Error));
        Assert.That(StreamMeterTests.Measure(name)["rx.eventstream.delivered"], Is.EqualTo(2));
    }

    [Test]
    public void Follow_ProjectionDisposed_GoesOn()
    {
        using var stream = new EventStream<int>();
        EventProjection<int, int> projection = stream.ToProjection(0, Apply);
        var follower = new RecordingObserver<int>();
        projection.Current.Position.AsObservable().Subscribe(follower);

        projection.Dispose();
        stream.OnNext(Poison);

        Assert.That(follower.Values, Is.EqualTo(new[] { Poison }));
        Assert.That(follower.Error, Is.Null);
    }

    /// <summary>What a projection has ended with remains its end, whatever is disposed afterwards.</summary>
    [Test]
    public void AsObservable_FailedThenDisposed_TellsTheException(
        [Values("nothing", "projection", "stream", "both")] string disposed, [Values] bool onScheduler, [Values] bool joinsLate)
    {
        var time = new HistoricalScheduler();
        using var stream = new EventStream<int>();
        EventObservable<int> source = onScheduler ? stream.ObserveOn(time) : stream.WithName("p");
        EventProjection<int, int> projection = source.ToProjection(0, Apply);
        var early = new RecordingObserver<int>();
        projection.AsObservable().Subscribe(early);
        stream.OnNextRange([1, Poison]);
        time.Start();

        if (disposed is "projection" or "both")
        {
            projection.Dispose();
        }

        if (disposed is "stream" or "both")
        {
            stream.Dispose();
        }

        var late = new RecordingObserver<int>();
        if (joinsLate)
        {
            projection.AsObservable().Subscribe(late);
            Assert.That((late.Values, late.Error), Is.EqualTo((Array.Empty<int>(), Marbles.Error)));
        }

        Assert.That((early.Values, early.Error), Is.EqualTo((new[] { 0, 1 }, Marbles.Error)));
    }

    [Test]
    public void ToProjection_SchedulerTakesNoWork_GivesItsLeaseBack()
    {
        var loop = new EventLoopScheduler();
        loop.Dispose();
        using var stream = new EventStream<int>(new EventStreamOptions { Scheduler = loop, Retention = Retention.Count(1), SegmentCapacity = 16 });
        stream.OnNext(0);

        Assert.That(() => stream.ToProjection(0, (sum, value) => sum + value), Throws.InstanceOf<ObjectDisposedException>());
        for (int i = 0; i < 1_000; i++)
        {
            stream.OnNext(i);
        }

        Assert.That(stream.Log.CountSegments(), Is.LessThan(5));
    }

    /// <summary>A scheduler whose cancellation throws must not keep the projection from giving its leases back.</summary>
    [Test]
    public void ToProjection_CancellationThrows_GivesItsLeasesBack([Values] bool isFaulted, [Values(1, 2, 64)] int capacity)
    {
        var scheduler = new Uncancellable();
        using var stream = new EventStream<int>(new EventStreamOptions { Scheduler = scheduler, SegmentCapacity = capacity });
        EventProjection<int, int> projection = stream.ToProjection(0, Apply);
        if (isFaulted)
        {
            stream.OnNext(Poison);
            Assert.That(scheduler.Run, Throws.Exception.SameAs(Uncancellable.Error));
            Assert.That(() => projection.Current, Throws.Exception.SameAs(Marbles.Error));
        }
        else
        {
            stream.OnNext(1);
            Assert.That(projection.Dispose, Throws.Exception.SameAs(Uncancellable.Error));
            Assert.That(() => projection.Current, Throws.InstanceOf<ObjectDisposedException>());
        }

        for (int i = 0; i < 1_000; i++)
        {
            stream.OnNext(0);
        }

        Assert.That(stream.Log.CountSegments(), Is.EqualTo(1));
        Assert.That(stream.HasObservers, Is.False);
    }

    /// <summary>Observers of the states throw when they are told of the end. That is not what the projection's subscription ended with.</summary>
    [Test]
    public void Error_StateObserverThrowsAtTheEnd_IsNotItsException(
        [Values(null, "current thread", "virtual time", "context")] string? scheduler, [Values("completed", "failed", "fault")] string end)
    {
        var time = new HistoricalScheduler();
        using var stream = new EventStream<int>();
        EventObservable<int> source = scheduler switch
        {
            null => stream.WithName("p"),
            "current thread" => stream.ObserveOn(CurrentThreadScheduler.Instance),
            "virtual time" => stream.ObserveOn(time),
            _ => stream.ObserveOn(new HostileContextTests.HostileContext(HostileContextTests.HostileContext.Way.AtOnce, throwsItself: false)),
        };
        using EventProjection<int, int> projection = source.ToProjection(0, Apply);
        EventSubscription subscription = stream.Subscriptions.Single();
        projection.AsObservable().Subscribe(static _ => { }, static _ => throw new TimeoutException(), static () => throw new TimeoutException());

        Assert.That(
            () =>
            {
                switch (end)
                {
                    case "completed":
                        stream.OnCompleted();
                        break;
                    case "failed":
                        stream.OnError(Marbles.Error);
                        break;
                    default:
                        stream.OnNext(Poison);
                        break;
                }

                time.Start();
            },
            Throws.TypeOf<TimeoutException>());

        Assert.That(subscription.IsDisposed, Is.True);
        Assert.That(subscription.Error, end == "completed" ? Is.Null : Is.SameAs(Marbles.Error));
        Assert.That(projection.Completion.Exception?.InnerException, end == "completed" ? Is.Null : Is.SameAs(Marbles.Error));
    }

    /// <summary>Runs actions when a test says so, and throws when one is cancelled.</summary>
    private sealed class Uncancellable : LocalScheduler
    {
        private Action? _action;

        internal static InvalidOperationException Error { get; } = new("The action cannot be cancelled.");

        public override IDisposable Schedule<TState>(TState state, TimeSpan dueTime, Func<IScheduler, TState, IDisposable> action)
        {
            _action = () => action(this, state);
            return Disposable.Create(() => throw Error);
        }

        internal void Run() => _action!();
    }

    private static int Apply(int sum, int value) => value == Poison ? throw Marbles.Error : sum + value;
}
