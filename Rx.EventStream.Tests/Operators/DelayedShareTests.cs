using System.Reactive.Concurrency;
using System.Reactive.Disposables;
using System.Reactive.Linq;
using System.Reactive.Subjects;
using CsCheck;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Operators;

/// <summary><c>Share</c> that waits for several observers, and outlasts the last one, beside Rx's <c>RefCount</c>.</summary>
[TestFixture]
internal sealed class DelayedShareTests
{
    private const int LastTick = 40;

    /// <summary>When an observer subscribes, and when it leaves.</summary>
    private static readonly Gen<(int Join, int Leave)> _stay =
        Gen.Select(Gen.Int[1, LastTick - 10], Gen.Int[1, 12], static (join, length) => (join, join + length));

    private static readonly Gen<Script> _script =
        Gen.Select(Gen.Int[1, 3], Gen.Int[0, 5], _stay.Array[1, 7], static (min, delay, stays) => new Script(min, delay, stays));

    /// <summary>How both operators are put together: whose clock, and where observers are called.</summary>
    private static IEnumerable<TestCaseData> Cases()
    {
        yield return new TestCaseData(
            static (IObservable<int> source, Script script, IScheduler clock) =>
                source.Share(script.Min, script.DelayTime, new EventStreamOptions { TimeProvider = new SchedulerTime(clock) }),
            static (IObservable<int> source, Script script, IScheduler clock) =>
                source.Publish().RefCount(script.Min, script.DelayTime, clock)).SetArgDisplayNames("TimeProvider");
        yield return new TestCaseData(
            static (IObservable<int> source, Script script, IScheduler clock) =>
                source.Share(script.Min, script.DelayTime, new EventStreamOptions { Scheduler = clock }),
            static (IObservable<int> source, Script script, IScheduler clock) =>
                source.Publish().RefCount(script.Min, script.DelayTime, clock).ObserveOn(clock)).SetArgDisplayNames("Scheduler");
    }

    [TestCaseSource(nameof(Cases))]
    public void Share_AnyScript_SameLogAsRx(
        Func<IObservable<int>, Script, IScheduler, IObservable<int>> ours, Func<IObservable<int>, Script, IScheduler, IObservable<int>> rx) =>
        _script.Sample(
            script => script.Run(ours) == script.Run(rx),
            print: script => $"{script}\n{script.Run(ours)}\n{script.Run(rx)}",
            iter: 1_500,
            threads: 1);

    [Test]
    public void Share_OutOfRange_Throws()
    {
        IObservable<int> source = Observable.Never<int>();

        Assert.That(() => ((IObservable<int>)null!).Share(1, TimeSpan.Zero), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("source"));
        Assert.That(() => source.Share(0, TimeSpan.Zero), ThrowsRange("minObservers"));
        Assert.That(() => source.Share(1, TimeSpan.FromTicks(-1)), ThrowsRange("disconnectDelay"));
        Assert.That(() => source.Share(1, TimeSpan.FromDays(25)), ThrowsRange("disconnectDelay"));
        Assert.That(() => source.Share(1, TimeSpan.Zero).Subscribe((IObserver<int>)null!), Throws.ArgumentNullException);
    }

    [Test]
    public void Share_TooFewObservers_ConnectsWithTheLastOneNeeded()
    {
        using var source = new Subject<int>();
        IObservable<int> shared = source.Share(3, TimeSpan.Zero);
        using IDisposable first = shared.Subscribe();
        shared.Subscribe().Dispose();
        using IDisposable second = shared.Subscribe();
        Assert.That(source.HasObservers, Is.False);

        using IDisposable third = shared.Subscribe();

        Assert.That(source.HasObservers, Is.True);
        third.Dispose();
        second.Dispose();
        Assert.That(source.HasObservers, Is.True, "It stays until the last one has left.");
    }

    [Test]
    public void Share_ColdSource_EachOfTheFirstObserversGetsEverything()
    {
        IObservable<int> shared = Observable.Range(0, 3).Share(2, TimeSpan.Zero);
        RecordingObserver<int> first = new(), second = new();

        shared.Subscribe(first);
        shared.Subscribe(second);

        Assert.That((first.Values, first.IsCompleted), Is.EqualTo((new[] { 0, 1, 2 }, true)));
        Assert.That((second.Values, second.IsCompleted), Is.EqualTo((new[] { 0, 1, 2 }, true)));
    }

    [Test]
    public void Share_OneComesInTimeThoughTwoAreNeeded_KeepsTheSource([Values] bool isOurs)
    {
        var clock = new MarbleScheduler();
        using var source = new Subject<int>();
        TimeSpan delay = TimeSpan.FromTicks(10);
        IObservable<int> shared = isOurs
            ? source.Share(2, delay, new EventStreamOptions { TimeProvider = new SchedulerTime(clock) })
            : source.Publish().RefCount(2, delay, clock);
        IDisposable first = shared.Subscribe();
        IDisposable second = shared.Subscribe();
        first.Dispose();
        second.Dispose();
        clock.AdvanceBy(5);
        using IDisposable third = shared.Subscribe();

        clock.AdvanceBy(100);

        Assert.That(source.HasObservers, Is.True);
    }

