using System.Reactive.Concurrency;

namespace Rx.Tests.Soak;

/// <summary>Several publishers run at once. Each of sixteen scheduled observers gets every event, and all see the same order.</summary>
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

    /// <summary>The events of a round. An ordinary run has one round; a long soak has at least fifty larger ones, until the time is over.</summary>
    private static readonly int _events = _isLong ? 1_000_000 : 100_000;

    [Test]
    public void ScheduledObservers_ConcurrentPublishers_SeeOneOrder()
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
        Assert.That(done.Wait(_limit), Is.True, "An observer did not complete.");

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
                Assert.Fail($"Publisher {publisher}: {value} is out of order.");
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

        // A surplus event throws, and the subscription ends before OnCompleted.
        public void OnNext(int value) => Events[Count++] = value;

        public void OnError(Exception error)
        {
        }

        public void OnCompleted() => done.Signal();
    }
}
