using Rx.Storage;
using Rx.Tests.Contract;

namespace Rx.Tests.Concurrency;

/// <summary>A stream is disposed while an event is claimed and not published yet.</summary>
[TestFixture(1)]
[TestFixture(2)]
[TestFixture(64)]
internal sealed class SettlingTests(int capacity)
{
    /// <summary>An event that was published before comes after the one that is being published.</summary>
    [Test]
    public async Task Dispose_WhileAnEventIsPublished_ReadersReadWhatFollowsIt([Values] bool isBounded, [Values] bool waits)
    {
        EventStream<int> stream = Create();
        using EventReader<int> reader = stream.WithLagPolicy(isBounded ? LagPolicy.DropOldest(10) : LagPolicy.Unbounded).OpenReader();
        Task<bool>? pending = waits ? reader.WaitToReadAsync().AsTask() : null;
        Claim claim = Claim.On(stream);
        stream.OnNext(1);

        Task disposing = Eventually.OnThread(stream.Dispose);
        Eventually.IsTrue(() => stream.IsDisposed, "The stream is disposed.");
        Task completion = reader.Completion;
        pending ??= reader.WaitToReadAsync().AsTask();
        Assert.That(pending.IsCompleted || disposing.IsCompleted || completion.IsCompleted, Is.False);

        claim.Publish(0);
        await Eventually.Ends(disposing);

        Assert.That(await Eventually.Ends(pending), Is.True);
        Assert.That(reader.TryRead(out int first) && reader.TryRead(out int second) && (first, second) == (0, 1), Is.True);
        Assert.That(async () => await reader.WaitToReadAsync(), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(async () => await Eventually.Ends(completion), Throws.TypeOf<ObjectDisposedException>());
    }

    /// <summary>A publisher looked whether the stream is disposed before it was, and claims before the reader has found the end.</summary>
    [TestCaseSource(nameof(Policies))]
    public void WaitToReadAsync_AnEventComesAfterTheDisposal_TheReaderStaysEnded(LagPolicy policy)
    {
        EventStream<int> stream = Create();
        using EventReader<int> reader = stream.WithLagPolicy(policy).OpenReader();
        EventSubscription subscription = stream.Subscriptions[0];
        stream.OnNext(0);
        Segment<int> tail = stream.Log.TailBeforeClaim();
        stream.Dispose();
        Claim late = Claim.On(stream, tail);
        Assert.That(reader.TryRead(out _), Is.True);
        Assert.That(async () => await reader.WaitToReadAsync(), Throws.TypeOf<ObjectDisposedException>());

        late.Publish(1);
        Claim.On(stream, tail).Publish(2);
        Claim.On(stream, tail).Publish(3);

        Assert.That((reader.Count, reader.TryRead(out _), reader.TryPeek(out _), reader.TryReadBatch(5, out _)), Is.EqualTo((0, false, false, false)));
        Assert.That(async () => await reader.WaitToReadAsync(), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(async () => await reader.Completion.WaitAsync(Eventually.Limit), Throws.TypeOf<ObjectDisposedException>());
        Assert.That((reader.Sequence, reader.Dropped, subscription.Lag, subscription.Delivered), Is.EqualTo((1, 0, 0, 1)));
    }

    /// <summary>A writer that fails between its claim and its publication, such as for want of memory, leaves a hole for good. Here it begins to look for
    /// its slot too late in the list.</summary>
    [Test]
    public async Task Dispose_AClaimIsLost_Returns()
    {
        EventStream<int> stream = Create();
        using EventReader<int> reader = stream.OpenReader();
        Claim.On(stream); // never published
        for (int i = 0; i < 100; i++)
        {
            stream.OnNext(i);
        }

        Segment<int> later = stream.Log.TailBeforeClaim();
        Assert.That(() => stream.Log.Publish(later, 0, 0), Throws.InvalidOperationException);

        await Eventually.Ends(Eventually.OnThread(stream.Dispose));

        Assert.That(async () => await reader.WaitToReadAsync(), Throws.TypeOf<ObjectDisposedException>());
    }

    private EventStream<int> Create() => new(new EventStreamOptions { SegmentCapacity = capacity });

    private static IEnumerable<LagPolicy> Policies => [LagPolicy.Unbounded, LagPolicy.DropOldest(2), LagPolicy.Fail(2), LagPolicy.Wait(2)];

    /// <summary>What a writer holds between its claim and its publishing.</summary>
    private sealed record Claim(EventLog<int> Log, Segment<int> Tail, long Sequence)
    {
        internal static Claim On(EventStream<int> stream, Segment<int>? tail = null) =>
            new(stream.Log, tail ?? stream.Log.TailBeforeClaim(), stream.Log.Claim(1));

        internal void Publish(int value) => Log.Publish(Tail, Sequence, value);
    }
}
