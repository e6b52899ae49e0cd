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
            scenario => Marbles.Of(Run(scenario, isRx: false)) == Marbles.Of(Run(scenario, isRx: true)),
            print: scenario => $"{scenario}\n  stream {Marbles.Of(Run(scenario, isRx: false))}\n  Rx     {Marbles.Of(Run(scenario, isRx: true))}",
            iter: 2_000,
            threads: 1);

    [Test]
    public void ObserveOn_ErrorAfterPublications_OvertakesNone() =>
        _scenarios.Sample(
            scenario =>
            {
                scenario = scenario with { Subscribe = 0, Unsubscribe = 0, Answers = false, End = scenario.End == 0 ? LastTick + 5 : scenario.End };
                IList<Recorded<Notification<int>>> messages = Run(scenario, isRx: false, fails: true);
                int before = scenario.Publications.Where(p => p.Tick < scenario.End).Sum(p => p.Count);
                return messages.Count == before + 1
                    && messages[^1].Value.Kind == NotificationKind.OnError
                    && messages.Take(before).Select(m => m.Value.Value).SequenceEqual(Enumerable.Range(0, before))
                    && messages.Zip(messages.Skip(1)).All(pair => pair.First.Time < pair.Second.Time);
            },
            iter: 1_000,
            threads: 1);

    [Test]
    public void From_AnyPosition_SameEventsAsFromTheBeginning() =>
        _scenarios.Sample(
            scenario =>
            {
                var scheduler = new TestScheduler();
                using EventStream<int> stream = scenario.CreateStream();
                ITestableObserver<int> all = scheduler.Observe(stream);
                EventPosition<int> start = stream.GetNextPosition();
                Play(scheduler, scenario with { Answers = false }, stream, range => stream.OnNextRange(range), fails: false);
                ITestableObserver<int> inline = scheduler.Observe(() => start.AsObservable(), SubscribeAt(scenario));
                ITestableObserver<int> scheduled = scheduler.Observe(() => start.AsObservable().ObserveOn(scheduler), SubscribeAt(scenario));
                scheduler.Start();
                return Values(inline).SequenceEqual(Values(all))
                    && Values(scheduled).SequenceEqual(Values(all));
            },
            iter: 1_000,
            threads: 1);

    private static string SubscribeAt(Scenario scenario) => $"<{scenario.Subscribe}>^";

    private static IEnumerable<Notification<int>> Values(ITestableObserver<int> observer) => observer.Messages.Select(m => m.Value);

    private static IList<Recorded<Notification<int>>> Run(Scenario scenario, bool isRx, bool fails = false)
    {
        var scheduler = new TestScheduler();
        using var subject = new Subject<int>();
        using EventStream<int> stream = scenario.CreateStream();
        IObserver<int> target = isRx ? subject : stream;
        IObservable<int> source = isRx ? subject.ObserveOn(scheduler) : stream.ObserveOn(scheduler);
        ITestableObserver<int> observer = scheduler.CreateObserver<int>();

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

        IDisposable? subscription = null;
        At(scheduler, scenario.Subscribe, () => subscription = source.Subscribe(observer));
        Play(scheduler, scenario, target, isRx ? null : range => stream.OnNextRange(range), fails);
        if (scenario.Unsubscribe > 0)
        {
            At(scheduler, scenario.Unsubscribe, () => subscription?.Dispose());
        }

        scheduler.Start();
        return observer.Messages;
    }

    private static void Play(TestScheduler scheduler, Scenario scenario, IObserver<int> target, Action<int[]>? publishRange, bool fails)
    {
        int next = 0;
        if (scenario.End > 0)
        {
            // Scheduled before the publications, so that publications of the same tick come after the end.
            At(scheduler, scenario.End, () =>
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
            At(scheduler, publication.Tick, () =>
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

    private static void At(TestScheduler scheduler, long tick, Action action)
    {
        if (tick == 0)
        {
            action();
        }
        else
        {
            scheduler.ScheduleAbsolute(tick, action);
        }
    }

    private sealed record Publication(long Tick, int Count);

    /// <summary>What happens at which tick. Tick 0 is before the clock starts; for <c>End</c> and <c>Unsubscribe</c> it means never.</summary>
    private sealed record Scenario(
        Publication[] Publications, long End, long Subscribe, long Unsubscribe, bool Answers, bool AsRange, bool SingleWriter, int Capacity)
    {
        public EventStream<int> CreateStream() => new(new EventStreamOptions { SingleWriter = SingleWriter, SegmentCapacity = Capacity });

        public override string ToString() =>
            $"{string.Join(' ', Publications.Select(p => $"{p.Count}@{p.Tick}"))} end@{End} subscribe@{Subscribe} unsubscribe@{Unsubscribe} " +
            $"answers={Answers} range={AsRange} single={SingleWriter} capacity={Capacity}";
    }
}
