using System.Reactive.Concurrency;
using System.Threading.Channels;
using Rx.Benchmarks.Measuring;
using Rx.Benchmarks.Work;

namespace Rx.Benchmarks.Scenarios;

/// <summary>More and more threads, up to the number of processors: observers of 100 ns on the thread pool, then publishers. The time runs until every
/// observer has every event.</summary>
/// <remarks>Without targets: where the curves bend depends on the machine.</remarks>
internal static class ScaleScenarios
{
    /// <summary>The prefix of the figures with one publisher; the number of observers follows.</summary>
    public const string Observers = "scale-observers-";

    /// <summary>The prefix of the figures with as many observers as processors; the number of publishers follows.</summary>
    public const string Publishers = "scale-publishers-";

    private const int Events = 100_000;

    public static IReadOnlyList<Scenario> All { get; } =
    [
        .. Steps(Cores.Available).Select(static observers => Scenario(
            $"{Observers}{observers}",
            $"one publisher, {observers} observers of 100 ns on the thread pool",
            observers,
            [
                .. Streams.Both(options => events => OfStream(options, 1, observers, events)),
                .. ChannelsFor(1, observers),
            ])),
        .. Steps(Cores.Available).Select(static publishers => Scenario(
            $"{Publishers}{publishers}",
            $"{publishers} publishers, {Cores.Available} observers of 100 ns on the thread pool",
            publishers,
            [
                Contender.Timed(Contender.MultiWriter, events => OfStream(new(), publishers, Cores.Available, events)),
                .. ChannelsFor(publishers, Cores.Available),
            ])),
    ];

    /// <summary>1, 2, 3, 4, 6, 8, 12, 16, … up to the number of processors, which is always the last.</summary>
    private static IEnumerable<int> Steps(int cores)
    {
        for (int power = 1; power < cores; power *= 2)
        {
            yield return power;
            if (power > 1 && power * 3 / 2 < cores)
            {
                yield return power * 3 / 2;
            }
        }

        yield return cores;
    }

    private static Scenario Scenario(string name, string what, int at, Contender[] contenders) => new(
        Events,
        [new Figure(name, what, Quantity.Time, Peers.Channel, Limits.None) { At = at }],
        contenders);

    private static Contender[] ChannelsFor(int publishers, int observers) =>
        [Contender.Timed(Peers.Channel, events => OfChannels(publishers, observers, events))];

    private static Session OfStream(EventStreamOptions options, int publishers, int observers, int events)
    {
        var stream = new EventStream<int>(options);
        var done = new Countdown(observers);
        EventObservable<int> observable = stream.ObserveOn(TaskPoolScheduler.Default);
        for (int i = 0; i < observers; i++)
        {
            observable.Subscribe(new WorkingObserver(events, done));
        }

        return PublishingThreads.Prepare(new StreamTarget<int>(stream), publishers, events, done, stream.Dispose);
    }

    private static Session OfChannels(int publishers, int observers, int events)
    {
        Channel<int>[] channels = ChannelFanOut.Open<int>(observers);
        var done = new Countdown(observers);
        foreach (Channel<int> channel in channels)
        {
            ChannelFanOut.Consume(channel.Reader, new WorkingObserver(events, done));
        }

        return PublishingThreads.Prepare(
            new ChannelsTarget<int>([.. channels.Select(c => c.Writer)]),
            publishers,
            events,
            done,
            () => Array.ForEach(channels, static c => c.Writer.Complete()));
    }
}
