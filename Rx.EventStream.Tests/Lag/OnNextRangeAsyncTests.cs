using System.Reactive.Concurrency;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Lag;

/// <summary>A run that waits without blocking: published whole or not at all, as <c>OnNextRange</c> does, and in turn with other
/// publishers.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class OnNextRangeAsyncTests(StreamConfiguration configuration)
{
    private EventStream<int> _stream = null!;

    [SetUp]
    public void SetUp() => _stream = configuration.Create<int>();

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [Test]
    public void OnNextRangeAsync_NoWaitPolicy_PublishedBeforeItReturns()
    {
        var observer = new RecordingObserver<int>();
        _stream.Subscribe(observer);

        Task publishing = _stream.OnNextRangeAsync(Run(0, 100)).AsTask();

        Assert.That(publishing.IsCompletedSuccessfully, Is.True);
        Assert.That(observer.Values, Is.EqualTo(Enumerable.Range(0, 100)));
    }

    [Test]
    public async Task OnNextRangeAsync_ReaderHasRoomForAPart_WaitsForTheWhole()
    {
        using EventReader<int> reader = OpenWaiting(4);
        _stream.OnNextRange([0, 1]);

        Task publishing = _stream.OnNextRangeAsync(Run(2, 3)).AsTask();
        Assert.That((publishing.IsCompleted, reader.Count), Is.EqualTo((false, 2)));
        reader.TryRead(out _);
        await Eventually.Ends(publishing);

        Assert.That(ReadAvailable(reader), Is.EqualTo(new[] { 1, 2, 3, 4 }));
    }

    [Test]
    public async Task OnNextRangeAsync_LongerThanTheSmallestCapacity_PassesWhenCaughtUp()
    {
        using EventReader<int> small = OpenWaiting(2);
        using EventReader<int> large = OpenWaiting(8);
        _stream.OnNext(0);

        Task publishing = _stream.OnNextRangeAsync(Run(1, 5)).AsTask();
        bool wasDone = publishing.IsCompleted;
        Assert.That(ReadAvailable(small), Is.EqualTo(new[] { 0 }));
        await Eventually.Ends(publishing);

        Assert.That(wasDone, Is.False);
        Assert.That(ReadAvailable(small), Is.EqualTo(Enumerable.Range(1, 5)));
        Assert.That(ReadAvailable(large), Is.EqualTo(Enumerable.Range(0, 6)));
    }

    [Test]
    public void OnNextRangeAsync_Empty_DoneAtOnceAlsoWhereAReaderIsFull()
    {
        using EventReader<int> reader = OpenWaiting(1);
        _stream.OnNext(0);

        Assert.That(_stream.OnNextRangeAsync(default).AsTask().IsCompletedSuccessfully, Is.True);

        _stream.OnCompleted();
        Assert.That(_stream.OnNextRangeAsync(default).AsTask().IsCompletedSuccessfully, Is.True);
        _stream.Dispose();
        Assert.That(async () => await _stream.OnNextRangeAsync(default), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public async Task OnNextRangeAsync_Cancelled_NothingIsPublishedAndTheNextGoesOn()
    {
        using EventReader<int> reader = OpenWaiting(2);
        _stream.OnNext(0);
        using var cancellation = new CancellationTokenSource();
        Task first = _stream.OnNextRangeAsync(Run(1, 2), cancellation.Token).AsTask();
        Task<long> second = _stream.OnNextAsync(9).AsTask();
        Assert.That(second.IsCompleted, Is.False, "It waits for its turn, although there is room.");

        await cancellation.CancelAsync();

        Assert.That(
            async () => await Eventually.Ends(first),
            Throws.InstanceOf<OperationCanceledException>().With.Property("CancellationToken").EqualTo(cancellation.Token));
        Assert.That(await Eventually.Ends(second), Is.EqualTo(1));
        Assert.That(_stream.OnNextRangeAsync(Run(5, 1), cancellation.Token).AsTask().IsCanceled, Is.True);
        Assert.That(ReadAvailable(reader), Is.EqualTo(new[] { 0, 9 }));
    }

    [Test]
    public async Task OnNextRangeAsync_StreamEnds_IgnoredAtOnce([Values] bool hasError)
    {
        using EventReader<int> reader = OpenWaiting(1);
        _stream.OnNext(0);
        Task publishing = _stream.OnNextRangeAsync(Run(1, 2)).AsTask();

        if (hasError)
        {
            _stream.OnError(Marbles.Error);
        }
        else
        {
            _stream.OnCompleted();
        }

        await Eventually.Ends(publishing);
        Assert.That(_stream.OnNextRangeAsync(Run(3, 2)).AsTask().IsCompletedSuccessfully, Is.True);
        Assert.That(ReadAvailable(reader), Is.EqualTo(new[] { 0 }));
    }

    [Test]
    public void OnNextRangeAsync_StreamDisposed_Throws()
    {
        using EventReader<int> reader = OpenWaiting(1);
        _stream.OnNext(0);
        Task publishing = _stream.OnNextRangeAsync(Run(1, 2)).AsTask();

        _stream.Dispose();

        Assert.That(async () => await Eventually.Ends(publishing), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(async () => await _stream.OnNextRangeAsync(Run(1, 2)), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void OnNextRangeAsync_InsideADelivery_ThrowsWhereItWouldWait([Values] bool isScheduled)
    {
        var manual = new ManualScheduler();
        var thrown = new List<Exception?>();
        using EventReader<int> reader = OpenWaiting(3);
        EventObservable<int> observable = isScheduled ? _stream.ObserveOn(manual) : _stream.AsObservable();
        observable.Subscribe(new RecordingObserver<int>(value =>
        {
            if (value == 0)
            {
                thrown.Add(_stream.OnNextRangeAsync(Run(1, 2)).AsTask().Exception?.InnerException);
                thrown.Add(_stream.OnNextRangeAsync(Run(3, 1)).AsTask().Exception?.InnerException);
            }
        }));

        _stream.OnNext(0);
        manual.RunAll();

        Assert.That(thrown[0], Is.Null);
        Assert.That(thrown[1], Is.TypeOf<InvalidOperationException>().With.Message.Contains("inside a delivery"));
        Assert.That(ReadAvailable(reader), Is.EqualTo(new[] { 0, 1, 2 }));
    }

    [Test]
    public async Task OnNextRangeAsync_SeveralWait_GoOnInTheOrderOfTheirCalls()
    {
        using EventReader<int> reader = OpenWaiting(2);
        _stream.OnNextRange([0, 1]);
        Task[] calls =
        [
            _stream.OnNextRangeAsync(Run(2, 2)).AsTask(),
            _stream.OnNextAsync(4).AsTask(),
            _stream.OnNextRangeAsync(Run(5, 4)).AsTask(),
            _stream.OnNextAsync(9).AsTask(),
        ];

        List<int> read = [];
        while (read.Count < 10)
        {
            read.Add(await Eventually.Ends(reader.ReadAsync().AsTask()));
        }

        Assert.That(read, Is.EqualTo(Enumerable.Range(0, 10)));
        await Eventually.Ends(Task.WhenAll(calls));
    }

    [Test]
    public async Task OnNextRangeAsync_ConcurrentRuns_StayWholeWithinTheBound()
    {
        const int Length = 3;
        const int Runs = 300;
        int publishers = configuration.SingleWriter ? 1 : 3;
        long greatest = 0;
        var seen = new List<int>();
        var subscription = new TaskCompletionSource<EventSubscription>();
        var observer = new RecordingObserver<int>(value =>
        {
            greatest = Math.Max(greatest, subscription.Task.Result.Lag);
            seen.Add(value);
        });
        subscription.SetResult(_stream.ObserveOn(TaskPoolScheduler.Default).WithLagPolicy(LagPolicy.Wait(4)).Subscribe(observer));

        await Eventually.Ends(Task.WhenAll(Enumerable.Range(0, publishers).Select(publisher => Task.Run(async () =>
        {
            int[] run = new int[Length];
            for (int i = 0; i < Runs; i++)
            {
                int first = ((publisher * Runs) + i) * Length;
                (run[0], run[1], run[2]) = (first, first + 1, first + 2); // it was copied, so the array can be used again
                await _stream.OnNextRangeAsync(run);
            }
        }))));
        _stream.OnCompleted();
        Eventually.IsTrue(() => observer.IsEnded, "The observer ends.");

        Assert.That(greatest, Is.LessThanOrEqualTo(4));
        Assert.That(seen.Chunk(Length).Select(run => (run[0] % Length, run[1] - run[0], run[2] - run[0])), Is.All.EqualTo((0, 1, 2)));
        Assert.That(seen.Order(), Is.EqualTo(Enumerable.Range(0, publishers * Runs * Length)));
    }

    private static ReadOnlyMemory<int> Run(int first, int count) => Enumerable.Range(first, count).ToArray();

    private EventReader<int> OpenWaiting(int capacity) => _stream.WithLagPolicy(LagPolicy.Wait(capacity)).OpenReader();

    private static List<int> ReadAvailable(EventReader<int> reader)
    {
        var read = new List<int>();
        while (reader.TryRead(out int value))
        {
            read.Add(value);
        }

        return read;
    }
}
