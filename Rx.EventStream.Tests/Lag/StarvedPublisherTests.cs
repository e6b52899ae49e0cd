using System.Collections.Concurrent;
using Rx.Tests.Contract;

namespace Rx.Tests.Lag;

/// <summary>Publishers that block all threads of the pool, behind one that waits without blocking.</summary>
[TestFixture]
[NonParallelizable]
internal sealed class StarvedPublisherTests
{
    private static readonly AsyncLocal<string?> _caller = new();

    [Test]
    public void OnNext_OnEveryThreadOfThePool_PublishesForThoseThatWaitWithoutBlocking(
        [Values("OnNextAsync", "OnNextRangeAsync", "WriteAsync", "WaitToWriteAsync")] string first, [Values(1, 3)] int asynchronous)
    {
        using var stream = new EventStream<int>();
        using EventReader<int> reader = stream.WithLagPolicy(LagPolicy.Wait(1)).OpenReader();
        stream.OnNext(0);
        Task[] waiting = [.. Enumerable.Range(1, asynchronous).Select(value => Begin(stream, first, value))];
        Task[] blocking = BlockThePool(stream);

        List<int> read = ReadUntilDone(reader, [.. waiting, .. blocking]);

        int[] expected = first == "WaitToWriteAsync" ? [0] : [.. Enumerable.Range(0, asynchronous + 1)];
        Assert.That(read.Take(expected.Length), Is.EqualTo(expected), "First come, first served.");
        Assert.That(read.Skip(expected.Length), Is.EquivalentTo(Enumerable.Range(100, blocking.Length)));
    }

    [Test]
    public void OnNextAsync_PublishedOnAnotherThread_HasItsOwnContextAndException()
    {
        using var stream = new EventStream<int>();
        var callers = new ConcurrentDictionary<int, string?>();
        stream.Subscribe(value =>
        {
            callers[value] = _caller.Value;
            if (value is 1 or 100)
            {
                throw new TimeoutException($"{value}");
            }
        });
        using EventReader<int> reader = stream.WithLagPolicy(LagPolicy.Wait(1)).OpenReader();
        stream.OnNext(0);
        _caller.Value = "asynchronous";
        Task<long> waiting = stream.OnNextAsync(1).AsTask();
        _caller.Value = "blocking";
        Task[] blocking = BlockThePool(stream);
        reader.TryRead(out _);
        Eventually.IsTrue(() => callers.ContainsKey(1), "The first publisher publishes.");

        ReadUntilDone(reader, [waiting, .. blocking]);

        // The thread that delivers the event 100 is that of its publisher, or still that of the first one.
        Assert.That(Messages(waiting), Does.Contain("1"));
        Assert.That(blocking.Prepend(waiting).SelectMany(Messages), Is.EquivalentTo(["1", "100"]));
        Assert.That(callers[1], Is.EqualTo("asynchronous"));
    }

    private static IEnumerable<string> Messages(Task task) => task.Exception?.Flatten().InnerExceptions.Select(static e => e.Message) ?? [];

    /// <summary>The thread that is started in place of one of the pool may publish for a call at the moment at which that is canceled.</summary>
    [Test]
    public async Task OnNextAsync_CanceledBesideABlockingPublisher_IsCanceledOrPublished(
        [Values("OnNextAsync", "OnNextRangeAsync", "WriteAsync")] string way, [Values] bool atOnce, [Values(1, 3)] int callers)
    {
        const int Calls = 3_000;
        using var stream = new EventStream<int>();
        using EventReader<int> all = stream.OpenReader();
        using EventReader<int> reader = stream.WithLagPolicy(LagPolicy.Wait(1)).OpenReader();
        int running = callers;
        var published = new HashSet<int>();
        var sources = new CancellationTokenSource?[callers];
        Task reading = Eventually.OnThread(() =>
        {
            while (Volatile.Read(ref running) > 0)
            {
                if (!reader.TryRead(out _))
                {
                    Thread.Yield();
                }
            }

            reader.Dispose();
        });
        Task blocking = Eventually.OnThread(() =>
        {
            while (Volatile.Read(ref running) > 0)
            {
                stream.OnNext(-1);
            }
        });
        Task canceling = Eventually.OnThread(() =>
        {
            var random = new Random(callers);
            while (Volatile.Read(ref running) > 0)
            {
                Volatile.Read(ref sources[random.Next(callers)])?.Cancel();
                Thread.SpinWait(random.Next(2_000));
            }
        });
        var canceled = new List<int>[callers];
        Task[] calling =
        [
            .. Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
            {
                canceled[caller] = [];
                for (int i = 0; i < Calls; i++)
                {
                    int value = (i * callers) + caller;
                    var source = new CancellationTokenSource(); // not disposed: another thread may still cancel it
                    Volatile.Write(ref sources[caller], atOnce ? null : source);
                    Task call = Begin(stream, way, value, source.Token);
                    if (atOnce)
                    {
                        await source.CancelAsync();
                    }

                    try
                    {
                        await Eventually.Ends(call);
                    }
                    catch (OperationCanceledException)
                    {
                        canceled[caller].Add(value);
                    }

                    Volatile.Write(ref sources[caller], null);
                }

                Interlocked.Decrement(ref running);
            })),
        ];

        await Eventually.Ends(Task.WhenAll(calling));
        await Eventually.Ends(Task.WhenAll(reading, blocking, canceling));
        while (all.TryRead(out int value))
        {
            Assert.That(value < 0 || published.Add(value), Is.True, "An event is published once.");
        }

        Assert.That(published.Intersect(canceled.SelectMany(static c => c)), Is.Empty);
        Assert.That(published.Count + canceled.Sum(static c => c.Count), Is.EqualTo(callers * Calls));
    }

    private static Task Begin(EventStream<int> stream, string way, int value, CancellationToken cancellationToken = default) => way switch
    {
        "OnNextAsync" => stream.OnNextAsync(value, cancellationToken).AsTask(),
        "OnNextRangeAsync" => stream.OnNextRangeAsync(new[] { value }, cancellationToken).AsTask(),
        "WriteAsync" => stream.AsChannelWriter().WriteAsync(value, cancellationToken).AsTask(),
        _ => stream.AsChannelWriter().WaitToWriteAsync(cancellationToken).AsTask(),
    };

    private static List<int> ReadUntilDone(EventReader<int> reader, Task[] publishing)
    {
        List<int> read = [];
        Eventually.IsTrue(
            () =>
            {
                bool isDone = Array.TrueForAll(publishing, static t => t.IsCompleted);
                while (reader.TryRead(out int value))
                {
                    read.Add(value);
                }

                return isDone;
            },
            "Every publisher goes on.");
        return read;
    }

    private static Task[] BlockThePool(EventStream<int> stream) => BusyPool.Block(i => stream.OnNext(100 + i));
}
