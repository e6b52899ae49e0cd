using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Reactive.Subjects;
using CsCheck;
using Rx.Tests.Contract;

namespace Rx.Tests.Delivery;

/// <summary>What several observers of one or two sources do, step by step, so that the whole log can be compared with Rx's.</summary>
internal sealed record OrderScript(OrderScript.Step[] Steps, OrderScript.Rule[] Rules, StreamConfiguration Configuration)
{
    private const int Observers = 4;

    /// <summary>Scripts for so many sources.</summary>
    public static Gen<OrderScript> OfSources(int count) => Scripts(count, Enum.GetValues<Act>(), Enum.GetValues<Route>());

    /// <summary>Scripts in which observers do nothing to the streams.</summary>
    public static Gen<OrderScript> OfListeners(int sources, params Route[] routes) => Scripts(sources, [Act.None], routes);

    /// <summary>Scripts in which no observer subscribes another one: one that is alone on its scheduler delivers the rest of its batch before
    /// the new observer gets a turn.</summary>
    public static Gen<OrderScript> WithoutJoiners(int sources) =>
        Scripts(sources, [Act.None, Act.Publish, Act.Dispose, Act.Complete], [Route.ObserveOn, Route.Inline]);

    internal enum Act
    {
        None,
        Publish,
        Subscribe,
        Dispose,
        Complete,
    }

    /// <summary>What the test does at a tick: before the next tick the scheduler runs what is due.</summary>
    internal sealed record Step(int Tick, Act Act, int Source, int Observer, int Count, Route Route);

    /// <summary>How an observer subscribes.</summary>
    internal enum Route
    {
        /// <summary>With the stream's own <c>ObserveOn</c>, beside which Rx's is compared.</summary>
        ObserveOn,

        /// <summary>With no scheduler.</summary>
        Inline,

        /// <summary>Through another operator first, and Rx's <c>ObserveOn</c> after it, on the same scheduler.</summary>
        Operator,
    }

    /// <summary>What an observer does when it gets an event.</summary>
    internal sealed record Rule(int Observer, int Value, Act Act, int Target);

    public string RunOnRx(Func<IScheduler> scheduler, Action<IScheduler, int> advance, Action<Action>? around = null)
    {
        using Subject<int> first = new(), second = new();
        IScheduler on = scheduler();
        return Run([first, second], on, source => source.ObserveOn(on), tick => advance(on, tick), around);
    }

    public string RunOnStream(
        Func<IScheduler> scheduler, Action<IScheduler, int> advance, Func<EventStream<int>, IScheduler, IObservable<int>>? observe = null, Action<Action>? around = null)
    {
        using EventStream<int> first = Configuration.Create<int>(), second = Configuration.Create<int>();
        IScheduler on = scheduler();
        return Run(
            [first, second],
            on,
            source => observe is null ? ((EventStream<int>)source).ObserveOn(on) : observe((EventStream<int>)source, on),
            tick => advance(on, tick),
            around);
    }

    /// <param name="sources">The sources.</param>
    /// <param name="on">The scheduler of all observers that have one.</param>
    /// <param name="observe">How an observer with <see cref="Route.ObserveOn"/> observes a source.</param>
    /// <param name="advance">Runs what is due at a tick.</param>
    /// <param name="around">Runs a step, or null.</param>
    private string Run(
        ISubject<int>[] sources, IScheduler on, Func<ISubject<int>, IObservable<int>> observe, Action<int> advance, Action<Action>? around)
    {
        var log = new List<string>();
        var subscriptions = new IDisposable?[Observers];
        int published = 0;
        int tick = 0;

        void Do(Act act, int source, int observer, int count, Route route)
        {
            switch (act)
            {
                case Act.Publish:
                    for (int i = 0; i < count && published < 60; i++)
                    {
                        sources[source].OnNext(published++);
                    }

                    break;
                case Act.Subscribe when subscriptions[observer] is null:
                    IObservable<int> observable = route switch
                    {
                        Route.Inline => sources[source],
                        Route.Operator => sources[source].Select(value => value).ObserveOn(on),
                        _ => observe(sources[source]),
                    };
                    subscriptions[observer] = observable.Subscribe(
                        value =>
                        {
                            log.Add($"{(char)('a' + observer)}{value}@{tick}");
                            foreach (Rule rule in Rules.Where(r => r.Observer == observer && r.Value == value && route != Route.Inline))
                            {
                                Do(rule.Act, source, rule.Target, 1, Route.ObserveOn);
                            }
                        },
                        () => log.Add($"{(char)('a' + observer)}|@{tick}"));
                    break;
                case Act.Dispose:
                    subscriptions[observer]?.Dispose();
                    subscriptions[observer] = null;
                    break;
                case Act.Complete:
                    sources[source].OnCompleted();
                    break;
            }
        }

        foreach (Step step in Steps)
        {
            while (tick < step.Tick)
            {
                advance(++tick);
            }

            void DoStep() => Do(step.Act, step.Source, step.Observer, step.Count, step.Route);
            if (around is null)
            {
                DoStep();
            }
            else
            {
                around(DoStep);
            }
        }

        while (tick < 100)
        {
            advance(++tick);
        }

        return string.Join(' ', log);
    }

    public override string ToString() =>
        $"{Configuration}\n  {string.Join("\n  ", Steps.Select(s => s.ToString()))}\n  {string.Join("\n  ", Rules.Select(r => r.ToString()))}";

    private static Gen<OrderScript> Scripts(int sources, Act[] inside, Route[] routes) =>
        from subscribers in Gen.Int[2, Observers]
        from steps in (
            from tick in Gen.Int[0, 12]
            from act in Gen.Frequency(
                (8, Gen.Const(Act.Publish)), (3, Gen.Const(Act.Subscribe)), (2, Gen.Const(Act.Dispose)), (1, Gen.OneOf(Gen.Const(Act.None), Gen.Const(Act.Complete))))
            from source in Gen.Int[0, sources - 1]
            from observer in Gen.Int[0, Observers - 1]
            from count in Gen.Int[1, 3]
            from route in Gen.OneOf([.. routes.Select(Gen.Const)])
            select new Step(tick, act, source, observer, count, route)).Array[2, 14]
        from firstRoutes in Gen.OneOf([.. routes.Select(Gen.Const)]).Array[Observers]
        from first in Gen.Int[0, sources - 1].Array[Observers]
        from rules in (
            from observer in Gen.Int[0, Observers - 1]
            from value in Gen.Int[0, 15]
            from act in Gen.OneOf([.. inside.Select(Gen.Const)])
            from target in Gen.Int[0, Observers - 1]
            select new Rule(observer, value, act, target)).Array[0, 6]
        from configuration in Gen.OneOf([.. StreamConfiguration.All.Select(Gen.Const)])
        select new OrderScript(
            [
                .. Enumerable.Range(0, subscribers).Select(i => new Step(0, Act.Subscribe, first[i], i, 1, firstRoutes[i])),
                .. steps.OrderBy(s => s.Tick),
            ],
            rules,
            configuration);
}
