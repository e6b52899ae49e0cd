using System.Reactive.Concurrency;

namespace Rx.Tests.Soak;

/// <summary>Publishers run without pause while observers of every kind join and leave, until the time is over.</summary>
[TestFixture(1)]
[TestFixture(2)]
[TestFixture(64)]
[Category("Soak")]
[NonParallelizable]
internal sealed class JoinAndLeaveSoak(int capacity)
{
    /// <summary>The events of one run. A soak of any length is made of runs, so that the reference of one run fits into memory.</summary>
    private const int EventsPerRun = 200_000;
    private const int PublisherShift = 40;

    private static readonly string[] _onPublishingThreads = ["inline", "inline", "inline"];
    private static readonly string[] _everywhere =
        ["inline", "pool", "task pool", "event loop", "new thread", "reader", "await foreach", "current thread", "one by one", "inline"];

    /// <summary>Those that are called, or woken, in their turn.</summary>
    private static readonly string[] _inTurn = ["inline", "current thread", "one by one", "current thread"];

    /// <summary>A thread that has not ended by then hangs.</summary>
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(60);

    [Test]
    public void Observers_JoiningAndLeaving_SeeOneOrder([Values] bool isSingleWriter) => Run(_everywhere, isSingleWriter);

    /// <summary>Without readers and scheduled observers, the memory of closed segments is reused.</summary>
    [Test]
    public void InlineObservers_JoiningAndLeaving_SeeOneOrder([Values] bool isSingleWriter) => Run(_onPublishingThreads, isSingleWriter);

    [Test]
    public void ObserversInTurn_JoiningAndLeaving_SeeOneOrder([Values] bool isSingleWriter) => Run(_inTurn, isSingleWriter);

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
                faults.Add($"Event {reference[i]:x} was delivered twice.");
            }
        }

        var next = new long[publishers];
        foreach (long value in reference)
        {
            int publisher = (int)(value >> PublisherShift);
            long number = value & ((1L << PublisherShift) - 1);
            if (number != next[publisher]++)
            {
                faults.Add($"Publisher {publisher}: {number} is out of order.");
                break;
            }
        }

        Assert.That(next.Sum(), Is.EqualTo(published), "Every published event was delivered.");
        foreach (Seen one in seen)
        {
            if (one.MustReachTheEnd && !SpinWait.SpinUntil(() => one.Observation.IsCompleted, _limit))
            {
                faults.Add($"{one.Observation.Name}: did not complete; it has {one.Observation.Count} events.");
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
                    return; // the observer stays until the end
                }
            }
            while (!Volatile.Read(ref isOver)); // at least once, even if little time is left for this run
        }

        bool Follow(string kind, Observation observation, EventPosition<long>? position, int wanted, bool stays)
        {
            EventObservable<long> observable = position?.AsObservable() ?? stream.AsObservable();
            if (kind is "reader" or "await foreach")
            {
                if (kind == "reader")
                {
                    using EventReader<long> reader = observable.OpenReader();
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
                Task reading = ReadAsync(observable, observation, wanted, cancellation.Token);
                SpinWait.SpinUntil(() => reading.IsCompleted || Volatile.Read(ref isOver));
                cancellation.Cancel();
                Assert.That(reading.Wait(_limit), Is.True, "A cancelled enumeration hangs.");
                return false;
            }

            IDisposable subscription = kind switch
            {
                "inline" => observable.Subscribe(observation),
                "pool" => observable.ObserveOn(ThreadPoolScheduler.Instance).Subscribe(observation),
                "task pool" => observable.ObserveOn(TaskPoolScheduler.Default).Subscribe(observation),
                "event loop" => observable.ObserveOn(loop).Subscribe(observation),
                "current thread" => observable.ObserveOn(CurrentThreadScheduler.Instance).Subscribe(observation),
                "one by one" => observable.ObserveOn(loop, maxBatch: 1).Subscribe(observation),
                _ => observable.ObserveOn(NewThreadScheduler.Default).Subscribe(observation),
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

    private static async Task ReadAsync(EventObservable<long> observable, Observation observation, int wanted, CancellationToken ct)
    {
        try
        {
            await foreach (long value in observable.ReadAllAsync(ct))
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
            // The observer leaves.
        }
    }

    private static void AwaitAll(List<Thread> threads, DateTime limit)
    {
        foreach (Thread thread in threads)
        {
            TimeSpan left = limit - DateTime.UtcNow;
            Assert.That(thread.Join(left > TimeSpan.Zero ? left : TimeSpan.Zero), Is.True, "A thread hangs.");
        }
    }

    private sealed record Seen(Observation Observation, bool MustReachTheEnd, long? MustStartAt);
}
