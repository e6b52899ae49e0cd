using System.Reactive.Concurrency;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Projection;

/// <summary>A caller that waits for an event to be in the state learns of it, or of what keeps it from coming.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class WhenReachedTests(StreamConfiguration configuration)
{
    private readonly ManualScheduler _scheduler = new();
    private EventStream<int> _stream = null!;

    private static IEnumerable<SchedulerCase> Schedulers => SchedulerCase.Concurrent;

    [SetUp]
    public void SetUp() => _stream = configuration.Create<int>();

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [Test]
    public void WhenReachedAsync_NumberOfAnEvent_DoneOnceItIsInTheState()
    {
        using EventProjection<int, int> projection = _stream.ObserveOn(_scheduler, maxBatch: 1).ToProjection(0, Sum);
        _stream.OnNextRange([10, 20]);
        Task first = projection.WhenReachedAsync(0), second = projection.WhenReachedAsync(1);

        Assert.That((first.IsCompleted, second.IsCompleted), Is.EqualTo((false, false)));
        _scheduler.RunOne();
        Assert.That((projection.State, first.IsCompletedSuccessfully, second.IsCompleted), Is.EqualTo((10, true, false)));
        _scheduler.RunOne();
        Assert.That((projection.State, second.IsCompletedSuccessfully), Is.EqualTo((30, true)));
        Assert.That(projection.WhenReachedAsync(1).IsCompletedSuccessfully, Is.True);
        Assert.That(() => projection.WhenReachedAsync(-1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("sequence"));
    }

    [TestCaseSource(nameof(Schedulers))]
    public async Task WhenReachedAsync_OwnWrite_IsReadBack(SchedulerCase scheduler)
    {
        using SchedulerUnderTest tested = scheduler.Create();
        using EventProjection<int, int> projection = _stream.ObserveOn(tested.Scheduler).ToProjection(0, (_, value) => value);
        for (int i = 1; i <= 200; i++)
        {
            await Eventually.Ends(projection.WhenReachedAsync(await _stream.OnNextAsync(i)));
            Assert.That(projection.State, Is.EqualTo(i));
        }
    }

    [Test]
    public void WhenReachedAsync_StreamEnds_SaysSo([Values] bool isError, [Values] bool isLate)
    {
        using EventProjection<int, int> projection = _stream.ToProjection(0, Sum);
        _stream.OnNext(1);
        Task? early = isLate ? null : projection.WhenReachedAsync(1);
        if (isError)
        {
            _stream.OnError(Marbles.Error);
        }
        else
        {
            _stream.OnCompleted();
        }

        Assert.That(
            async () => await Eventually.Ends(early ?? projection.WhenReachedAsync(1)),
            isError ? Throws.Exception.SameAs(Marbles.Error) : Throws.InvalidOperationException.With.Message.Contains("completed").And.Message.Contains("1"));
        Assert.That(projection.WhenReachedAsync(0).IsCompletedSuccessfully, Is.True);
    }

    [Test]
    public void WhenReachedAsync_ProjectionEnds_ThrowsWhatEndedIt([Values] bool isFault, [Values] bool isCancellable)
    {
        using var cancellation = new CancellationTokenSource();
        EventProjection<int, int> projection = _stream.ToProjection(0, (_, _) => throw Marbles.Error);
        Task waiting = projection.WhenReachedAsync(5, isCancellable ? cancellation.Token : default);
        if (isFault)
        {
            _stream.OnNext(1);
        }
        else
        {
            projection.Dispose();
        }

        Assert.That(
            async () => await Eventually.Ends(waiting), isFault ? Throws.Exception.SameAs(Marbles.Error) : Throws.TypeOf<ObjectDisposedException>());
        Assert.That(projection.WaitCount, Is.Zero);
    }

    [Test]
    public async Task WhenReachedAsync_Cancelled_LeavesNothingWaiting()
    {
        using EventProjection<int, int> projection = _stream.ToProjection(0, Sum);
        using var cancellation = new CancellationTokenSource();
        Task[] waits = [.. Enumerable.Range(0, 1_000).Select(i => projection.WhenReachedAsync(i % 7, cancellation.Token))];
        Task other = projection.WhenReachedAsync(3);
        Assert.That(projection.WaitCount, Is.EqualTo(1_001));

        await cancellation.CancelAsync();

        Assert.That(projection.WaitCount, Is.EqualTo(1));
        Assert.That(
            async () => await Eventually.Ends(waits[500]),
            Throws.InstanceOf<OperationCanceledException>().With.Property("CancellationToken").EqualTo(cancellation.Token));
        Assert.That(projection.WhenReachedAsync(0, cancellation.Token).IsCanceled, Is.True);
        _stream.OnNextRange([1, 1, 1, 1]);
        await Eventually.Ends(other);
        Assert.That(projection.WaitCount, Is.Zero);
    }

    [Test]
    public void OnNext_NoCallerWaits_AllocatesOnlyTheState()
    {
        using EventProjection<int, int> projection = _stream.ToProjection(0, Sum);
        Publish(1_000);
        long quiet = Publish(1_000);
        Task far = projection.WhenReachedAsync(1_000_000);
        long waited = Publish(1_000);

        Assert.That(waited, Is.LessThanOrEqualTo(quiet + 2_000));
        Assert.That(far.IsCompleted, Is.False);

        long Publish(int count)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < count; i++)
            {
                _stream.OnNext(1);
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    /// <summary>The fold and the wait at the same time: the wake-up is never lost.</summary>
    [Test]
    public void WhenReachedAsync_DuringTheFold_IsNotLost()
    {
        using EventProjection<int, int> projection = _stream.ToProjection(0, Sum);
        long next = 0;
        Race.Run(
            5_000,
            () => new Waiting(next++),
            _ => _stream.OnNext(1),
            waiting => waiting.Task = projection.WhenReachedAsync(waiting.Sequence),
            waiting =>
            {
                Race.Await(() => waiting.Task.IsCompletedSuccessfully, "the event to be reached");
                Assert.That(projection.WaitCount, Is.Zero);
            });
    }

    [Test]
    public void WhenReachedAsync_DuringTheEnd_Ends([Values("dispose", "fault", "complete", "cancel")] string how) =>
        Race.Run(
            500,
            () =>
            {
                EventStream<int> stream = configuration.Create<int>();
                return new Ending(stream, stream.ToProjection(0, (_, _) => throw Marbles.Error), new CancellationTokenSource());
            },
            ending =>
            {
                switch (how)
                {
                    case "dispose": ending.Projection.Dispose(); break;
                    case "fault": ending.Stream.OnNext(1); break;
                    case "complete": ending.Stream.OnCompleted(); break;
                    default: ending.Cancellation.Cancel(); break;
                }
            },
            ending => ending.Task = ending.Projection.WhenReachedAsync(3, ending.Cancellation.Token),
            ending =>
            {
                Race.Await(() => ending.Task!.IsCompleted, "the wait to end");
                Assert.That(ending.Task!.IsCanceled, Is.EqualTo(how == "cancel"));
                Assert.That(ending.Projection.WaitCount, Is.Zero);
                _ = ending.Task.Exception;
                ending.Stream.Dispose();
            });

    private static int Sum(int sum, int value) => sum + value;

    private sealed class Waiting(long sequence)
    {
        public long Sequence { get; } = sequence;

        public Task Task { get; set; } = null!;
    }

    private sealed record Ending(EventStream<int> Stream, EventProjection<int, int> Projection, CancellationTokenSource Cancellation)
    {
        public Task? Task { get; set; }
    }
}
