using System.Reactive.Concurrency;
using System.Reactive.Subjects;
using Rx.Benchmarks.Measuring;
using Rx.Benchmarks.Work;

namespace Rx.Benchmarks.Scenarios;

/// <summary>Subscribing and unsubscribing each of many observers.</summary>
internal static class SubscriptionScenarios
{
    /// <summary>The number of observers in the comparison with the peer, which copies an array for each of them and takes very long with more.</summary>
    private const int Compared = 10_000;

    /// <summary>The numbers of observers between which the cost must not grow by more than <see cref="MaxGrowth"/>.</summary>
    private const int Few = 100;
    private const int Many = 100_000;
    private const double MaxGrowth = 1.5;

    private static readonly bool[] _kinds = [false, true];

    public static IReadOnlyList<Scenario> All { get; } =
    [
        .. _kinds.Select(isScheduled => Against("subscribe", isScheduled, SubscribeAll)),
        .. _kinds.Select(isScheduled => Against("unsubscribe", isScheduled, UnsubscribeAll)),
        .. _kinds.Select(isScheduled => Growing("subscribe", isScheduled, SubscribeAll)),
        .. _kinds.Select(isScheduled => Growing("unsubscribe", isScheduled, UnsubscribeAll)),
    ];

    private static string Place(bool isScheduled) => isScheduled ? "scheduled" : "inline";

    private static Scenario Against(string verb, bool isScheduled, Func<IObservable<int>, int, Session> work) => new(
        $"{verb}-{Place(isScheduled)}",
        $"{verb} each of {Compared:N0}",
        Compared,
        Peers.Subject,
        Limits.Ratio(0.1),
        [
            .. Streams.Both(options => count => work(CreateSource(options, isScheduled), count)),
            Contender.Timed(Peers.Subject, count => work(new Subject<int>(), count)),
            Contender.Timed(Peers.R3, count => OfR3(verb, count)),
        ]);

    /// <summary>Ours with many observers against ours with few: the cost must not grow with the number.</summary>
    private static Scenario Growing(string verb, bool isScheduled, Func<IObservable<int>, int, Session> work)
    {
        string few = $"ours, {Few} at a time";
        return new(
            $"{verb}-{Place(isScheduled)}-{Many}",
            $"{verb} each of {Many:N0}, against {Few} at a time",
            Many,
            few,
            Limits.Ratio(MaxGrowth),
            [
                .. Streams.Both(options => count => work(CreateSource(options, isScheduled), count)),
                Contender.Timed(few, count =>
                {
                    Session[] sessions = [.. Enumerable.Range(0, count / Few).Select(_ => work(CreateSource(new(), isScheduled), Few))];
                    return new(() => Array.ForEach(sessions, static s => s.Run()));
                }),
            ]);
    }

    private static IObservable<int> CreateSource(EventStreamOptions options, bool isScheduled)
    {
        var stream = new EventStream<int>(options);
        return isScheduled ? stream.ObserveOn(TaskPoolScheduler.Default) : stream;
    }

    private static Session SubscribeAll(IObservable<int> source, int count)
    {
        var observer = new DelegateObserver<int>(static _ => { });
        var subscriptions = new IDisposable[count];
        return new(() =>
        {
            for (int i = 0; i < subscriptions.Length; i++)
            {
                subscriptions[i] = source.Subscribe(observer);
            }
        });
    }

    private static Session UnsubscribeAll(IObservable<int> source, int count)
    {
        var observer = new DelegateObserver<int>(static _ => { });
        IDisposable[] subscriptions = [.. Enumerable.Range(0, count).Select(_ => source.Subscribe(observer))];
        return new(() => Array.ForEach(subscriptions, static s => s.Dispose()));
    }

    private static Session OfR3(string verb, int count)
    {
        var subject = new R3.Subject<int>();
        R3Counter[] observers = [.. Enumerable.Range(0, count).Select(_ => new R3Counter(new Counter(int.MaxValue, new Countdown(1))))];
        var subscriptions = new IDisposable[count];
        void Subscribe()
        {
            for (int i = 0; i < subscriptions.Length; i++)
            {
                subscriptions[i] = subject.Subscribe(observers[i]);
            }
        }

        if (verb == "subscribe")
        {
            return new(Subscribe);
        }

        Subscribe();
        return new(() => Array.ForEach(subscriptions, static s => s.Dispose()));
    }
}
