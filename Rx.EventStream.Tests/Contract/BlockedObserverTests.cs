using System.Reactive.Concurrency;

namespace Rx.Tests.Contract;

/// <summary>An observer that blocks its thread, on each scheduler that runs observers on threads of its own.</summary>
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
        // Two event loops, two contexts: an observer that shares a thread with the blocked one would wait for it.
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
        Eventually.IsTrue(() => scheduled.IsEnded, "The other scheduled observer gets every event.");

        Assert.That(inline.Values, Is.EqualTo(Enumerable.Range(1, 9_999)));
        Assert.That(scheduled.Values, Is.EqualTo(Enumerable.Range(1, 9_999)));
        Assert.That(stuck.Values, Is.EqualTo(new[] { 0 }));

        _release.Set();
        Eventually.IsTrue(() => stuck.IsEnded, "After its release, the blocked observer gets every event too.");
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
    public void OnError_BlockedObserver_ComesAfterEveryEvent()
    {
        RecordingObserver<int> stuck = Block();
        var error = new InvalidOperationException();

        _stream.OnNextRange([1, 2, 3]);
        _stream.OnError(error);
        _release.Set();
        Eventually.IsTrue(() => stuck.IsEnded, "The error reaches the observer.");

        Assert.That(stuck.Values, Is.EqualTo(new[] { 0, 1, 2, 3 }));
        Assert.That(stuck.Error, Is.SameAs(error));
    }

    [Test]
    public void OnNext_ManyBatches_OthersOnTheSameSchedulerGetTheirTurn()
    {
        // Many batches wait for the observer. Other work on its scheduler must still get a turn.
        RecordingObserver<int> stuck = Block();
        _stream.OnNextRange([.. Enumerable.Range(1, 200_000)]);
        using var ran = new ManualResetEventSlim();
        _blocked.Scheduler.Schedule(ran.Set);

        _release.Set();

        Eventually.IsSet(ran, "Other work on the scheduler runs.");
        Eventually.IsTrue(() => stuck.Count == 200_001, "The observer gets every event.");
    }

    /// <summary>Subscribes an observer, and returns while it is inside the call for its first event, 0.</summary>
    private RecordingObserver<int> Block()
    {
        var observer = new RecordingObserver<int>(value =>
        {
            if (value == 0)
            {
                _entered.Set();
                Eventually.IsSet(_release, "The test releases the observer.");
            }
        });
        _stream.ObserveOn(_blocked.Scheduler).Subscribe(observer);
        _stream.OnNext(0);
        Eventually.IsSet(_entered, "The first event is in delivery.");
        return observer;
    }

    /// <summary>Waits for one more action on the blocked scheduler. If the scheduler keeps its actions in order, all earlier ones have run.</summary>
    private void Flush()
    {
        using var done = new ManualResetEventSlim();
        _blocked.Scheduler.Schedule(done.Set);
        Eventually.IsSet(done, "The later action runs.");
    }
}
