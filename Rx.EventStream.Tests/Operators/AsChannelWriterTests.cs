using System.Threading.Channels;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Operators;

/// <summary>What a stream's writer does where a channel has no counterpart: observers, disposal, other publishers, deliveries.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class AsChannelWriterTests(StreamConfiguration configuration)
{
    private readonly ManualScheduler _manual = new();
    private EventStream<int> _stream = null!;
    private ChannelWriter<int> _writer = null!;

    [SetUp]
    public void SetUp()
    {
        _stream = configuration.Create<int>();
        _writer = _stream.AsChannelWriter();
    }

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [Test]
    public void AsChannelWriter_Null_Throws() =>
        Assert.That(() => ((EventStream<int>)null!).AsChannelWriter(), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("stream"));

    [Test]
    public void Write_NoSubscriberWaits_IsNeverFull()
    {
        var observer = new RecordingObserver<int>();
        _stream.Subscribe(observer);
        using EventReader<int> reader = _stream.WithLagPolicy(LagPolicy.DropOldest(1)).OpenReader();

        for (int i = 0; i < 100; i += 2)
        {
            Assert.That(_writer.WaitToWriteAsync().AsTask(), Has.Property("IsCompletedSuccessfully").True.And.Property("Result").True);
            Assert.That(_writer.TryWrite(i), Is.True);
            Assert.That(_writer.WriteAsync(i + 1).AsTask().IsCompletedSuccessfully, Is.True);
        }

        Assert.That(observer.Values, Is.EqualTo(Enumerable.Range(0, 100)));
    }

    [Test]
    public void Write_SeveralSubscribersWait_TheSmallestDecides()
    {
        using EventReader<int> large = _stream.WithLagPolicy(LagPolicy.Wait(4)).OpenReader();
        _stream.ObserveOn(_manual).WithLagPolicy(LagPolicy.Wait(2)).Subscribe(_ => { });

        Assert.That(Enumerable.Range(0, 3).Select(_writer.TryWrite), Is.EqualTo(new[] { true, true, false }));
        _manual.RunAll();

        Assert.That(Enumerable.Range(0, 3).Select(_writer.TryWrite), Is.EqualTo(new[] { true, true, false }));
    }

    [Test]
    public async Task WaitToWriteAsync_SubscriberLeaves_True()
    {
        EventReader<int> reader = OpenFull();
        Task<bool> wait = _writer.WaitToWriteAsync().AsTask();

        reader.Dispose();

        Assert.That(await Eventually.Ends(wait), Is.True);
        Assert.That(_writer.TryWrite(1), Is.True);
    }

    [Test]
    public void Write_StreamDisposed_ClosedByTheDisposal([Values] bool hasCompletedBefore)
    {
        if (hasCompletedBefore)
        {
            _writer.Complete();
        }

        _stream.Dispose();

        Assert.That(_writer.TryWrite(0), Is.False);
        Assert.That(_writer.WaitToWriteAsync().AsTask().Exception?.InnerException, Is.TypeOf<ObjectDisposedException>());
        Assert.That(
            _writer.WriteAsync(0).AsTask().Exception?.InnerException,
            Is.TypeOf<ChannelClosedException>().With.InnerException.TypeOf<ObjectDisposedException>());
        Assert.That(_writer.TryComplete(), Is.False);
    }

    [Test]
    public void Dispose_WhileTheWriterWaits_EndsTheWaits()
    {
        using EventReader<int> reader = OpenFull();
        Task<bool> wait = _writer.WaitToWriteAsync().AsTask();
        Task write = _writer.WriteAsync(1).AsTask();

        _stream.Dispose();

        Assert.That(async () => await Eventually.Ends(wait), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(
            async () => await Eventually.Ends(write), Throws.TypeOf<ChannelClosedException>().With.InnerException.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void StreamEnds_OtherwiseThanByTheWriter_ClosesIt()
    {
        _stream.OnError(Marbles.Error);

        Assert.That(_writer.TryWrite(0), Is.False);
        Assert.That(_writer.WaitToWriteAsync().AsTask().Exception?.InnerException, Is.SameAs(Marbles.Error));
        Assert.That(_writer.TryComplete(), Is.False);
    }

    [Test]
    public void Write_ObserverThrows_LeavesTheWrite()
    {
        _stream.Subscribe(_ => throw Marbles.Error);
        var second = new RecordingObserver<int>();
        _stream.Subscribe(second);

        Assert.That(() => _writer.TryWrite(0), Throws.Exception.SameAs(Marbles.Error));
        Assert.That(_writer.WriteAsync(1).AsTask().Exception?.InnerException, Is.SameAs(Marbles.Error));

        Assert.That(second.Values, Is.EqualTo(new[] { 0, 1 }));
    }

    [Test]
    public void Write_InsideADelivery_ThrowsWhereItWouldWait([Values] bool isScheduled)
    {
        using EventReader<int> reader = _stream.WithLagPolicy(LagPolicy.Wait(2)).OpenReader();
        var seen = new List<object?>();
        EventObservable<int> observable = isScheduled ? _stream.ObserveOn(_manual) : _stream.AsObservable();
        observable.Subscribe(new RecordingObserver<int>(value =>
        {
            if (value == 0)
            {
                seen.Add(_writer.WaitToWriteAsync().AsTask().IsCompletedSuccessfully);
                seen.Add(_writer.TryWrite(1));
                seen.Add(_writer.TryWrite(2));
                seen.Add(_writer.WaitToWriteAsync().AsTask().Exception?.InnerException?.GetType());
                seen.Add(_writer.WriteAsync(2).AsTask().Exception?.InnerException?.GetType());
            }
        }));

        _stream.OnNext(0);
        _manual.RunAll();

        Assert.That(seen, Is.EqualTo(new object[] { true, true, false, typeof(InvalidOperationException), typeof(InvalidOperationException) }));
    }

    /// <summary>First come, first served: there is room for one event, but the first publisher needs room for two.</summary>
    [Test]
    public async Task Write_PublisherWaitsBefore_WaitsForItsTurn()
    {
        using EventReader<int> reader = _stream.WithLagPolicy(LagPolicy.Wait(2)).OpenReader();
        _stream.OnNext(0);
        Task first = _stream.OnNextRangeAsync(new[] { 1, 2 }).AsTask();

        bool isWritten = _writer.TryWrite(3);
        Task<bool> wait = _writer.WaitToWriteAsync().AsTask();
        Assert.That((isWritten, wait.IsCompleted), Is.EqualTo((false, false)));

        reader.TryRead(out _);
        await Eventually.Ends(first);
        Assert.That(wait.IsCompleted, Is.False);
        reader.TryRead(out _);
        Assert.That(await Eventually.Ends(wait), Is.True);
        Assert.That(_writer.TryWrite(3), Is.True);
    }

    /// <summary>A wait that has ended is worth one write, although another publisher waits by then.</summary>
    [Test]
    public async Task TryWrite_AfterItsWait_PassesByPublishersThatWait()
    {
        using EventReader<int> reader = _stream.WithLagPolicy(LagPolicy.Wait(2)).OpenReader();
        _stream.OnNextRange([0, 1]);
        Task<bool> wait = _writer.WaitToWriteAsync().AsTask();
        Task after = _stream.OnNextRangeAsync(new[] { 8, 9 }).AsTask();
        reader.TryRead(out _);
        Assert.That(await Eventually.Ends(wait), Is.True);
        Assert.That(after.IsCompleted, Is.False, "It needs room for two.");

        Assert.That((_writer.TryWrite(2), _writer.TryWrite(3)), Is.EqualTo((true, false)));

        Assert.That((reader.TryRead(out int read), read), Is.EqualTo((true, 1)));
        Assert.That((reader.TryRead(out read), read), Is.EqualTo((true, 2)));
        await Eventually.Ends(after);
    }

    [Test]
    public async Task WaitToWriteAsync_CancelledManyTimes_DoesNotLeak()
    {
        const int Count = 3_000;
        using EventReader<int> reader = OpenFull();
        await WaitAndCancel(200);
        long before = GC.GetTotalMemory(forceFullCollection: true);

        await WaitAndCancel(Count);

        // The smallest object that could leak for each call is larger than 16 bytes.
        Assert.That(GC.GetTotalMemory(forceFullCollection: true) - before, Is.LessThan(Count * 16));

        async Task WaitAndCancel(int count)
        {
            for (int i = 0; i < count; i++)
            {
                using var cancellation = new CancellationTokenSource();
                Task<bool> wait = _writer.WaitToWriteAsync(cancellation.Token).AsTask();
                cancellation.Cancel();
                await wait.ContinueWith(static _ => { }, TaskScheduler.Default);
            }
        }
    }

    private EventReader<int> OpenFull()
    {
        EventReader<int> reader = _stream.WithLagPolicy(LagPolicy.Wait(1)).OpenReader();
        Assert.That(_writer.TryWrite(0), Is.True);
        return reader;
    }
}
