using System.Reactive.Subjects;
using Rx.Benchmarks.Measuring;
using Rx.Benchmarks.Work;

namespace Rx.Benchmarks.Scenarios;

/// <summary>Streams with retention.</summary>
internal static class ReplayScenarios
{
    private const int Kept = 1000;
    private const int LiveObservers = 5;

    public static IReadOnlyList<Scenario> All { get; } =
    [
        new(
            "replay",
            "subscribe late, and read 2,000,000 retained events",
            2_000_000,
            Peers.Replay,
            Limits.Ratio(0.1),
            [
                .. Streams.Retaining(Retention.All, static options => events => Replay(new EventStream<int>(options), events)),
                Contender.Timed(Peers.Replay, static events => Replay(new ReplaySubject<int>(), events)),
                Contender.Timed(Peers.R3Replay, ReplayR3),
                Contender.Timed(Peers.Array, ReplayArray),
            ]),
        new(
            "replay-live",
            $"publish to {LiveObservers} on the publishing thread, {Kept:N0} events retained",
            200_000,
            Peers.Replay,
            Limits.Ratio(0.1),
            [
                .. Streams.Retaining(Retention.Count(Kept), static options => events =>
                {
                    var stream = new EventStream<int>(options);
                    return Live(new StreamTarget<int>(stream), stream, events);
                }),
                Contender.Timed(Peers.Replay, static events =>
                {
                    var subject = new ReplaySubject<int>(Kept);
                    return Live(new ReplayTarget<int>(subject), subject, events);
                }),
            ]),
    ];

    private static Session Replay<TSubject>(TSubject subject, int events)
        where TSubject : ISubject<int>, IDisposable
    {
        for (int i = 0; i < events; i++)
        {
            subject.OnNext(i);
        }

        var done = new Countdown(1);
        var observer = new Counter(events, done);
        return new(
            () =>
            {
                subject.Subscribe(observer);
                done.Wait();
            },
            subject.Dispose);
    }

    private static Session ReplayR3(int events)
    {
        var subject = new R3.ReplaySubject<int>();
        for (int i = 0; i < events; i++)
        {
            subject.OnNext(i);
        }

        var done = new Countdown(1);
        var observer = new R3Counter(new Counter(events, done));
        return new(
            () =>
            {
                subject.Subscribe(observer);
                done.Wait();
            },
            subject.Dispose);
    }

    private static Session ReplayArray(int events)
    {
        var source = new WalkedArray([.. Enumerable.Range(0, events)]);
        var done = new Countdown(1);
        var observer = new Counter(events, done);
        return new(() =>
        {
            source.Subscribe(observer);
            done.Wait();
        });
    }

    private static Session Live<TTarget>(TTarget target, IObservable<int> source, int events)
        where TTarget : struct, ITarget<int>
    {
        var done = new Countdown(LiveObservers);
        for (int i = 0; i < LiveObservers; i++)
        {
            source.Subscribe(new Counter(events, done));
        }

        return new(() =>
        {
            Publisher.Publish(target, events);
            done.Wait();
        });
    }
}
