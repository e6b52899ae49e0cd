using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Reactive.Subjects;
using System.Threading.Channels;
using R3;
using Rx.Benchmarks.Measuring;
using Rx.Benchmarks.Work;

namespace Rx.Benchmarks.Scenarios;

/// <summary>One publisher and observers on the thread pool. The time runs until every observer has every event.</summary>
internal static class FanOutScenarios
{
    private const int BatchSize = 1024;
    private const int BurstSize = 2;

    public static IReadOnlyList<Scenario> All { get; } =
    [
        FanOut(1, 4_000_000, new(MultiWriter: 0.8, SingleWriter: 0.35)),
        Young(1_000_000, Limits.Ratio(1.0)),
        SpinningObserver("fanout-1-spin", "", Contender.MultiWriter, new(), 4_000_000),
        SpinningObserver("fanout-1-spin-single", ", with a single writer", Contender.SingleWriter, new() { SingleWriter = true }, 4_000_000),
        FanOut(4, 2_000_000, new(0.08, 0.05) { Reached = new(0.12, 0.12) }),
        FanOut(16, 500_000, new(0.06, 0.03)),
        FanOut(100, 125_000, new(0.06, 0.04)),
        ObserveOn(16, 100_000, Limits.Ratio(0.02)),
        Enumerating(4, 500_000, Limits.Ratio(0.3)),
        Batches(4_000_000, Limits.Ratio(0.1)),
        Bursts(1000, 200, Limits.Ratio(1.0)),
    ];

    private static Scenario FanOut(int observers, int events, Limits limits) => new(
        $"fanout-{observers}",
        $"publish to {observers} on the thread pool, until each has every event",
        events,
        Peers.Channel,
        limits,
        FanOutContenders(observers));

    private static Contender[] FanOutContenders(int observers) =>
    [
        .. Streams.Both(options => count => OfStream(options, observers, count)),
        Contender.Timed(Peers.Channel, count => OfChannels(observers, count, isSingle: false)),
        Contender.Timed(Peers.ChannelSingle, count => OfChannels(observers, count, isSingle: true)),
        Contender.Timed(Peers.Akka, count => OfHub(observers, count)),
    ];

    /// <summary>The work of fanout-1, as the first that a process does.</summary>
    private static Scenario Young(int events, Limits limits)
    {
        const string Name = "fanout-1-young";
        return new(
            Name,
            "publish to 1 on the thread pool, until it has every event, in a process that has just started",
            events,
            Peers.Channel,
            limits,
            [.. FanOutContenders(1).Select(static contender => contender.InYoungProcess(Name))])
        {
            WarmUp = TimeSpan.Zero,
        };
    }

    /// <summary>What a thread that spins costs the publisher: only the publisher is measured.</summary>
    private static Scenario SpinningObserver(string name, string mode, string contender, EventStreamOptions options, int events) => new(
        name,
        $"publish to 1 on a thread that spins while it has nothing to do{mode}, until everything is published",
        events,
        Peers.OursParked,
        Limits.Ratio(1.1),
        [
            Contender.Timed(contender, count => OfThread(options, WaitStrategy.Spin, count)),
            Contender.Timed(Peers.OursParked, count => OfThread(options, WaitStrategy.Park, count)),
        ]);

    private static Session OfThread(EventStreamOptions options, WaitStrategy strategy, int events)
    {
        var stream = new EventStream<int>(options);
        var done = new Countdown(1);
        stream.ObserveOn(NewThreadScheduler.Default).WithWaitStrategy(strategy).Subscribe(new Counter(events, done));
        return new(
            () => Publisher.Publish(new StreamTarget<int>(stream), events),
            () =>
            {
                done.Wait();
                stream.Dispose();
            });
    }

    /// <summary>Consumers that enumerate with <c>await foreach</c>.</summary>
    /// <remarks>The peer is that of Rx's own authors, and what a user of Rx finds first. It has a queue for each consumer. Neither System.Interactive.Async
    /// nor System.Linq.AsyncEnumerable has an operator that shares one buffer, like <c>Publish</c> and <c>Memoize</c> of
    /// System.Interactive.</remarks>
    private static Scenario Enumerating(int consumers, int events, Limits limits) => new(
        $"fanout-{consumers}-enumerable",
        $"publish to {consumers} that enumerate on the thread pool, until each has every event",
        events,
        Peers.SubjectEnumerable,
        limits,
        [
            .. Streams.Both(options => count =>
            {
                var stream = new EventStream<int>(options);
                return OfEnumerables(() => stream.ReadAllAsync(), new StreamTarget<int>(stream), consumers, count, stream.OnCompleted);
            }),
            Contender.Timed(Peers.SubjectEnumerable, count =>
            {
                var subject = new System.Reactive.Subjects.Subject<int>();
                return OfEnumerables(
                    () => AsyncEnumerableEx.ToAsyncEnumerable(subject), new SubjectTarget<int>(subject), consumers, count, subject.OnCompleted);
            }),
            Contender.Timed(Peers.ChannelEnumerable, count =>
            {
                Channel<int>[] channels = ChannelFanOut.Open<int>(consumers);
                int opened = 0;
                return OfEnumerables(
                    () => channels[opened++].Reader.ReadAllAsync(),
                    new ChannelsTarget<int>([.. channels.Select(c => c.Writer)]),
                    consumers,
                    count,
                    () => Array.ForEach(channels, static c => c.Writer.Complete()));
            }),
        ]);

    private static Session OfEnumerables<TTarget>(
        Func<IAsyncEnumerable<int>> open, TTarget target, int consumers, int events, Action close)
        where TTarget : struct, ITarget<int>
    {
        var done = new Countdown(consumers);
        for (int i = 0; i < consumers; i++)
        {
            PulledEvents.Consume(open(), new Counter(events, done));
        }

        return Publishing(target, events, done, close);
    }

