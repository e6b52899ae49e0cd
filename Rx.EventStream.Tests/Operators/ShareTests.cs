using System.Reactive.Disposables;
using System.Reactive.Linq;
using System.Reactive.Subjects;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Operators;

/// <summary>All current observers share one subscription to the source.</summary>
[TestFixture]
internal sealed class ShareTests
{
    private MarbleScheduler _scheduler = null!;

    [SetUp]
    public void SetUp() => _scheduler = new MarbleScheduler(TimeSpan.FromTicks(1));

    [Test]
    public void Share_NullArguments_Throw()
    {
        Assert.That(() => ((IObservable<int>)null!).Share(), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("source"));
        Assert.That(() => Observable.Never<int>().Share().Subscribe((IObserver<int>)null!), Throws.ArgumentNullException);
    }

    [Test]
    public void Share_LastObserverThrowsOnItsScheduler_Disconnects()
    {
        var manual = new ManualScheduler();
        var source = new Subject<int>();
        var error = new InvalidOperationException();
        using IDisposable subscription = source.Share(new EventStreamOptions { Scheduler = manual }).Subscribe(_ => throw error);
        source.OnNext(1);

        Assert.That(manual.RunAll, Throws.Exception.SameAs(error));

        Assert.That(source.HasObservers, Is.False);
    }

    [Test]
    public void Share_TwoObservers_OneSubscription()
    {
        MarbleSource<char> source = _scheduler.Hot("-a--b--c-|");
        IObservable<char> shared = source.Share();
        MarbleRecording<char> first = _scheduler.Record(shared, " ^");
        MarbleRecording<char> second = _scheduler.Record(shared, "---^");

        _scheduler.Start();

        _scheduler.Expect(first).ToBe("  -a--b--c-|");
        _scheduler.Expect(second).ToBe(" ----b--c-|");
        Assert.That(source.Subscriptions, Has.Count.EqualTo(1));
    }

    [Test]
    public void Share_ObserversComeAndGo_ConnectedFromFirstToLast()
    {
        MarbleSource<char> source = _scheduler.Hot("a-b-c-d-e-f-g");
        IObservable<char> shared = source.Share();
        MarbleRecording<char> first = _scheduler.Record(shared, " -^---!");
        MarbleRecording<char> second = _scheduler.Record(shared, "---^---!");
        MarbleRecording<char> third = _scheduler.Record(shared, " --------- ^ ---!");

        _scheduler.Start();

        _scheduler.Expect(first).ToBe("  --b-c");
        _scheduler.Expect(second).ToBe(" ----c-d");
        _scheduler.Expect(third).ToBe("  ----------f-g");
        Assert.That(source.Subscriptions, Has.Count.EqualTo(2));
    }

    [Test]
    public void Share_Retention_LateObserversReplay()
    {
        using var source = new Subject<int>();
        IObservable<int> shared = source.Share(new EventStreamOptions { Retention = Retention.Count(2) });
        using IDisposable first = shared.Subscribe();
        source.OnNext(1);
        source.OnNext(2);
        source.OnNext(3);
        var late = new RecordingObserver<int>();

        shared.Subscribe(late);

        Assert.That(late.Values, Is.EqualTo(new[] { 2, 3 }));
    }

    [Test]
    public void Share_ColdSource_FirstObserverGetsEverything()
    {
        var observer = new RecordingObserver<int>();

        Observable.Range(0, 5).Share().Subscribe(observer);

        Assert.That(observer.Values, Is.EqualTo(Enumerable.Range(0, 5)));
        Assert.That(observer.IsCompleted, Is.True);
    }

    [Test]
    public void Share_Repeat_StartsAgain()
    {
        int subscriptions = 0;
        IObservable<int> shared = Observable.Defer(() => Observable.Return(++subscriptions)).Share();

        IList<int> seen = shared.Repeat(3).ToList().Wait();

        Assert.That(seen, Is.EqualTo(new[] { 1, 2, 3 }));
    }

