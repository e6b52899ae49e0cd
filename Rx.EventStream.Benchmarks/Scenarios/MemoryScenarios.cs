using System.Reactive.Concurrency;
using System.Threading.Channels;
using Rx.Benchmarks.Measuring;
using Rx.Benchmarks.Work;

namespace Rx.Benchmarks.Scenarios;

/// <summary>Allocated bytes, bytes that stay in use, and the cost of garbage collection.</summary>
internal static class MemoryScenarios
{
    private const int Stalled = 16;
    private const int ReferenceEvents = 5_000_000;
    private const double PromotedBytes = 10e6;

    public static IReadOnlyList<Scenario> All { get; } =
    [
        new(
            1_000_000,
            [new Figure("backlog", $"live bytes per event (long), {Stalled} scheduled subscribers stalled", Quantity.Bytes, Peers.Channel, Limits.Absolute(9.5))],
            Both(Backlog, BacklogOfChannels)),
        new(
            1000,
            [new Figure("idle", "live bytes of an unused one", Quantity.Bytes, Peers.Channel, Limits.Absolute(200))],
            Both(
                static (options, count) => LiveBytes.PerOperation(count, () => Enumerable.Range(0, count).Select(_ => new EventStream<int>(options)).ToArray()),
                static count => LiveBytes.PerOperation(count, () => ChannelFanOut.Open<int>(count)))),
        new(
            ReferenceEvents,
            [
                new Figure("gc", "garbage collection pauses, per reference event to one on the thread pool", Quantity.Time, Peers.Channel, Limits.Ratio(1.3)),
                new Figure("gc-promoted", "promoted bytes, per reference event", Quantity.Bytes, Peers.Channel, Limits.Absolute(PromotedBytes / ReferenceEvents)),
            ],
            Both(
                static (options, count) => CollectorCost.Of(Run(options, count, static i => new Event(i)), count),
                static count => CollectorCost.Of(RunChannel(count, static i => new Event(i)), count))),
        new(
            3_000_000,
            [new Figure("steady", "bytes allocated per event (int), to one on the thread pool", Quantity.Bytes, Peers.Channel, Limits.Absolute(6))],
            [
                .. Streams.Both(static options => count => Run(options, count, static i => i)),
                Contender.Timed(Peers.Channel, static count => RunChannel(count, static i => i)),
            ]),
    ];

    private static Contender[] Both(Func<EventStreamOptions, int, Sample> ours, Func<int, Sample> channel) =>
    [
        new(Contender.MultiWriter, count => ours(new EventStreamOptions(), count)),
        new(Contender.SingleWriter, count => ours(new EventStreamOptions { SingleWriter = true }, count)),
        new(Peers.Channel, channel),
    ];

    private static Sample Backlog(EventStreamOptions options, int count)
    {
        // The time of this scheduler stands still, so its actions never run.
        var stalled = new HistoricalScheduler();
        var stream = new EventStream<long>(options);
        for (int i = 0; i < Stalled; i++)
        {
            stream.ObserveOn(stalled).Subscribe(new DelegateObserver<long>(static _ => { }));
        }

        return LiveBytes.PerOperation(count, () =>
        {
            for (int i = 0; i < count; i++)
            {
                stream.OnNext(i);
            }

            return stream;
        });
    }

    private static Sample BacklogOfChannels(int count)
    {
        Channel<long>[] channels = ChannelFanOut.Open<long>(Stalled);
        return LiveBytes.PerOperation(count, () =>
        {
            for (int i = 0; i < count; i++)
            {
                foreach (Channel<long> channel in channels)
                {
                    channel.Writer.TryWrite(i);
                }
            }

            return channels;
        });
    }

    private static Session Run<T>(EventStreamOptions options, int count, Func<int, T> create)
    {
        var stream = new EventStream<T>(options);
        var consumer = new Throttled<T>(count);
        stream.ObserveOn(TaskPoolScheduler.Default).Subscribe(consumer);
        return new(() => consumer.Run(create, stream.OnNext), stream.Dispose);
    }

    private static Session RunChannel<T>(int count, Func<int, T> create)
    {
        Channel<T> channel = ChannelFanOut.Open<T>(1)[0];
        var consumer = new Throttled<T>(count);
        ChannelFanOut.Consume(channel.Reader, consumer);
        return new(() => consumer.Run(create, value => channel.Writer.TryWrite(value)), () => channel.Writer.Complete());
    }

    private sealed record Event(int Number);
}