    /// <summary>The same work against its counterpart in Rx. The name extends that of the other scenario, so that <c>--only</c> runs both.</summary>
    private static Scenario ObserveOn(int observers, int events, Limits limits) => new(
        $"fanout-{observers}-observeon",
        $"publish to {observers} on the thread pool, until each has every event",
        events,
        Peers.ObserveOn,
        limits,
        [
            .. Streams.Both(options => count => OfStream(options, observers, count)),
            Contender.Timed(Peers.ObserveOn, count => OfObserveOn(observers, count)),
            Contender.Timed(Peers.R3ObserveOn, count => OfR3(observers, count)),
        ]);

    private static Scenario Batches(int events, Limits limits) => new(
        "batches",
        "publish runs of 1,024 to one on the thread pool that sums batches, until it has every event",
        events,
        Peers.Channel,
        limits,
        [
            .. Streams.Both(options => count =>
            {
                var stream = new EventStream<int>(options);
                var done = new Countdown(1);
                stream.ObserveOn(TaskPoolScheduler.Default).Batch(BatchSize).Subscribe(new BatchCounter(count, done));
                return new(
                    () =>
                    {
                        Publisher.PublishRuns(stream, BatchSize, count);
                        done.Wait();
                    },
                    stream.Dispose);
            }),
            Contender.Timed(Peers.Channel, count => OfChannels(1, count, isSingle: false)),
            Contender.Timed(Peers.ChannelSingle, count => OfChannels(1, count, isSingle: true)),
        ]);

    private static Scenario Bursts(int observers, int bursts, Limits limits) => new(
        $"burst-{observers}",
        $"publish {BurstSize} to {observers} on the thread pool, until each has both, repeatedly",
        bursts,
        Peers.Channel,
        limits,
        [
            .. Streams.Both(options => count =>
            {
                var stream = new EventStream<int>(options);
                var done = new Countdown(observers);
                EventObservable<int> observable = stream.ObserveOn(TaskPoolScheduler.Default);
                for (int i = 0; i < observers; i++)
                {
                    observable.Subscribe(EndOfBurst(done));
                }

                return Bursting(new StreamTarget<int>(stream), count, done, stream.Dispose);
            }),
            Contender.Timed(Peers.Channel, count =>
            {
                Channel<int>[] channels = ChannelFanOut.Open<int>(observers);
                var done = new Countdown(observers);
                foreach (Channel<int> channel in channels)
                {
                    ChannelFanOut.Consume(channel.Reader, EndOfBurst(done));
                }

                return Bursting(
                    new ChannelsTarget<int>([.. channels.Select(c => c.Writer)]),
                    count,
                    done,
                    () => Array.ForEach(channels, static c => c.Writer.Complete()));
            }),
        ]);

    private static DelegateObserver<int> EndOfBurst(Countdown done) => new(value =>
    {
        if (value == BurstSize - 1)
        {
            done.Signal();
        }
    });

    private static Session Bursting<TTarget>(TTarget target, int bursts, Countdown done, Action close)
        where TTarget : struct, ITarget<int> =>
        new(
            () =>
            {
                for (int i = 0; i < bursts; i++)
                {
                    done.Reset();
                    Publisher.Publish(target, BurstSize);
                    done.Wait();
                }
            },
            close);

    private static Session OfStream(EventStreamOptions options, int observers, int events)
    {
        var stream = new EventStream<int>(options);
        var done = new Countdown(observers);
        EventObservable<int> observable = stream.ObserveOn(TaskPoolScheduler.Default);
        for (int i = 0; i < observers; i++)
        {
            observable.Subscribe(new Counter(events, done));
        }

        return Publishing(new StreamTarget<int>(stream), events, done, stream.Dispose);
    }

    private static Session OfChannels(int observers, int events, bool isSingle)
    {
        Channel<int>[] channels = ChannelFanOut.Open<int>(observers, isSingle);
        var done = new Countdown(observers);
        foreach (Channel<int> channel in channels)
        {
            ChannelFanOut.Consume(channel.Reader, new Counter(events, done));
        }

        return Publishing(
            new ChannelsTarget<int>([.. channels.Select(c => c.Writer)]),
            events,
            done,
            () => Array.ForEach(channels, static c => c.Writer.Complete()));
    }

    private static Session OfObserveOn(int observers, int events)
    {
        var subject = new System.Reactive.Subjects.Subject<int>();
        var done = new Countdown(observers);
        for (int i = 0; i < observers; i++)
        {
            subject.ObserveOn(TaskPoolScheduler.Default).Subscribe(new Counter(events, done));
        }

        // Completed, so that the threads of ObserveOn end.
        return Publishing(new SubjectTarget<int>(subject), events, done, subject.OnCompleted);
    }

    private static Session OfR3(int observers, int events)
    {
        var subject = new R3.Subject<int>();
        var done = new Countdown(observers);
        for (int i = 0; i < observers; i++)
        {
            subject.ObserveOnThreadPool().Subscribe(new R3Counter(new Counter(events, done)));
        }

        return Publishing(new R3Target<int>(subject), events, done, subject.Dispose);
    }

    private static Session OfHub(int observers, int events)
    {
        var done = new Countdown(observers);
        TaskCompletionSource<int> start = AkkaHub.Open(events, [.. Enumerable.Range(0, observers).Select(_ => new Counter(events, done))]);
        return new(() =>
        {
            start.SetResult(0);
            done.Wait();
        });
    }

    private static Session Publishing<TTarget>(TTarget target, int events, Countdown done, Action close)
        where TTarget : struct, ITarget<int> =>
        new(
            () =>
            {
                Publisher.Publish(target, events);
                done.Wait();
            },
            close);
}