    [Test]
    public void Share_Retry_StartsAgain()
    {
        int subscriptions = 0;
        IObservable<int> shared = Observable
            .Defer(() => ++subscriptions < 4 ? Observable.Return(subscriptions).Concat(Observable.Throw<int>(Marbles.Error)) : Observable.Return(9))
            .Share();

        IList<int> seen = shared.Retry().ToList().Wait();

        Assert.That(seen, Is.EqualTo(new[] { 1, 2, 3, 9 }));
    }

    [Test]
    public void Share_TwoRetry_BothShareTheNewSubscription()
    {
        var sources = new List<Subject<int>>();
        IObservable<int> shared = Observable.Defer(() =>
        {
            sources.Add(new Subject<int>());
            return sources[^1];
        }).Share();
        RecordingObserver<int> first = new(), second = new();
        shared.Retry().Subscribe(first);
        shared.Retry().Subscribe(second);

        sources[0].OnNext(1);
        sources[0].OnError(Marbles.Error);
        sources[1].OnNext(2);

        Assert.That(sources, Has.Count.EqualTo(2));
        Assert.That(first.Values, Is.EqualTo(new[] { 1, 2 }));
        Assert.That(second.Values, Is.EqualTo(new[] { 1, 2 }));
    }

    [Test]
    public void Share_ErrorOfTheSource_ReachesAllThenStartsAgain()
    {
        IObservable<char> shared = _scheduler.Cold("-a#").Share();
        MarbleRecording<char> first = _scheduler.Record(shared, " ^");
        MarbleRecording<char> second = _scheduler.Record(shared, "--^");
        MarbleRecording<char> third = _scheduler.Record(shared, "-----^");

        _scheduler.Start();

        _scheduler.Expect(first).ToBe(" -a#");
        _scheduler.Expect(second).ToBe("--#");
        _scheduler.Expect(third).ToBe("------a#");
    }

    [Test]
    public void Share_DisposedTwice_CountedOnce()
    {
        using var source = new Subject<int>();
        IObservable<int> shared = source.Share();
        IDisposable first = shared.Subscribe();
        using IDisposable second = shared.Subscribe();

        first.Dispose();
        first.Dispose();

        Assert.That(source.HasObservers, Is.True);
        second.Dispose();
        Assert.That(source.HasObservers, Is.False);
    }

    [Test]
    public void Share_DisposedInsideOnNext_Disconnects()
    {
        using var source = new Subject<int>();
        var seen = new List<int>();
        IDisposable? subscription = null;
        subscription = source.Share().Subscribe(value =>
        {
            seen.Add(value);
            subscription!.Dispose();
        });

        source.OnNext(1);
        source.OnNext(2);

        Assert.That(seen, Is.EqualTo(new[] { 1 }));
        Assert.That(source.HasObservers, Is.False);
    }

    [Test]
    public void Share_TakeOfASynchronousSource_Disconnects()
    {
        using var source = new BehaviorSubject<int>(1);
        var observer = new RecordingObserver<int>();

        source.Share().Take(1).Subscribe(observer);

        Assert.That(observer.Values, Is.EqualTo(new[] { 1 }));
        Assert.That(source.HasObservers, Is.False);
    }

    [Test]
    public void Share_PublishedFromInside_AfterTheCurrentEvent()
    {
        using var source = new Subject<int>();
        IObservable<int> shared = source.Share();
        var second = new RecordingObserver<int>();
        shared.Subscribe(value =>
        {
            if (value == 1)
            {
                source.OnNext(2);
            }
        });
        shared.Subscribe(second);

        source.OnNext(1);

        Assert.That(second.Values, Is.EqualTo(new[] { 1, 2 }));
    }

    /// <summary>The race of dotnet/reactive#2297: an observer that subscribes while the last one unsubscribes must be connected.</summary>
    [Test]
    public void Share_LastLeavesWhileAnotherJoins_NothingLostOrDoubled()
    {
        Race.Run(
            20_000,
            static () => new SharedSource(static source => source.Share()),
            state => state.First.Dispose(),
            state => state.Second = state.Shared.Subscribe(state.Observer),
            state =>
            {
                Assert.That(state.Connected, Is.EqualTo(1));
                state.Publish(1);
                state.Publish(2);
                Assert.That(state.Observer.Values, Is.EqualTo(new[] { 1, 2 }));
                state.Second!.Dispose();
                Assert.That(state.Connected, Is.Zero);
            });
    }
}
