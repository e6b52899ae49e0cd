using System.Runtime.CompilerServices;

namespace Rx.Tests.Contract;

/// <summary>Positions, readers and subscriptions that are dropped without being disposed.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
[Category("Slow")]
internal sealed class LifetimeTests(StreamConfiguration configuration)
{
    private const int Events = 1_000;

    private EventStream<object> _stream = null!;

    [SetUp]
    public void SetUp() => _stream = configuration.Create<object>();

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [Test]
    public void OnNext_NoPositionHeld_EventsAreFreed()
    {
        WeakReference first = Publish();

        Eventually.IsTrue(() => !Alive(first), "The event is collected.");
    }

    [Test]
    public void GetNextPosition_Held_KeepsLaterEventsAlive()
    {
        using EventPosition<object> position = _stream.GetNextPosition();
        WeakReference first = Publish();
        Collect();

        Assert.That(first.IsAlive, Is.True);
        Assert.That(position.Sequence, Is.Zero);
    }

    [Test]
    public void GetNextPosition_Dropped_FreesLaterEvents()
    {
        WeakReference position = Drop(() => _stream.GetNextPosition());
        Publish();

        AssertFreed(position);
    }

    [Test]
    public void OpenReader_Dropped_IsCollectedAndFreesItsEvents()
    {
        WeakReference reader = Drop(() => _stream.AsObservable().OpenReader());
        Publish();

        AssertFreed(reader);
    }

    [Test]
    public void OpenReader_DroppedAfterAWait_IsCollectedAndFreesItsEvents()
    {
        WeakReference reader = WaitAndDrop();
        Publish();

        AssertFreed(reader);
    }

    [Test]
    public void OpenReader_DroppedAfterCompletionIsRequested_IsCollected()
    {
        WeakReference reader = RequestCompletionAndDrop();
        Publish();

        AssertFreed(reader);
    }

    [Test]
    public void Subscribe_HandleDropped_StaysSubscribed()
    {
        var inline = new RecordingObserver<object>();
        var scheduled = new RecordingObserver<object>();
        var scheduler = new MarbleScheduler();
        SubscribeAndDropHandle(inline, scheduled, scheduler);
        Collect();

        _stream.OnNext("a");
        scheduler.Start();

        Assert.That(inline.Values, Is.EqualTo(new[] { "a" }));
        Assert.That(scheduled.Values, Is.EqualTo(new[] { "a" }));
    }

    [Test]
    public void Unsubscribe_Observer_IsCollectable([Values] bool scheduled)
    {
        var scheduler = new MarbleScheduler();
        WeakReference observer = SubscribeAndUnsubscribe(scheduled ? _stream.ObserveOn(scheduler) : _stream.AsObservable(), out IDisposable subscription);
        // A later event must not keep the observer alive.
        _stream.OnNext("a");
        scheduler.Start();

        Eventually.IsTrue(() => !Alive(observer), "The observer is collected.");
        GC.KeepAlive(subscription);
    }

    private void AssertFreed(WeakReference owner)
    {
        Eventually.IsTrue(() => !Alive(owner), "The position or reader is collected.");
        Eventually.IsTrue(() => CollectAndCount() == 1, "Only the tail is kept.");
    }

    private int CollectAndCount()
    {
        Collect();
        return _stream.Log.CountSegments();
    }

    private static bool Alive(WeakReference reference)
    {
        Collect();
        return reference.IsAlive;
    }

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference Publish()
    {
        object first = new();
        _stream.OnNext(first);
        for (int i = 0; i < Events; i++)
        {
            _stream.OnNext("x");
        }

        return new WeakReference(first);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Drop(Func<object> create) => new(create());

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference WaitAndDrop()
    {
        EventReader<object> reader = _stream.AsObservable().OpenReader();
        using var cancellation = new CancellationTokenSource();
        ValueTask<bool> wait = reader.WaitToReadAsync(cancellation.Token);
        cancellation.Cancel();
        Assert.That(() => wait.GetAwaiter().GetResult(), Throws.InstanceOf<OperationCanceledException>());
        return new WeakReference(reader);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference RequestCompletionAndDrop()
    {
        EventReader<object> reader = _stream.AsObservable().OpenReader();
        Assert.That(reader.Completion.IsCompleted, Is.False);
        return new WeakReference(reader);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void SubscribeAndDropHandle(IObserver<object> inline, IObserver<object> scheduled, MarbleScheduler scheduler)
    {
        _stream.Subscribe(inline);
        _stream.ObserveOn(scheduler).Subscribe(scheduled);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference SubscribeAndUnsubscribe(EventObservable<object> observable, out IDisposable subscription)
    {
        var observer = new RecordingObserver<object>();
        subscription = observable.Subscribe(observer);
        subscription.Dispose();
        return new WeakReference(observer);
    }
}
