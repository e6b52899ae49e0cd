using System.Reactive;
using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Threading.Channels;
using R3;
using Rx.Benchmarks.Measuring;
using Rx.Benchmarks.Work;

namespace Rx.Benchmarks.Scenarios;

/// <summary>One publisher and a handler that returns a task, one call at a time. The time runs until every call has returned.</summary>
internal static class HandlerScenarios
{
    public static IReadOnlyList<Scenario> All { get; } =
    [
        Scenario("async-1", "publish to a handler that completes at once", 1_000_000, yields: false, Peers.OursObserver, Limits.Ratio(1.3)),
        Scenario("async-yield", "publish to a handler that yields", 100_000, yields: true, Peers.ChannelLoop, Limits.Ratio(2.0)),
    ];

    private static Scenario Scenario(string name, string what, int events, bool yields, string peer, Limits limits) => new(
        name,
        $"{what}, on the thread pool, until the last call has returned",
        events,
        peer,
        limits,
        [
            .. Streams.Both(options => count =>
            {
                var stream = new EventStream<int>(options);
                var done = new Countdown(1);
                Func<int, CancellationToken, ValueTask> handler = Handler(new Counter(count, done), yields);
                stream.SubscribeAwait(handler);
                return Publishing(new StreamTarget<int>(stream), count, done, stream.Dispose);
            }),
            .. yields ? Array.Empty<Contender>() :
            [
                Contender.Timed(Peers.OursObserver, count =>
                {
                    var stream = new EventStream<int>();
                    var done = new Countdown(1);
                    stream.ObserveOn(TaskPoolScheduler.Default).Subscribe(new Counter(count, done));
                    return Publishing(new StreamTarget<int>(stream), count, done, stream.Dispose);
                }),
            ],
            Contender.Timed(Peers.ChannelLoop, count =>
            {
                Channel<int> channel = Channel.CreateUnbounded<int>();
                var done = new Countdown(1);
                Func<int, CancellationToken, ValueTask> handler = Handler(new Counter(count, done), yields);
                _ = Task.Run(async () =>
                {
                    await foreach (int value in channel.Reader.ReadAllAsync().ConfigureAwait(false))
                    {
                        await handler(value, CancellationToken.None).ConfigureAwait(false);
                    }
                });
                return Publishing(new ChannelsTarget<int>([channel.Writer]), count, done, () => channel.Writer.Complete());
            }),
            Contender.Timed(Peers.R3Await, count =>
            {
                var subject = new R3.Subject<int>();
                var done = new Countdown(1);
                subject.SubscribeAwait(Handler(new Counter(count, done), yields), AwaitOperation.Sequential, configureAwait: false);
                return Publishing(new R3Target<int>(subject), count, done, subject.Dispose);
            }),
            Contender.Timed(Peers.RxConcat, count =>
            {
                var subject = new System.Reactive.Subjects.Subject<int>();
                var done = new Countdown(1);
                Func<int, CancellationToken, ValueTask> handler = Handler(new Counter(count, done), yields);
                System.Reactive.Linq.Observable.Concat(
                    System.Reactive.Linq.Observable.Select(
                        subject, value => System.Reactive.Linq.Observable.FromAsync(token => handler(value, token).AsTask()))).Subscribe();
                return Publishing(new SubjectTarget<int>(subject), count, done, subject.Dispose);
            }),
        ]);

    private static Func<int, CancellationToken, ValueTask> Handler(Counter counter, bool yields) =>
        yields
            ? async (value, _) =>
            {
                await Task.Yield();
                counter.OnNext(value);
            }
            : (value, _) =>
            {
                counter.OnNext(value);
                return ValueTask.CompletedTask;
            };

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
