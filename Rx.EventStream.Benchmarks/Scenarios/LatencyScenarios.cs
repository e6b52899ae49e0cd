using System.Diagnostics;
using System.Reactive.Concurrency;
using System.Threading.Channels;
using Rx.Benchmarks.Measuring;
using Rx.Benchmarks.Work;

namespace Rx.Benchmarks.Scenarios;

/// <summary>How long one event takes to reach an idle observer.</summary>
internal static class LatencyScenarios
{
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new(
            "pingpong",
            "a round trip between two on the thread pool",
            50_000,
            Peers.Channel,
            Limits.Ratio(1.0),
            [
                .. Streams.Both(static options => rounds => PlayStreams(options, rounds)),
                Contender.Timed(Peers.Channel, static rounds => PlayChannels(rounds, isSingle: false)),
                Contender.Timed(Peers.ChannelSingle, static rounds => PlayChannels(rounds, isSingle: true)),
            ]),
        new(
            1_000,
            [
                new Figure("wake", "from publishing to an idle observer on the thread pool, median", Quantity.Time, Peers.Channel, Limits.Ratio(1.0)),
                new Figure("wake-p99", "the same, 99th percentile", Quantity.TailTime, Peers.Channel, Limits.Ratio(1.0)),
            ],
            [
                Contender.Waking(Contender.MultiWriter, static observer => WakeStream(new(), observer)),
                Contender.Waking(Contender.SingleWriter, static observer => WakeStream(new() { SingleWriter = true }, observer)),
                Contender.Waking(Peers.Channel, static observer => WakeChannel(observer, isSingle: false)),
                Contender.Waking(Peers.ChannelSingle, static observer => WakeChannel(observer, isSingle: true)),
            ]),
    ];

    private static Session PlayStreams(EventStreamOptions options, int rounds)
    {
        var ping = new EventStream<int>(options);
        var pong = new EventStream<int>(options);
        var done = new Countdown(1);
        ping.ObserveOn(TaskPoolScheduler.Default).Subscribe(pong.OnNext);
        pong.ObserveOn(TaskPoolScheduler.Default).Subscribe(round =>
        {
            if (round == rounds)
            {
                done.Signal();
            }
            else
            {
                ping.OnNext(round + 1);
            }
        });
        return new(
            () =>
            {
                ping.OnNext(1);
                done.Wait();
            },
            () =>
            {
                ping.Dispose();
                pong.Dispose();
            });
    }

    private static Session PlayChannels(int rounds, bool isSingle)
    {
        Channel<int>[] sides = ChannelFanOut.Open<int>(2, isSingle);
        var done = new Countdown(1);
        ChannelFanOut.Consume(sides[0].Reader, new DelegateObserver<int>(round => sides[1].Writer.TryWrite(round)));
        ChannelFanOut.Consume(sides[1].Reader, new DelegateObserver<int>(round =>
        {
            if (round == rounds)
            {
                done.Signal();
            }
            else
            {
                sides[0].Writer.TryWrite(round + 1);
            }
        }));
        return new(
            () =>
            {
                sides[0].Writer.TryWrite(1);
                done.Wait();
            },
            () => Array.ForEach(sides, static side => side.Writer.Complete()));
    }

    private static Session WakeStream(EventStreamOptions options, IObserver<long> observer)
    {
        var stream = new EventStream<long>(options);
        stream.ObserveOn(TaskPoolScheduler.Default).Subscribe(observer);
        return new(() => stream.OnNext(Stopwatch.GetTimestamp()), stream.Dispose);
    }

    private static Session WakeChannel(IObserver<long> observer, bool isSingle)
    {
        Channel<long> channel = ChannelFanOut.Open<long>(1, isSingle)[0];
        ChannelFanOut.Consume(channel.Reader, observer);
        return new(() => channel.Writer.TryWrite(Stopwatch.GetTimestamp()), () => channel.Writer.Complete());
    }
}
