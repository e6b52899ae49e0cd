using Rx.Parking;
using Rx.Storage;
using Rx.Tests.Contract;

namespace Rx.Tests.Lag;

/// <summary>Publishers that wait for a subscriber with <c>LagPolicy.Wait</c>: in which order they go on, and what they need for that.</summary>
[TestFixture(1)]
[TestFixture(2)]
[TestFixture(64)]
internal sealed class WaitingPublisherTests(int capacity)
{
    [Test]
    public async Task OnNextAsync_SeveralWait_GoOnInTheOrderOfTheirCalls([Values] bool isSingleWriter)
    {
        const int Count = 12;
        using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = isSingleWriter, SegmentCapacity = capacity });
        using EventReader<int> reader = stream.WithLagPolicy(LagPolicy.Wait(1)).OpenReader();
        stream.OnNext(-1);
        Task<long>[] calls = [.. Enumerable.Range(0, Count).Select(value => stream.OnNextAsync(value).AsTask())];
        Assert.That(calls.Select(static call => call.IsCompleted), Is.All.False);

        List<int> read = await ReadAsync(reader, Count + 1);

        Assert.That(read, Is.EqualTo(Enumerable.Range(-1, Count + 1)));
        Assert.That(await Eventually.Ends(Task.WhenAll(calls)), Is.EqualTo(Enumerable.Range(1, Count).Select(static n => (long)n)));
    }

    [Test]
    public async Task OnNext_SeveralBlock_GoOnInTheOrderOfTheirCalls()
    {
        const int Count = 6;
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = capacity });
        using EventReader<int> reader = stream.WithLagPolicy(LagPolicy.Wait(1)).OpenReader();
        stream.OnNext(-1);
        List<Task> calls = [];
        for (int value = 0; value < Count; value++)
        {
            int published = value;
            Thread? thread = null;
            calls.Add(Eventually.OnThread(() =>
            {
                Volatile.Write(ref thread, Thread.CurrentThread);
                stream.OnNext(published);
            }));
            Eventually.IsTrue(
                () => Volatile.Read(ref thread) is { } started && (started.ThreadState & ThreadState.WaitSleepJoin) != 0,
                "The publisher waits.");
        }

        List<int> read = await ReadAsync(reader, Count + 1);

        Assert.That(read, Is.EqualTo(Enumerable.Range(-1, Count + 1)));
        await Eventually.Ends(Task.WhenAll(calls));
    }

    /// <summary>As a channel's writers: see <see cref="ChannelWriterContractTests"/>. The next publisher does not wait for what follows.</summary>
    [Test]
    public async Task OnNextAsync_Canceled_GoesOnOutsideOfTheCancellation([Values] bool isRange)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = capacity });
        using EventReader<int> reader = stream.WithLagPolicy(LagPolicy.Wait(1)).OpenReader();
        stream.OnNext(-1);
        using var cancellation = new CancellationTokenSource();
        using var hasReturned = new ManualResetEventSlim();
        Task wait = isRange ? stream.OnNextRangeAsync(new[] { 1 }, cancellation.Token).AsTask() : stream.OnNextAsync(1, cancellation.Token).AsTask();
        Task<bool> after = wait.ContinueWith(
            _ => hasReturned.Wait(Eventually.Limit), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        Task<long> next = stream.OnNextAsync(2).AsTask();

        Task canceling = Eventually.OnThread(cancellation.Cancel); // not this thread, which has a context: what follows would leave it
        await Task.WhenAny(canceling, after);
        reader.TryRead(out _);
        Assert.That(await Eventually.Ends(next), Is.EqualTo(1));
        hasReturned.Set();

        Assert.That(await after, Is.True);
        Assert.That(wait.IsCanceled, Is.True);
    }

    [Test]
    public async Task OnNextAsync_FirstOfThoseThatWaitIsCanceled_NextGoesOn()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = capacity });
        using EventReader<int> reader = stream.WithLagPolicy(LagPolicy.Wait(1)).OpenReader();
        using var cancellation = new CancellationTokenSource();
        stream.OnNext(0);
        Task<long> first = stream.OnNextAsync(1, cancellation.Token).AsTask();
        Task<long> second = stream.OnNextAsync(2).AsTask();

        await cancellation.CancelAsync();
        Assert.That(async () => await Eventually.Ends(first), Throws.InstanceOf<OperationCanceledException>());

        Assert.That(await ReadAsync(reader, 2), Is.EqualTo(new[] { 0, 2 }));
        Assert.That(await Eventually.Ends(second), Is.EqualTo(1));
    }

    [Test]
    public async Task OnCompleted_SeveralWait_AllReturn()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = capacity });
        using EventReader<int> reader = stream.WithLagPolicy(LagPolicy.Wait(1)).OpenReader();
        stream.OnNext(0);
        Task<long>[] calls = [.. Enumerable.Range(1, 5).Select(value => stream.OnNextAsync(value).AsTask())];

        stream.OnCompleted();

        Assert.That(await Eventually.Ends(Task.WhenAll(calls)), Is.All.EqualTo(-1L));
    }

    [Test]
    public void NotifyProgress_RoomAgain_FirstPublisherIsCalledBeforeItReturns()
    {
        // A blocking publisher waits for this task alone: it needs no other thread than the one that made room.
        var log = new EventLog<int>(isSingleWriter: false, capacity);
        var parking = new ParkingLot<int>(log);
        var queue = new PublisherQueue<int>(log, parking);
        long read = 0;
        queue.Gate.Add(new WaitGate.Member(() => read, replayEnd: 0, capacity: 1));
        log.Claims.Claim(1);
        PublisherPlace first = queue.Enter(1, CallingThread.Current);
        PublisherPlace second = queue.Enter(1, CallingThread.Current);
        Assert.That(first.Called.IsCompleted, Is.False);

        read = 1;
        parking.NotifyProgress();

        Assert.That(first.Called.IsCompleted, Is.True);
        Assert.That(second.Called.IsCompleted, Is.False, "The next one is called once the first has claimed.");
        queue.Leave(first);
        Assert.That(second.Called.IsCompleted, Is.True);
    }

    private static async Task<List<int>> ReadAsync(EventReader<int> reader, int count)
    {
        List<int> read = [];
        while (read.Count < count)
        {
            read.Add(await Eventually.Ends(reader.ReadAsync().AsTask()));
        }

        return read;
    }
}
