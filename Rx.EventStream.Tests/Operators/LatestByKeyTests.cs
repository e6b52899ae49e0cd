using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Reactive.Subjects;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Operators;

/// <summary>A slow observer gets the newest event of each key.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class LatestByKeyTests(StreamConfiguration configuration)
{
    private readonly ManualScheduler _manual = new();

    /// <summary>The key that has waited longest comes first, with its newest event, also on a source that is no stream.</summary>
    [Test]
    public void Observe_EventsWait_NewestOfEachKeyInOrder([Values] bool isStream)
    {
        using EventStream<string> stream = configuration.Create<string>();
        using var subject = new Subject<string>();
        ISubject<string> source = isStream ? stream : subject;
        var observer = new RecordingObserver<string>();
        using IDisposable subscription = source.ObserveLatestByKeyOn(static e => e[0], _manual).Subscribe(observer);

        Publish(source, "a1", "b1", "a2", "c1", "a3", "b2");
        _manual.RunAll();
        Publish(source, "c2", "a4", "c3");
        source.OnCompleted();
        _manual.RunAll();

        Assert.That(observer.Values, Is.EqualTo(new[] { "a3", "b2", "c1", "c3", "a4" }));
        Assert.That(observer.IsCompleted, Is.True);
    }

    /// <summary>What is published during a call is seen before the next one.</summary>
    [Test]
    public void Observe_PublishedDuringACall_NextCallHasTheNewest()
    {
        using EventStream<string> stream = configuration.Create<string>();
        var seen = new List<string>();
        using IDisposable subscription = stream.ObserveLatestByKeyOn(static e => e[0], _manual).Subscribe(value =>
        {
            seen.Add(value);
            if (value == "a1")
            {
                Publish(stream, "b2", "b3", "a2");
            }
        });
        Publish(stream, "a1", "b1");

        _manual.RunAll();

        Assert.That(seen, Is.EqualTo(new[] { "a1", "b3", "a2" }));
    }

    [Test]
    public void Observe_NullKey_IsAKey()
    {
        using EventStream<string?> stream = configuration.Create<string?>();
        var observer = new RecordingObserver<string?>();
        using IDisposable subscription = stream.ObserveLatestByKeyOn(static e => e, _manual).Subscribe(observer);
        stream.OnNextRange([null, "a", null]);

        _manual.RunAll();

        Assert.That(observer.Values, Is.EqualTo(new[] { null, "a" }));
    }

    [Test]
    public void Observe_KeyThrows_OnErrorAndEnd()
    {
        using EventStream<int> stream = configuration.Create<int>();
        var observer = new RecordingObserver<int>();
        using IDisposable subscription = stream.ObserveLatestByKeyOn(static e => 10 / e, _manual).Subscribe(observer);
        stream.OnNextRange([1, 2]);
        _manual.RunAll();
        stream.OnNextRange([3, 0, 4]);

        _manual.RunAll();

        Assert.That(observer.Values, Is.EqualTo(new[] { 1, 2, 3 }));
        Assert.That(observer.Error, Is.TypeOf<DivideByZeroException>());
        Assert.That(stream.HasObservers, Is.False);
    }

    [Test]
    public void Dispose_WhileKeysWait_NoFurtherCall()
    {
        using EventStream<string> stream = configuration.Create<string>();
        var seen = new List<string>();
        IDisposable subscription = null!;
        subscription = stream.ObserveLatestByKeyOn(static e => e[0], _manual).Subscribe(value =>
        {
            seen.Add(value);
            subscription.Dispose();
        });
        Publish(stream, "a1", "b1");

        _manual.RunAll();

        Assert.That(seen, Is.EqualTo(new[] { "a1" }));
    }

    /// <summary>A caller that waits for the observer waits for the keys that it has not had.</summary>
    [Test]
    public void WhenCaughtUpAsync_KeysWait_CompletesAfterTheLast()
    {
        using EventStream<string> stream = configuration.Create<string>();
        var caughtUp = new List<bool>();
        Task? waiting = null;
        using IDisposable subscription = stream.ObserveLatestByKeyOn(static e => e[0], _manual).Subscribe(_ => caughtUp.Add(waiting!.IsCompleted));
        Publish(stream, "a1", "b1", "c1");
        waiting = stream.WhenCaughtUpAsync();

        _manual.RunAll();

        Assert.That(caughtUp, Is.EqualTo(new[] { false, false, false }));
        Assert.That(async () => await Eventually.Ends(waiting), Throws.Nothing);
    }

    /// <summary>The last event of each key arrives, keys are never seen going back, and what was replaced is not kept.</summary>
    [TestCaseSource(nameof(Schedulers))]
    public async Task Observe_ManyKeysUnderLoad_LastOfEachArrives(IScheduler scheduler)
    {
        const int Keys = 50;
        const int Events = 20_000;
        using EventStream<(int Key, int Value)> stream = configuration.Create<(int, int)>();
        var last = new int[Keys];
        int wrong = 0;
        int calls = 0;
        using IDisposable subscription = stream.ObserveLatestByKeyOn(static e => e.Key, scheduler).Subscribe(e =>
        {
            calls++;
            wrong += e.Value <= last[e.Key] ? 1 : 0;
            last[e.Key] = e.Value;
            Thread.SpinWait(50);
        });
        for (int i = 1; i <= Events; i++)
        {
            stream.OnNext((i % Keys, i));
        }

        await Eventually.Ends(stream.WhenCaughtUpAsync());

        Assert.That(wrong, Is.Zero);
        Assert.That(last, Is.EqualTo(Enumerable.Range(0, Keys).Select(static k => Events - Keys + (k == 0 ? Keys : k))));
        Assert.That(calls, Is.InRange(Keys, Events));
        (scheduler as IDisposable)?.Dispose();
    }

    [Test]
    public void Observe_OnAStream_UsesItsOwnCursor()
    {
        using EventStream<int> stream = configuration.Create<int>();
        using IDisposable byKey = stream.WithName("by key").ObserveLatestByKeyOn(static e => e % 2, _manual).Subscribe(static _ => { });
        using IDisposable latest = stream.WithName("latest").ObserveLatestOn(_manual).Subscribe(static _ => { });
        using IDisposable dropping = stream.WithName("dropping").ObserveOn(_manual, LagPolicy.DropOldest(2)).Subscribe(static _ => { });
        using IDisposable batches = stream.WithName("batches").ObserveBatchesOn(_manual, 10).Subscribe(static _ => { });
        stream.OnNextRange([1, 2, 3, 4]);

        Assert.That(stream.Subscriptions.Select(static s => (s.Name, s.Lag)), Is.EqualTo(new[]
        {
            ("by key", 4L), ("latest", 4L), ("dropping", 4L), ("batches", 4L),
        }));
        _manual.RunAll();
        Assert.That(stream.Subscriptions.Select(static s => (s.Name, s.Dropped)), Is.EqualTo(new[]
        {
            ("by key", 2L), ("latest", 3L), ("dropping", 2L), ("batches", 0L),
        }));
    }

    [Test]
    public void Arguments_Null_Throw()
    {
        IObservable<int> source = Observable.Never<int>();
        Assert.That(() => ((IObservable<int>)null!).ObserveLatestByKeyOn(static e => e, _manual), Throws.ArgumentNullException);
        Assert.That(() => source.ObserveLatestByKeyOn<int, int>(null!, _manual), Throws.ArgumentNullException);
        Assert.That(() => source.ObserveLatestByKeyOn(static e => e, (IScheduler)null!), Throws.ArgumentNullException);
    }

    private static IScheduler[] Schedulers() => [TaskPoolScheduler.Default, new EventLoopScheduler(), NewThreadScheduler.Default, ImmediateScheduler.Instance];

    private static void Publish(IObserver<string> target, params string[] values) => Array.ForEach(values, target.OnNext);
}
