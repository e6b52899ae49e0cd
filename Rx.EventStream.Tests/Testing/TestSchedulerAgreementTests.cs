using System.Reactive;
using System.Reactive.Concurrency;
using System.Reactive.Linq;
using CsCheck;

namespace Rx.Tests.Testing;

/// <summary>The same program has the same ticks on <see cref="TestScheduler"/> and on <see cref="MarbleScheduler"/>.</summary>
[TestFixture]
internal sealed class TestSchedulerAgreementTests
{
    private static readonly Gen<(int Gap, bool IsEvent)[]> _times = Gen.Select(Gen.Int[1, 9], Gen.Bool).Array[0, 12];

    private static readonly Gen<(string Name, Func<IObservable<char>, IScheduler, IObservable<char>> Apply)> _operator = Gen.OneOf(
        Gen.Const(Named("hop", (s, scheduler) => s.ObserveOn(scheduler))),
        Gen.Const(Named("late", (s, scheduler) => s.SubscribeOn(scheduler))),
        Gen.Int[0, 12].Select(t => Named($"delay{t}", (s, scheduler) => s.Delay(TimeSpan.FromTicks(t), scheduler))),
        Gen.Int[1, 12].Select(t => Named($"throttle{t}", (s, scheduler) => s.Throttle(TimeSpan.FromTicks(t), scheduler))),
        Gen.Int[1, 12].Select(t => Named($"sample{t}", (s, scheduler) => s.Sample(TimeSpan.FromTicks(t), scheduler))),
        Gen.Int[1, 20].Select(t => Named($"timeout{t}", (s, scheduler) => s.Timeout(TimeSpan.FromTicks(t), Observable.Return('t', scheduler), scheduler))),
        Gen.Int[1, 9].Select(t => Named($"merge{t}", (s, scheduler) =>
            s.Merge(Observable.Interval(TimeSpan.FromTicks(t), scheduler).Take(3).Select(i => (char)('0' + i))))),
        Gen.Int[1, 9].Select(t => Named($"buffer{t}", (s, scheduler) =>
            s.Buffer(TimeSpan.FromTicks(t), scheduler).Take(9).Select(b => b.Count > 0 ? b[^1] : '_'))));

    private static readonly Gen<(bool IsHot, int First, int Subscribe, (int, bool)[] Times, int End, (string Name, Func<IObservable<char>, IScheduler, IObservable<char>> Apply)[] Operators)> _programs =
        Gen.Select(Gen.Bool, Gen.Int[1, 3], Gen.Int[1, 20], _times, Gen.Int[0, 2], _operator.Array[0, 4],
            (isHot, first, subscribe, times, end, operators) => (isHot, first, subscribe, times, end, operators));

    [Test]
    public void Programs_Random_SameTicks() =>
        _programs.Sample(
            program =>
            {
                (long Tick, Notification<char> Notification)[] notifications = [.. Notifications(program.First, program.Times, program.End)];
                var test = new TestScheduler();
                Recorded<Notification<char>>[] recorded = [.. notifications.Select(n => new Recorded<Notification<char>>(n.Tick, n.Notification))];
                ITestableObserver<char> observer = test.CreateObserver<char>();
                IObservable<char>? theirs = null;
                test.ScheduleAbsolute(program.Subscribe, () => Apply(theirs!, program.Operators, test).Subscribe(observer));
                // After the subscription, as marbles play: the order of scheduling counts within a tick.
                theirs = program.IsHot ? test.CreateHotObservable(recorded) : test.CreateColdObservable(recorded);
                test.AdvanceTo(500);

                var marble = new MarbleScheduler(TimeSpan.FromTicks(1));
                string marbles = Marbles.Of(notifications, TimeSpan.FromTicks(1));
                IObservable<char> ours = program.IsHot ? marble.Hot(marbles) : marble.Cold(marbles);
                MarbleRecording<char> recording = marble.Record(
                    () => Apply(ours, program.Operators, marble), SubscribeAt(program.Subscribe));
                marble.AdvanceTo(500);

                return recording.Notifications.Select(n => $"{n.Tick}: {n.Notification}").SequenceEqual(observer.Messages.Select(m => $"{m.Time}: {m.Value}"));
            },
            print: p => $"{(p.IsHot ? "hot" : "cold")} {Marbles.Of(Notifications(p.First, p.Times, p.End), TimeSpan.FromTicks(1))} at {p.Subscribe}: {string.Join(" ", p.Operators.Select(o => o.Name))}",
            iter: 2_000,
            threads: 1);

