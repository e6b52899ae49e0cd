using System.Collections.Concurrent;

namespace Rx.Tests.Soak;

/// <summary>Handlers on the pool with 10,000 keys, random delays and random faults: each event once, in order for its key, never two calls of a
/// key at once.</summary>
[TestFixture]
[Category("Soak")]
[NonParallelizable]
internal sealed class HandlerSoak
{
    private const int Keys = 10_000;
    private const int AtOnce = 8;
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(60);

    [Test]
    public void Partitions_RandomDelaysAndFaults_EachKeyInOrderAndOnce([Values(1, 64)] int capacity)
    {
        DateTime end = DateTime.UtcNow + SoakTime.PerTest;
        int seed = 0;
        do
        {
            Run(capacity, ++seed);
        }
        while (DateTime.UtcNow < end);
    }

    /// <summary>A call returns on another thread at the moment when the subscription is disposed.</summary>
    [Test]
    public void Dispose_AsCallsReturn_NoFurtherCallBeginsAndAllAreAwaited()
    {
        DateTime end = DateTime.UtcNow + SoakTime.PerTest;
        var random = new Random(1);
        using var stream = new EventStream<int>();
        int rounds = 0;
        do
        {
            int begun = 0;
            int returned = 0;
            bool isOver = false;
            int late = 0;
            EventSubscription subscription = stream.SubscribeAwait(
                async (value, _) =>
                {
                    Interlocked.Increment(ref begun);
                    if (Volatile.Read(ref isOver))
                    {
                        Interlocked.Increment(ref late);
                    }

                    await Task.Yield();
                    Interlocked.Increment(ref returned);
                },
                new() { MaxConcurrency = 1 + (rounds % 4) });
            stream.OnNextRange([1, 2, 3, 4, 5, 6]);
            Thread.SpinWait(random.Next(2_000));
            subscription.Dispose();
            Assert.That(subscription.WhenEndedAsync().Wait(_limit), Is.True, "A call that returns is awaited.");
            Volatile.Write(ref isOver, true);
            Assert.That(Volatile.Read(ref returned), Is.EqualTo(Volatile.Read(ref begun)), "Every call that began has returned.");
            Assert.That(Volatile.Read(ref late), Is.Zero);
            rounds++;
        }
        while (DateTime.UtcNow < end);

        stream.OnNext(0);
        stream.OnNext(1);
        Assert.That(stream.Subscriptions, Is.Empty);
        Assert.That(stream.Log.CountSegments(), Is.LessThanOrEqualTo(2), "Nothing is kept.");
    }

    private static void Run(int capacity, int seed)
    {
        const int Publishers = 3;
        const int EventsPerPublisher = 20_000;
        using var stream = new EventStream<(int Key, int Publisher, int Number)>(new EventStreamOptions { SegmentCapacity = capacity });
        var lastNumbers = new int[Publishers, Keys];
        var isRunning = new int[Keys];
        var faults = new ConcurrentQueue<string>();
        int handled = 0;
        int thrown = 0;
        using var done = new ManualResetEventSlim();
        int reported = 0;
        EventSubscription subscription = stream
            .WithFaultPolicy(FaultPolicy<(int Key, int Publisher, int Number)>.Continue(_ => reported++))
            .SubscribeAwait(
                async (value, _) =>
                {
                    if (Interlocked.Exchange(ref isRunning[value.Key], 1) != 0)
                    {
                        faults.Enqueue($"Two calls of key {value.Key} overlap.");
                    }

                    int what = (value.Number * 31 + value.Key * 7 + seed) & 15;
                    if (what < 3)
                    {
                        await Task.Yield();
                    }
                    else if (what == 3 && value.Number % 64 == 0)
                    {
                        await Task.Delay(1, CancellationToken.None);
                    }

                    if (lastNumbers[value.Publisher, value.Key] >= value.Number)
                    {
                        faults.Enqueue($"Key {value.Key} is out of order, or has an event twice.");
                    }

                    lastNumbers[value.Publisher, value.Key] = value.Number;
                    Volatile.Write(ref isRunning[value.Key], 0);
                    Interlocked.Increment(ref handled);
                    if (what == 5)
                    {
                        Interlocked.Increment(ref thrown);
                        throw new TimeoutException();
                    }
                },
                new() { MaxConcurrency = AtOnce, PartitionKey = static value => value.Key, OnCompleted = done.Set });

        Thread[] publishers =
        [
            .. Enumerable.Range(0, Publishers).Select(p => new Thread(() =>
            {
                var random = new Random((seed * 10) + p);
                for (int number = 1; number <= EventsPerPublisher; number++)
                {
                    // A few hot keys, so that events wait for their key.
                    int key = random.Next(4) == 0 ? random.Next(4) : random.Next(Keys);
                    stream.OnNext((key, p, number));
                }
            })),
        ];
        Array.ForEach(publishers, static p => p.Start());
        Array.ForEach(publishers, static p => p.Join());
        stream.OnCompleted();

        Assert.That(done.Wait(_limit), Is.True, $"All events are handled, seed {seed}: {handled}.");
        Assert.That(faults, Is.Empty, $"seed {seed}");
        Assert.That((handled, subscription.Delivered), Is.EqualTo((Publishers * EventsPerPublisher, (long)Publishers * EventsPerPublisher)));
        Assert.That((subscription.Faults, reported), Is.EqualTo(((long)thrown, thrown)));
    }
}
