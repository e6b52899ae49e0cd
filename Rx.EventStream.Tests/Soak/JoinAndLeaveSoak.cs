using System.Reactive.Concurrency;

namespace Rx.Tests.Soak;

/// <summary>Publishers that never stop, and observers of every kind that come and go, until the time is over.</summary>
[TestFixture(1)]
[TestFixture(2)]
[TestFixture(64)]
[Category("Soak")]
[NonParallelizable]
internal sealed class JoinAndLeaveSoak(int capacity)
{
    /// <summary>Events in one run: the reference of a run must fit into memory, however long the soak is.</summary>
    private const int EventsPerRun = 200_000;
    private const int PublisherShift = 40;

    private static readonly string[] _onPublishingThreads = ["inline", "inline", "inline"];
    private static readonly string[] _everywhere = ["inline", "pool", "task pool", "event loop", "new thread", "reader", "await foreach", "inline"];

    /// <summary>Who is not done by then hangs.</summary>
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(60);

    [Test]
    public void Observers_JoiningAndLeaving_SeeOneOrder([Values] bool isSingleWriter) => Run(_everywhere, isSingleWriter);

    /// <summary>Without readers elsewhere the memory of closed segments is written again.</summary>
    [Test]
    public void ObserversOnPublishingThreads_JoiningAndLeaving_SeeOneOrder([Values] bool isSingleWriter) => Run(_onPublishingThreads, isSingleWriter);

    private void Run(string[] kinds, bool isSingleWriter)
    {
        DateTime end = DateTime.UtcNow + SoakTime.PerTest;
        int seed = 1;
        do
        {
            Run(kinds, isSingleWriter, seed++, end);
        }
        while (DateTime.UtcNow < end);
    }

