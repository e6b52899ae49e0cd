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
        new(
            1_000,
            [new Figure("wake-parts", "from the call until the other thread runs, median", Quantity.Time, Peers.WorkItem, Limits.None)],
            [
                Contender.Waking(Contender.MultiWriter, static observer => WakeStream(new(), observer)),
                Contender.Waking(Peers.WorkItem, WakeWorkItem),
                Contender.Waking(Peers.OursParked, WakeThread),
                Contender.Waking(Peers.Event, WakeByEvent),
            ]),
        new(
            1_000,
            [
                new Figure("wake-spin", "from publishing to an observer whose thread spins, median", Quantity.Time, Peers.Polled, Limits.Absolute(500, Peers.Field)),
                new Figure("wake-spin-p99", "the same, 99th percentile", Quantity.TailTime, Peers.Polled, Limits.Absolute(5_000, Peers.Field)),
            ],
            [
                Contender.Spinning(Contender.MultiWriter, static observer => SpinOnStream(new(), observer)),
                Contender.Spinning(Contender.SingleWriter, static observer => SpinOnStream(new() { SingleWriter = true }, observer)),
                Contender.Spinning(Peers.Polled, SpinOnChannel),
                Contender.Spinning(Peers.Field, SpinOnField),
            ]),
        new(
            "pingpong-spin",
            "a round trip between two threads that spin",
            1_000_000,
            Peers.Polled,
            Limits.Absolute(250, Peers.Field),
            [
                .. Streams.Both(static options => rounds => PlaySpinningStreams(options, rounds)),
                Contender.Timed(Peers.Polled, PlayPolledChannels),
                Contender.Timed(Peers.Field, PlayPolledFields),
            ]),
    ];

    private static Session PlayStreams(EventStreamOptions options, int rounds)
    {
        var ping = new EventStream<int>(options);
        var pong = new EventStream<int>(options);
        return Play(rounds, ping, ping.ObserveOn(TaskPoolScheduler.Default), pong, pong.ObserveOn(TaskPoolScheduler.Default));
    }

    private static Session PlaySpinningStreams(EventStreamOptions options, int rounds)
    {
        var ping = new EventStream<int>(options);
        var pong = new EventStream<int>(options);
        return Play(rounds, ping, Spinning(ping), pong, Spinning(pong));
    }

    private static Session PlayPolledChannels(int rounds)
    {
        var ping = new PolledChannel<int>();
        var pong = new PolledChannel<int>();
        return Play(rounds, ping, ping, pong, pong);
    }

    private static Session PlayPolledFields(int rounds)
    {
        var ping = new PolledField();
        var pong = new PolledField();
        return Play(rounds, ping, ping, pong, pong);
    }

    /// <summary>Each of two publishes to the other what it observes, until there were enough rounds.</summary>
    private static Session Play<TSubject>(int rounds, TSubject ping, IObservable<int> pings, TSubject pong, IObservable<int> pongs)
        where TSubject : IObserver<int>, IDisposable
    {
        var done = new Countdown(1);
        pings.Subscribe(new DelegateObserver<int>(pong.OnNext));
        pongs.Subscribe(new DelegateObserver<int>(round =>
        {
            if (round == rounds)
            {
                done.Signal();
            }
            else
            {
                ping.OnNext(round + 1);
            }
        }));
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

    private static Session WakeThread(IObserver<long> observer)
    {
        var stream = new EventStream<long>();
        stream.ObserveOn(NewThreadScheduler.Default).Subscribe(observer);
        return new(() => stream.OnNext(Stopwatch.GetTimestamp()), stream.Dispose);
    }

    /// <summary>The thread pool alone.</summary>
    private static Session WakeWorkItem(IObserver<long> observer) =>
        new(() => ThreadPool.UnsafeQueueUserWorkItem(observer.OnNext, Stopwatch.GetTimestamp(), preferLocal: false));

    /// <summary>The operating system alone, through the runtime.</summary>
    private static Session WakeByEvent(IObserver<long> observer)
    {
        var wake = new AutoResetEvent(false);
        long at = 0;
        var thread = new Thread(() =>
        {
            while (wake.WaitOne() && Volatile.Read(ref at) is > 0 and var time)
            {
                observer.OnNext(time);
            }

            wake.Dispose();
        })
        { IsBackground = true };
        thread.Start();
        return new(
            () =>
            {
                Volatile.Write(ref at, Stopwatch.GetTimestamp());
                wake.Set();
            },
            () =>
            {
                Volatile.Write(ref at, 0);
                wake.Set();
            });
    }

    private static EventObservable<T> Spinning<T>(EventStream<T> stream) =>
        stream.ObserveOn(NewThreadScheduler.Default).WithWaitStrategy(WaitStrategy.Spin);

    private static Session SpinOnStream(EventStreamOptions options, IObserver<long> observer)
    {
        var stream = new EventStream<long>(options);
        Spinning(stream).Subscribe(observer);
        return new(() => stream.OnNext(Stopwatch.GetTimestamp()), stream.Dispose);
    }

    private static Session SpinOnChannel(IObserver<long> observer)
    {
        var channel = new PolledChannel<long>();
        channel.Subscribe(observer);
        return new(() => channel.OnNext(Stopwatch.GetTimestamp()), channel.Dispose);
    }

    private static Session SpinOnField(IObserver<long> observer)
    {
        var field = new PolledField();
        field.Subscribe(observer);
        return new(() => field.OnNext(Stopwatch.GetTimestamp()), field.Dispose);
    }

    private static Session WakeChannel(IObserver<long> observer, bool isSingle)
    {
        Channel<long> channel = ChannelFanOut.Open<long>(1, isSingle)[0];
        ChannelFanOut.Consume(channel.Reader, observer);
        return new(() => channel.Writer.TryWrite(Stopwatch.GetTimestamp()), () => channel.Writer.Complete());
    }
}
