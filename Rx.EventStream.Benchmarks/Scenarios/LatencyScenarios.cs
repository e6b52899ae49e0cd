using System.Diagnostics;
using System.Reactive.Concurrency;
using System.Threading.Channels;
using Rx.Benchmarks.Measuring;
using Rx.Benchmarks.Work;

namespace Rx.Benchmarks.Scenarios;

/// <summary>How long one event is on its way to an observer that was idle.</summary>
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
                new Contender(Contender.MultiWriter, static count => WakeStream(new(), count)),
                new Contender(Contender.SingleWriter, static count => WakeStream(new() { SingleWriter = true }, count)),
                new Contender(Peers.Channel, static count => WakeChannel(count, isSingle: false)),
                new Contender(Peers.ChannelSingle, static count => WakeChannel(count, isSingle: true)),
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
        ChannelFanOut.Consume(sides[0].Reader, new Caller<int>(round => sides[1].Writer.TryWrite(round)));
        ChannelFanOut.Consume(sides[1].Reader, new Caller<int>(round =>
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

    private static Sample WakeStream(EventStreamOptions options, int count)
    {
        using var stream = new EventStream<long>(options);
        var latencies = new Latencies(count);
        stream.ObserveOn(TaskPoolScheduler.Default).Subscribe(latencies);
        return latencies.Take(stream.OnNext);
    }

    private static Sample WakeChannel(int count, bool isSingle)
    {
        Channel<long> channel = ChannelFanOut.Open<long>(1, isSingle)[0];
        var latencies = new Latencies(count);
        ChannelFanOut.Consume(channel.Reader, latencies);
        Sample sample = latencies.Take(time => channel.Writer.TryWrite(time));
        channel.Writer.Complete();
        return sample;
    }

    /// <summary>Publishes the time, waits until it has arrived, lets everything fall idle, and does it again.</summary>
    private sealed class Latencies(int count) : IObserver<long>
    {
        private readonly List<double> _taken = new(count);
        private readonly AutoResetEvent _arrived = new(false);

        public Sample Take(Action<long> publish)
        {
            for (int i = 0; i < count; i++)
            {
                Thread.Sleep(1);
                publish(Stopwatch.GetTimestamp());
                _arrived.WaitOne();
            }

            _taken.Sort();
            return new Sample(_taken[count / 2], 0, _taken[count * 99 / 100]);
        }

        public void OnNext(long published)
        {
            _taken.Add(Stopwatch.GetElapsedTime(published).TotalNanoseconds);
            _arrived.Set();
        }

        public void OnError(Exception error) => throw error;

        public void OnCompleted()
        {
        }
    }
}