    [Test]
    public void Schedule_Anything_SameTicks()
    {
        List<long> theirs = Program(new TestScheduler(), s => s.Clock, s => s.Start());
        List<long> ours = Program(new MarbleScheduler(), s => s.Clock, s => s.Start());

        Assert.That(ours, Is.EqualTo(theirs));

        static List<long> Program<TScheduler>(TScheduler scheduler, Func<TScheduler, long> clock, Action<TScheduler> start)
            where TScheduler : VirtualTimeScheduler<long, long>
        {
            var ticks = new List<long>();
            scheduler.Schedule(() => ticks.Add(clock(scheduler)));
            scheduler.Schedule(TimeSpan.FromTicks(-5), () => ticks.Add(clock(scheduler)));
            scheduler.Schedule(TimeSpan.FromTicks(7), () => scheduler.Schedule(() => ticks.Add(clock(scheduler))));
            scheduler.Schedule(scheduler.Now.AddTicks(9), () => ticks.Add(clock(scheduler)));
            scheduler.ScheduleAbsolute(0L, () => ticks.Add(clock(scheduler)));
            scheduler.ScheduleRelative(3L, () => ticks.Add(clock(scheduler)));
            start(scheduler);
            ticks.Add(clock(scheduler));
            scheduler.AdvanceBy(10);
            scheduler.Schedule(() => ticks.Add(clock(scheduler)));
            start(scheduler);
            ticks.Add(clock(scheduler));
            return ticks;
        }
    }

    // Microsoft.Reactive.Testing 3.1.1 was built against System.Reactive 3. An incompatibility would show here first.
    [Test]
    public void TestScheduler_SystemReactive_HopsAndTimers()
    {
        var scheduler = new TestScheduler();
        ITestableObserver<long> observer = scheduler.CreateObserver<long>();

        Observable.Interval(TimeSpan.FromTicks(5), scheduler).Take(2).ObserveOn(scheduler).Subscribe(observer);
        scheduler.Start();

        Assert.That(observer.Messages.Select(m => $"{m.Time}: {m.Value}"), Is.EqualTo(new[] { "6: OnNext(0)", "11: OnNext(1)", "12: OnCompleted()" }));
    }

    private static (string, Func<IObservable<char>, IScheduler, IObservable<char>>) Named(string name, Func<IObservable<char>, IScheduler, IObservable<char>> apply) =>
        (name, apply);

    private static string SubscribeAt(int tick) => $"{tick}f ^";

    private static IObservable<char> Apply(
        IObservable<char> source, (string, Func<IObservable<char>, IScheduler, IObservable<char>> Apply)[] operators, IScheduler scheduler) =>
        operators.Aggregate(source, (applied, next) => next.Apply(applied, scheduler));

    private static IEnumerable<(long Tick, Notification<char> Notification)> Notifications(int first, (int Gap, bool IsEvent)[] times, int end)
    {
        long tick = first;
        char value = 'a';

        foreach ((int gap, bool isEvent) in times)
        {
            tick += gap - 1;

            if (isEvent)
            {
                yield return (tick, Notification.CreateOnNext(value++));
            }
        }

        if (end > 0)
        {
            yield return (tick + 1, end == 1 ? Notification.CreateOnCompleted<char>() : Notification.CreateOnError<char>(Marbles.Error));
        }
    }
}
