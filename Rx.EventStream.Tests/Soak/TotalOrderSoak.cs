using System.Reactive.Concurrency;

namespace Rx.Tests.Soak;

/// <summary>Several publishers at once, sixteen observers on schedulers: each gets all events, in one and the same order.</summary>
[TestFixture]
[Category("Soak")]
[NonParallelizable]
internal sealed class TotalOrderSoak
{
    private const int Publishers = 4;
    private const int Observers = 16;
    private const int PublisherShift = 24;

    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(2);

    private static readonly bool _isLong = SoakTime.PerTest >= TimeSpan.FromSeconds(30);

    /// <summary>In an ordinary test run one round of 100,000 events; in a long soak 1,000,000, fifty times and until the time is over.</summary>
    private static readonly int _events = _isLong ? 1_000_000 : 100_000;

    [Test]
    public void ScheduledObservers_ConcurrentPublishers_AllSeeAllInOneOrder()
    {
        DateTime end = DateTime.UtcNow + SoakTime.PerTest;
        int rounds = 0;
        do
        {
            Run();
            rounds++;
        }
        while (_isLong && (rounds < 50 || DateTime.UtcNow < end));

        TestContext.Out.WriteLine($"{rounds} rounds of {_events:N0} events to {Observers} observers");
    }

    private static void Run()
    {
        var stream = new EventStream<int>();
        using var loop = new EventLoopScheduler();
        using var done = new CountdownEvent(Observers);
        using var gate = new Barrier(Publishers);
        IScheduler[] schedulers =
            [ThreadPoolScheduler.Instance, TaskPoolScheduler.Default, loop, new TaskPoolScheduler(new TaskFactory()), NewThreadScheduler.Default];
        Collector[] collectors = [.. Enumerable.Range(0, Observers).Select(_ => new Collector(done))];
        for (int i = 0; i < Observers; i++)
        {
            stream.ObserveOn(schedulers[i % schedulers.Length]).Subscribe(collectors[i]);
        }

        Thread[] publishers = [.. Enumerable.Range(0, Publishers).Select(p => new Thread(() => Publish(p)) { IsBackground = true })];
        Array.ForEach(publishers, p => p.Start());
        Assert.That(Array.TrueForAll(publishers, p => p.Join(_limit)), Is.True, "A publisher hangs.");
        stream.OnCompleted();
        Assert.That(done.Wait(_limit), Is.True, "An observer never heard of the end.");

        int[] order = collectors[0].Events;
        Assert.That(collectors.Select(c => c.Count), Is.All.EqualTo(_events));
        for (int i = 1; i < Observers; i++)
        {
            Assert.That(collectors[i].Events.AsSpan().SequenceEqual(order), Is.True, $"Observer {i} saw another order.");
        }

        var next = new int[Publishers];
        foreach (int value in order)
        {
            int publisher = value >> PublisherShift;
            if ((value & ((1 << PublisherShift) - 1)) != next[publisher]++)
            {
                Assert.Fail($"Publisher {publisher}: {value} comes out of turn.");
            }
        }

        Assert.That(next, Is.All.EqualTo(_events / Publishers));

        void Publish(int publisher)
        {
            gate.SignalAndWait();
            for (int i = 0; i < _events / Publishers; i++)
            {
                stream.OnNext((publisher << PublisherShift) | i);
            }
        }
    }

    private sealed class Collector(CountdownEvent done) : IObserver<int>
    {
        public int[] Events { get; } = new int[_events];

        public int Count { get; private set; }

        // One too many throws, which ends the subscription before its end.
        public void OnNext(int value) => Events[Count++] = value;

        public void OnError(Exception error)
        {
        }

        public void OnCompleted() => done.Signal();
    }
}
