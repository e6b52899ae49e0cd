using System.Reactive.Concurrency;

namespace Rx.Tests.Contract;

/// <summary>An observer that never returns, on each scheduler that has threads to lose.</summary>
[TestFixtureSource(typeof(SchedulerCase), nameof(SchedulerCase.Concurrent))]
internal sealed class BlockedObserverTests(SchedulerCase schedulerCase)
{
    private readonly ManualResetEventSlim _entered = new();
    private readonly ManualResetEventSlim _release = new();
    private EventStream<int> _stream = null!;
    private SchedulerUnderTest _blocked = null!;
    private SchedulerUnderTest _free = null!;

    [SetUp]
    public void SetUp()
    {
        _entered.Reset();
        _release.Reset();
        _stream = new EventStream<int>();
        // Two event loops, two contexts: who shares a thread with a blocked observer waits for it.
        _blocked = schedulerCase.Create();
        _free = schedulerCase.Create();
    }

    [TearDown]
    public void TearDown()
    {
        _release.Set();
        _stream.Dispose();
        _blocked.Dispose();
        _free.Dispose();
    }

    [Test]
    public void OnNext_OneObserverIsBlocked_PublisherAndOthersGoOn()
    {
        RecordingObserver<int> stuck = Block();
        RecordingObserver<int> inline = new(), scheduled = new();
        _stream.Subscribe(inline);
        _stream.ObserveOn(_free.Scheduler).Subscribe(scheduled);

        for (int i = 1; i < 10_000; i++)
        {
            _stream.OnNext(i);
        }

        _stream.OnCompleted();
        Eventually.IsTrue(() => scheduled.IsEnded, "The other scheduled observer gets everything.");

        Assert.That(inline.Values, Is.EqualTo(Enumerable.Range(1, 9_999)));
        Assert.That(scheduled.Values, Is.EqualTo(Enumerable.Range(1, 9_999)));
        Assert.That(stuck.Values, Is.EqualTo(new[] { 0 }));

        _release.Set();
        Eventually.IsTrue(() => stuck.IsEnded, "It then gets everything too.");
        Assert.That(stuck.Values, Is.EqualTo(Enumerable.Range(0, 10_000)));
    }

    [Test]
    public void Unsubscribe_WhileItsCallRuns_ReturnsAndThatCallIsTheLast()
    {
        RecordingObserver<int> stuck = Block();
        var subscription = (EventSubscription)_stream.Subscriptions.Single();
        _stream.OnNext(1);

        subscription.Dispose();

        Assert.That(subscription.IsDisposed, Is.True);
        Assert.That(_stream.HasObservers, Is.False);
        _release.Set();
        Flush();
        Assert.That(stuck.Values, Is.EqualTo(new[] { 0 }));
    }

    [Test]
    public void Dispose_StreamWhileACallRuns_ReturnsAndThatCallIsTheLast()
    {
        RecordingObserver<int> stuck = Block();
        _stream.OnNextRange([1, 2, 3]);

        _stream.Dispose();
        _release.Set();
        Flush();

        Assert.That(stuck.Values, Is.EqualTo(new[] { 0 }));
        Assert.That(stuck.IsEnded, Is.False);
    }

    [Test]
    public void OnError_BlockedObserver_GetsItBehindEverything()
    {
        RecordingObserver<int> stuck = Block();
        var error = new InvalidOperationException();

        _stream.OnNextRange([1, 2, 3]);
        _stream.OnError(error);
        _release.Set();
        Eventually.IsTrue(() => stuck.IsEnded, "The error comes.");

        Assert.That(stuck.Values, Is.EqualTo(new[] { 0, 1, 2, 3 }));
        Assert.That(stuck.Error, Is.SameAs(error));
    }

    [Test]
    public void OnNext_ManyBatches_OthersOnTheSameSchedulerGetTheirTurn()
    {
        // The observer has far more than a batch before it, and its scheduler's other work runs all the same.
        RecordingObserver<int> stuck = Block();
        _stream.OnNextRange([.. Enumerable.Range(1, 200_000)]);
        using var ran = new ManualResetEventSlim();
        _blocked.Scheduler.Schedule(ran.Set);

        _release.Set();

        Eventually.IsSet(ran, "Other work runs.");
        Eventually.IsTrue(() => stuck.Count == 200_001, "All events come.");
    }

    /// <summary>Subscribes an observer that is inside its first event, 0, when this returns.</summary>
    private RecordingObserver<int> Block()
    {
        var observer = new RecordingObserver<int>(value =>
        {
            if (value == 0)
            {
                _entered.Set();
                Eventually.IsSet(_release, "The test goes on.");
            }
        });
        _stream.ObserveOn(_blocked.Scheduler).Subscribe(observer);
        _stream.OnNext(0);
        Eventually.IsSet(_entered, "The first event is in delivery.");
        return observer;
    }

    /// <summary>Has what the blocked thread had left to do done, where there is an order that tells.</summary>
    private void Flush()
    {
        using var done = new ManualResetEventSlim();
        _blocked.Scheduler.Schedule(done.Set);
        Eventually.IsSet(done, "Later work runs.");
    }
}
