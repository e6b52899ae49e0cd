using System.Reactive.Concurrency;
using System.Reactive.Subjects;
using Rx.Benchmarks.Measuring;
using Rx.Benchmarks.Work;

namespace Rx.Benchmarks.Scenarios;

/// <summary>Coming and going, of each of so many.</summary>
internal static class SubscriptionScenarios
{
    /// <summary>How many the peer is compared at; it copies an array for each, so more would take it very long.</summary>
    private const int Compared = 10_000;

    /// <summary>The numbers between which the cost is to stay the same, and by how much it may differ to be called so.</summary>
    private const int Few = 100;
    private const int Many = 100_000;
    private const double Same = 1.5;

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
            .. Streams.Both(options => count => work(View(options, isScheduled), count)),
            Contender.Timed(Peers.Subject, count => work(new Subject<int>(), count)),
            Contender.Timed(Peers.R3, count => OfR3(verb, count)),
        ]);

    /// <summary>Ours at many, against ours at few: the cost is not to grow with the number.</summary>
    private static Scenario Growing(string verb, bool isScheduled, Func<IObservable<int>, int, Session> work)
    {
        string few = $"ours, {Few} at a time";
        return new(
            $"{verb}-{Place(isScheduled)}-{Many}",
            $"{verb} each of {Many:N0}, against {Few} at a time",
            Many,
            few,
            Limits.Ratio(Same),
            [
                .. Streams.Both(options => count => work(View(options, isScheduled), count)),
                Contender.Timed(few, count =>
                {
                    Session[] sessions = [.. Enumerable.Range(0, count / Few).Select(_ => work(View(new(), isScheduled), Few))];
                    return new(() => Array.ForEach(sessions, static s => s.Run()));
                }),
            ]);
    }

    private static IObservable<int> View(EventStreamOptions options, bool isScheduled)
    {
        var stream = new EventStream<int>(options);
        return isScheduled ? stream.ObserveOn(TaskPoolScheduler.Default) : stream;
    }

    private static Session SubscribeAll(IObservable<int> source, int count)
    {
        var observer = new Caller<int>(static _ => { });
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
        var observer = new Caller<int>(static _ => { });
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
