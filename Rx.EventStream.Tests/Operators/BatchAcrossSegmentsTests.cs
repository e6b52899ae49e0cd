using System.Reactive.Concurrency;
using System.Runtime.InteropServices;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Operators;

/// <summary>A batch has what is there, in however many segments it lies.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class BatchAcrossSegmentsTests(StreamConfiguration configuration)
{
    private readonly ManualScheduler _manual = new();

    private static LagPolicy[] Policies => [LagPolicy.Unbounded, LagPolicy.DropOldest(2_000), LagPolicy.Fail(2_000), LagPolicy.Wait(2_000)];

    [Test]
    public void Batch_BurstOverSegments_HasAtLeastHalfOfTheMost(
        [ValueSource(nameof(Policies))] LagPolicy policy, [Values(1, 5, 500, 5_000)] int maxCount)
    {
        const int Events = 1_000;
        using EventStream<string> stream = configuration.Create<string>();
        var batches = new List<string[]>();
        using IDisposable subscription = stream.ObserveOn(_manual).WithLagPolicy(policy).Batch(maxCount).Subscribe(b => batches.Add(b.ToArray()));
        using EventReader<string> reader = stream.WithLagPolicy(policy).OpenReader();
        for (int i = 0; i < Events; i++)
        {
            stream.OnNext($"{i}");
        }

        _manual.RunAll();
        var read = new List<string[]>();
        while (reader.TryReadBatch(maxCount, out ReadOnlyMemory<string> batch))
        {
            read.Add(batch.ToArray());
        }

        string[] expected = [.. Enumerable.Range(0, Events).Select(static i => $"{i}")];
        Assert.That(batches.SelectMany(static b => b), Is.EqualTo(expected));
        Assert.That(batches.SkipLast(1).Select(static b => b.Length), Is.All.InRange((maxCount + 1) / 2, maxCount));
        Assert.That(read, Is.EqualTo(expected.Chunk(maxCount)));
        Assert.That(stream.Log.CountSegments(), Is.LessThanOrEqualTo(2_000 + 2));
    }

    /// <summary>Once segments have grown, batches of what waits are slices of them, wherever the subscriber has joined.</summary>
    [Test]
    public void Batch_BacklogOfGrownSegments_IsNotCopied([Values(0, 1, 30, 40, 50, 63, 200)] int joinsAfter)
    {
        int capacity = configuration.SegmentCapacity;
        using EventStream<int> stream = configuration.Create<int>();
        stream.OnNextRange(new int[joinsAfter + (4 * capacity)]); // until segments have their greatest capacity
        List<ReadOnlyMemory<int>> first = [];
        List<ReadOnlyMemory<int>> second = [];
        EventObservable<int> observable = stream.ObserveOn(_manual);
        using IDisposable one = observable.Batch(capacity).Subscribe(first.Add);
        using IDisposable two = observable.Batch(capacity).Subscribe(second.Add);
        stream.OnNextRange([.. Enumerable.Range(0, 10 * capacity)]);
        _manual.RunAll();

        Assert.That(first.SelectMany(static b => b.ToArray()), Is.EqualTo(Enumerable.Range(0, 10 * capacity)));
        Assert.That(first.Zip(second).Count(static pair => ArrayOf(pair.First) != ArrayOf(pair.Second)), Is.LessThanOrEqualTo(1));
    }

    /// <summary>The events of a batch are lag until the observer has returned.</summary>
    [Test]
    public void Batch_WhileItIsDelivered_CountsAsLag()
    {
        using EventStream<int> stream = configuration.Create<int>();
        var lags = new List<long>();
        using IDisposable subscription = stream.ObserveOn(_manual).Batch(1_000).Subscribe(_ => lags.Add(stream.Subscriptions.Single().Lag));
        for (int i = 0; i < 300; i++)
        {
            stream.OnNext(i);
        }

        _manual.RunAll();

        Assert.That(lags, Is.EqualTo(new[] { 300L }));
        Assert.That(stream.Subscriptions.Single().Lag, Is.Zero);
    }

    /// <summary>A batching writer that was stalled catches up in few calls, and loses nothing.</summary>
    [Test]
    public async Task Batch_WhilePublishersGoOn_HasEveryEventOnce([Values] bool isBounded)
    {
        const int Publishers = 2;
        const int Each = 5_000;
        int publishers = configuration.SingleWriter ? 1 : Publishers;
        using EventStream<(int Publisher, int Value)> stream = configuration.Create<(int, int)>();
        var next = new int[Publishers];
        int wrong = 0;
        EventObservable<(int Publisher, int Value)> events = stream.ObserveOn(TaskPoolScheduler.Default);
        using IDisposable subscription = (isBounded ? events.WithLagPolicy(LagPolicy.Fail(publishers * Each)) : events).Batch(3_000).Subscribe(batch =>
        {
            foreach ((int publisher, int value) in batch.Span)
            {
                wrong += value == next[publisher]++ ? 0 : 1;
            }
        });
        await Task.WhenAll(Enumerable.Range(0, publishers).Select(p => Task.Run(() =>
        {
            for (int i = 0; i < Each; i++)
            {
                stream.OnNext((p, i));
            }
        })));
        await Eventually.Ends(stream.WhenCaughtUpAsync());

        Assert.That(wrong, Is.Zero);
        Assert.That(next.Sum(), Is.EqualTo(publishers * Each));
    }

    /// <summary>Publishers overrun a bounded subscriber while it copies a batch: the segments that it walks over are closed then.</summary>
    [Test]
    public async Task Batch_OverrunWhileItIsCopied_HasPublishedEventsInOrder()
    {
        const int Events = 200_000;
        using EventStream<int> stream = configuration.Create<int>();
        int last = -1;
        int wrong = 0;
        using var subscription = (EventSubscription)stream.ObserveOn(TaskPoolScheduler.Default).WithLagPolicy(LagPolicy.DropOldest(300)).Batch(300)
            .Subscribe(batch =>
            {
                foreach (int value in batch.Span)
                {
                    wrong += value > last ? 0 : 1;
                    last = value;
                }
            });
        for (int i = 0; i < Events; i++)
        {
            stream.OnNext(i);
        }

        await Eventually.Ends(stream.WhenCaughtUpAsync());

        Assert.That((subscription.Error, wrong, last), Is.EqualTo(((Exception?)null, 0, Events - 1)));
    }

    private static int[] ArrayOf(ReadOnlyMemory<int> batch) =>
        MemoryMarshal.TryGetArray(batch, out ArraySegment<int> slice) ? slice.Array! : throw new ArgumentException("A batch lies in an array.");
}