    [Test]
    public void Share_SourceEndsDuringTheDelay_TheNextStartsAgain()
    {
        var clock = new MarbleScheduler();
        var sources = new List<Subject<int>>();
        IObservable<int> shared = Observable.Defer(() =>
        {
            sources.Add(new Subject<int>());
            return sources[^1];
        }).Share(1, TimeSpan.FromTicks(10), new EventStreamOptions { TimeProvider = new SchedulerTime(clock) });
        shared.Subscribe().Dispose();
        sources[0].OnCompleted();
        var observer = new RecordingObserver<int>();

        using IDisposable subscription = shared.Subscribe(observer);
        clock.AdvanceBy(100);
        sources[1].OnNext(5);

        Assert.That((observer.Values, sources.Count, observer.IsEnded), Is.EqualTo((new[] { 5 }, 2, false)));
    }

    [Test]
    public void Share_Retention_LastsAsLongAsTheConnection()
    {
        var clock = new MarbleScheduler();
        using var source = new Subject<int>();
        IObservable<int> shared = source.Share(
            1, TimeSpan.FromTicks(10), new EventStreamOptions { TimeProvider = new SchedulerTime(clock), Retention = Retention.Count(2) });
        shared.Subscribe().Dispose();
        source.OnNext(1);
        RecordingObserver<int> inTime = new(), late = new();

        shared.Subscribe(inTime).Dispose();
        clock.AdvanceBy(100);
        source.OnNext(2);
        using IDisposable subscription = shared.Subscribe(late);

        Assert.That((inTime.Values, late.Count), Is.EqualTo((new[] { 1 }, 0)));
    }

    [Test]
    public void Share_SystemTime_Disconnects()
    {
        using var source = new Subject<int>();

        source.Share(1, TimeSpan.FromMilliseconds(1)).Subscribe().Dispose();

        Eventually.IsTrue(() => !source.HasObservers, "It is unsubscribed from.");
    }

    [Test]
    public void Share_SchedulerOfTheCallingThread_DoesNotSleepThere([Values] bool isImmediate)
    {
        IScheduler scheduler = isImmediate ? ImmediateScheduler.Instance : CurrentThreadScheduler.Instance;
        using var source = new Subject<int>();

        Task leaving = Task.Run(() =>
            source.Share(1, TimeSpan.FromDays(1), new EventStreamOptions { Scheduler = scheduler }).Subscribe().Dispose());

        Assert.That(async () => await Eventually.Ends(leaving), Throws.Nothing);
        Assert.That(source.HasObservers, Is.True);
    }

    [Test]
    public void Share_SchedulerTakesNoAction_Unsubscribes()
    {
        var time = new RefusingTime();
        using var source = new Subject<int>();
        IDisposable subscription = source.Share(1, TimeSpan.FromDays(1), new EventStreamOptions { TimeProvider = time }).Subscribe();

        Assert.That(subscription.Dispose, Throws.Exception.SameAs(Marbles.Error));

        Assert.That(source.HasObservers, Is.False);
    }

    /// <summary>An observer that comes while the last one leaves, and while the time is over, has the source.</summary>
    [Test]
    public void Share_LastLeavesWhileAnotherJoins_NothingLostOrDoubled() =>
        Race.Run(
            1_500,
            static () => new SharedSource(static source => source.Share(1, TimeSpan.Zero)),
            static state => state.First.Dispose(),
            static state => state.Second = state.Shared.Subscribe(state.Observer),
            static state =>
            {
                Race.Await(() => state.Connected == 1, "one connection");
                state.Publish(1);
                state.Publish(2);
                Assert.That(state.Observer.Values, Is.EqualTo(new[] { 1, 2 }));
                state.Second!.Dispose();
                Race.Await(() => state.Connected == 0, "the disconnection");
            });

    private static NUnit.Framework.Constraints.IResolveConstraint ThrowsRange(string parameter) =>
        Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo(parameter);

    /// <summary>Observers that come and go beside a source that has an event in each tick.</summary>
    internal sealed record Script(int Min, int Delay, (int Join, int Leave)[] Stays)
    {
        internal TimeSpan DelayTime => TimeSpan.FromTicks(Delay);

        public override string ToString() => $"min {Min}, delay {Delay}, {string.Join(", ", Stays.Select(s => $"{s.Join}-{s.Leave}"))}";

        /// <summary>What each observer gets, and when the source is subscribed to.</summary>
        internal string Run(Func<IObservable<int>, Script, IScheduler, IObservable<int>> share)
        {
            var scheduler = new TestScheduler();
            ITestableObservable<int> source = scheduler.CreateHotObservable(
                [.. Enumerable.Range(1, LastTick).Select(tick => new Recorded<System.Reactive.Notification<int>>(tick, System.Reactive.Notification.CreateOnNext(tick)))]);
            IObservable<int> shared = share(source, this, scheduler);
            var observers = new List<ITestableObserver<int>>();
            foreach ((int join, int leave) in Stays)
            {
                ITestableObserver<int> observer = scheduler.CreateObserver<int>();
                observers.Add(observer);
                IDisposable? subscription = null;
                scheduler.ScheduleAbsolute(join, () => subscription = shared.Subscribe(observer));
                scheduler.ScheduleAbsolute(leave, () => subscription!.Dispose());
            }

            scheduler.Start();
            return string.Join('\n', observers.Select(static o => string.Join(' ', o.Messages)).Append(string.Join(' ', source.Subscriptions)));
        }
    }

    private sealed class RefusingTime : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => throw Marbles.Error;
    }
}