    private void Run(string[] kinds, bool isSingleWriter, int seed, DateTime end)
    {
        var stream = new EventStream<long>(new EventStreamOptions { SegmentCapacity = capacity, SingleWriter = isSingleWriter });
        int publishers = isSingleWriter ? 1 : 4;
        using var gate = new Barrier(publishers + kinds.Length + 1);
        var reference = new List<long>();
        stream.Subscribe(reference.Add);
        bool isOver = false;
        long published = 0;
        var faults = new List<string>();
        var seen = new List<Seen>();
        using var loop = new EventLoopScheduler();

        List<Thread> publishing = [.. Enumerable.Range(0, publishers).Select(p => Start($"publisher {p}", () => Publish(p)))];
        List<Thread> observing = [.. kinds.Select((kind, i) => Start(kind, () => Observe(kind, new Random((seed * 100) + i))))];
        gate.SignalAndWait();
        DateTime limit = DateTime.UtcNow + _limit;
        AwaitAll(publishing, limit);
        Volatile.Write(ref isOver, true);
        AwaitAll(observing, limit);
        stream.OnCompleted();

        var places = new Dictionary<long, int>(reference.Count);
        for (int i = 0; i < reference.Count; i++)
        {
            if (!places.TryAdd(reference[i], i))
            {
                faults.Add($"Event {reference[i]:x} is there twice.");
            }
        }

        var next = new long[publishers];
        foreach (long value in reference)
        {
            int publisher = (int)(value >> PublisherShift);
            long number = value & ((1L << PublisherShift) - 1);
            if (number != next[publisher]++)
            {
                faults.Add($"Publisher {publisher}: {number} comes out of turn.");
                break;
            }
        }

        Assert.That(next.Sum(), Is.EqualTo(published), "Everything that was published is there.");
        foreach (Seen one in seen)
        {
            if (one.MustReachTheEnd && !SpinWait.SpinUntil(() => one.Observation.IsCompleted, _limit))
            {
                faults.Add($"{one.Observation.Name}: never heard of the end; it has {one.Observation.Count} events.");
            }

            if (one.Observation.FindFault(reference, places, one.MustReachTheEnd, one.MustStartAt) is { } fault)
            {
                faults.Add(fault);
            }
        }

        Assert.That(seen, Is.Not.Empty);
        Assert.That(faults, Is.Empty, $"capacity {capacity}, seed {seed}");

        void Publish(int publisher)
        {
            gate.SignalAndWait();
            var random = new Random((seed * 1000) + publisher);
            long number = 0;
            var range = new long[8];
            while (number < EventsPerRun / publishers && DateTime.UtcNow < end)
            {
                if (random.Next(16) == 0)
                {
                    for (int i = 0; i < range.Length; i++)
                    {
                        range[i] = ((long)publisher << PublisherShift) | number++;
                    }

                    stream.OnNextRange(range);
                }
                else
                {
                    stream.OnNext(((long)publisher << PublisherShift) | number++);
                }
            }

            Interlocked.Add(ref published, number);
        }

        void Observe(string kind, Random random)
        {
            gate.SignalAndWait();
            EventPosition<long>? held = null;
            do
            {
                bool isLast = random.Next(8) == 0;
                EventPosition<long>? position = random.Next(3) switch { 0 => stream.GetNextPosition(), 1 => held, _ => null };
                held = random.Next(4) == 0 ? stream.GetNextPosition() : random.Next(4) == 0 ? null : held;
                var observation = new Observation($"{kind}{(position is null ? "" : $" from {position.Sequence}")}");
                int wanted = random.Next(500);
                bool isWhole = Follow(kind, observation, position, wanted, isLast);
                lock (seen)
                {
                    seen.Add(new Seen(observation, isWhole, position?.Sequence));
                }

                if (isWhole)
                {
                    return; // it stays to the end
                }
            }
            while (!Volatile.Read(ref isOver)); // once at least, however little time is left for this run
        }

        bool Follow(string kind, Observation observation, EventPosition<long>? position, int wanted, bool stays)
        {
            EventObservable<long> view = position?.AsObservable() ?? stream.AsObservable();
            if (kind is "reader" or "await foreach")
            {
                if (kind == "reader")
                {
                    using EventReader<long> reader = view.OpenReader();
                    while (observation.Count < wanted && !Volatile.Read(ref isOver))
                    {
                        if (reader.TryRead(out long value))
                        {
                            observation.OnNext(value);
                        }
                    }

                    return false;
                }

                using var cancellation = new CancellationTokenSource();
                Task reading = ReadAsync(view, observation, wanted, cancellation.Token);
                SpinWait.SpinUntil(() => reading.IsCompleted || Volatile.Read(ref isOver));
                cancellation.Cancel();
                Assert.That(reading.Wait(_limit), Is.True, "A cancelled enumeration hangs.");
                return false;
            }

            IDisposable subscription = kind switch
            {
                "inline" => view.Subscribe(observation),
                "pool" => view.ObserveOn(ThreadPoolScheduler.Instance).Subscribe(observation),
                "task pool" => view.ObserveOn(TaskPoolScheduler.Default).Subscribe(observation),
                "event loop" => view.ObserveOn(loop).Subscribe(observation),
                _ => view.ObserveOn(NewThreadScheduler.Default).Subscribe(observation),
            };
            if (stays)
            {
                return true;
            }

            SpinWait.SpinUntil(() => observation.Count >= wanted || Volatile.Read(ref isOver));
            subscription.Dispose();
            return false;
        }

        Thread Start(string name, Action action)
        {
            var thread = new Thread(() =>
            {
                try
                {
                    action();
                }
                catch (Exception error)
                {
                    lock (faults)
                    {
                        faults.Add($"{name}: {error}");
                    }
                }
            })
            {
                IsBackground = true,
            };
            thread.Start();
            return thread;
        }
    }

    private static async Task ReadAsync(EventObservable<long> view, Observation observation, int wanted, CancellationToken ct)
    {
        try
        {
            await foreach (long value in view.ReadAllAsync(ct))
            {
                observation.OnNext(value);
                if (observation.Count >= wanted)
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // It leaves.
        }
    }

    private static void AwaitAll(List<Thread> threads, DateTime limit)
    {
        foreach (Thread thread in threads)
        {
            TimeSpan left = limit - DateTime.UtcNow;
            Assert.That(thread.Join(left > TimeSpan.Zero ? left : TimeSpan.Zero), Is.True, "Somebody hangs.");
        }
    }

    private sealed record Seen(Observation Observation, bool MustReachTheEnd, long? MustStartAt);
}
