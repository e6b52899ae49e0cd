using System.Reactive;
using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Reactive.Subjects;
using CsCheck;

namespace Rx.Tests.Delivery;

/// <summary>Publishes random events at random ticks: on virtual time a subscription's ticks equal those of Rx's <c>ObserveOn</c>.</summary>
[TestFixture]
internal sealed class ObserveOnPropertyTests
{
    private const long LastTick = 30;

    private static readonly Gen<Scenario> _scenarios =
        from publications in Gen.Select(Gen.Long[1, LastTick], Gen.Int[1, 4], (tick, count) => new Publication(tick, count)).Array[0, 12]
        from end in Gen.OneOf(Gen.Const(0L), Gen.Long[1, LastTick + 5])
        from subscribe in Gen.OneOf(Gen.Const(0L), Gen.Long[1, LastTick])
        from unsubscribe in Gen.OneOf(Gen.Const(0L), Gen.Long[1, LastTick + 20])
        from answers in Gen.Bool
        from asRange in Gen.Bool
        from singleWriter in Gen.Bool
        from capacity in Gen.Int[1, 5]
        select new Scenario([.. publications.OrderBy(p => p.Tick)], end, subscribe, unsubscribe, answers, asRange, singleWriter, capacity);

    [Test]
    public void ObserveOn_AnyPublications_SameTicksAsRx() =>
        _scenarios.Sample(
            scenario => Drawn(scenario, isRx: false) == Drawn(scenario, isRx: true),
            print: scenario => $"{scenario}\n  stream {Drawn(scenario, isRx: false)}\n  Rx     {Drawn(scenario, isRx: true)}",
            iter: 2_000,
            threads: 1);

    [Test]
    public void ObserveOn_ErrorAfterPublications_OvertakesNone() =>
        _scenarios.Sample(
            scenario =>
            {
                scenario = scenario with { Subscribe = 0, Unsubscribe = 0, Answers = false, End = scenario.End == 0 ? LastTick + 5 : scenario.End };
                IReadOnlyList<MarbleNotification<int>> messages = Run(scenario, isRx: false, fails: true);
                int before = scenario.Publications.Where(p => p.Tick < scenario.End).Sum(p => p.Count);
                return messages.Count == before + 1
                    && messages[^1].Notification.Kind == NotificationKind.OnError
                    && messages.Take(before).Select(m => m.Notification.Value).SequenceEqual(Enumerable.Range(0, before))
                    && messages.Zip(messages.Skip(1)).All(pair => pair.First.Tick < pair.Second.Tick);
            },
            iter: 1_000,
            threads: 1);

    [Test]
    public void From_AnyPosition_SameEventsAsFromTheBeginning() =>
        _scenarios.Sample(
            scenario =>
            {
                var scheduler = new MarbleScheduler(TimeSpan.FromTicks(1));
                using EventStream<int> stream = scenario.CreateStream();
                MarbleRecording<int> all = scheduler.Record(stream);
                EventPosition<int> start = stream.GetNextPosition();
                Play(scheduler, scenario with { Answers = false }, stream, range => stream.OnNextRange(range), fails: false);
                MarbleRecording<int> inline = scheduler.Record(() => start.AsObservable(), SubscribeAt(scenario));
                MarbleRecording<int> scheduled = scheduler.Record(() => start.AsObservable().ObserveOn(scheduler), SubscribeAt(scenario));
                scheduler.Start();
                return Values(inline).SequenceEqual(Values(all))
                    && Values(scheduled).SequenceEqual(Values(all));
            },
            iter: 1_000,
            threads: 1);

    private static string SubscribeAt(Scenario scenario) => $"{scenario.Subscribe}f ^";

    private static string SubscriptionOf(Scenario scenario) => (scenario.Unsubscribe - scenario.Subscribe) switch
    {
        > 0 and var ticks => $"{SubscribeAt(scenario)} {ticks - 1}f !",
        0 when scenario.Unsubscribe > 0 => $"{scenario.Subscribe}f (^!)",
        _ => SubscribeAt(scenario),
    };

    private static IEnumerable<Notification<int>> Values(MarbleRecording<int> observer) => observer.Notifications.Select(m => m.Notification);

    private static string Drawn(Scenario scenario, bool isRx) => Marbles.Of(Run(scenario, isRx), TimeSpan.FromTicks(1));

    private static IReadOnlyList<MarbleNotification<int>> Run(Scenario scenario, bool isRx, bool fails = false)
    {
        var scheduler = new MarbleScheduler(TimeSpan.FromTicks(1));
        using var subject = new Subject<int>();
        using EventStream<int> stream = scenario.CreateStream();
        IObserver<int> target = isRx ? subject : stream;
        IObservable<int> source = isRx ? subject.ObserveOn(scheduler) : stream.ObserveOn(scheduler);
        if (scenario.Answers)
        {
            // Publishes an answer to each event that is not an answer itself.
            source = source.Do(value =>
            {
                if (value >= 0)
                {
                    target.OnNext(-1 - value);
                }
            });
        }

        MarbleRecording<int> recording = scheduler.Record(source, SubscriptionOf(scenario));
        Play(scheduler, scenario, target, isRx ? null : range => stream.OnNextRange(range), fails);
        scheduler.Start();
        return recording.Notifications;
    }

    private static void Play(MarbleScheduler scheduler, Scenario scenario, IObserver<int> target, Action<int[]>? publishRange, bool fails)
    {
        int next = 0;
        if (scenario.End > 0)
        {
            // Scheduled before the publications, so that publications of the same tick come after the end.
            scheduler.ScheduleAbsolute(scenario.End, () =>
            {
                if (fails)
                {
                    target.OnError(Marbles.Error);
                }
                else
                {
                    target.OnCompleted();
                }
            });
        }

        foreach (Publication publication in scenario.Publications)
        {
            int[] values = [.. Enumerable.Range(next, publication.Count)];
            next += publication.Count;
            scheduler.ScheduleAbsolute(publication.Tick, () =>
            {
                if (scenario.AsRange && publishRange is not null)
                {
                    publishRange(values);
                }
                else
                {
                    Array.ForEach(values, target.OnNext);
                }
            });
        }
    }

    private sealed record Publication(long Tick, int Count);

    /// <summary>What happens at which tick. For <c>End</c> and <c>Unsubscribe</c>, 0 means never.</summary>
    private sealed record Scenario(
        Publication[] Publications, long End, long Subscribe, long Unsubscribe, bool Answers, bool AsRange, bool SingleWriter, int Capacity)
    {
        public EventStream<int> CreateStream() => new(new EventStreamOptions { SingleWriter = SingleWriter, SegmentCapacity = Capacity });

        public override string ToString() =>
            $"{string.Join(' ', Publications.Select(p => $"{p.Count}@{p.Tick}"))} end@{End} subscribe@{Subscribe} unsubscribe@{Unsubscribe} " +
            $"answers={Answers} range={AsRange} single={SingleWriter} capacity={Capacity}";
    }
}
