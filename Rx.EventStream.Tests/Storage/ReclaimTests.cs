using System.Runtime.CompilerServices;
using Rx.Tests.Concurrency;

namespace Rx.Tests.Storage;

/// <summary>What is released must be collectable, and what is held must not be.</summary>
/// <remarks>Objects are created in methods that are not inlined, so that no local of the test keeps them alive.</remarks>
[TestFixture(1, true)]
[TestFixture(2, false)]
[TestFixture(64, true)]
[TestFixture(64, false)]
[NonParallelizable]
[Category("Slow")]
internal sealed class ReclaimTests(int capacity, bool isSingleWriter)
{
    private const int Events = 200;

    private EventStream<object> _stream = null!;

    [SetUp]
    public void SetUp() =>
        _stream = new EventStream<object>(new EventStreamOptions { SegmentCapacity = capacity, SingleWriter = isSingleWriter });

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [Test]
    public void Dispose_ReaderHeldEvents_EventsAreCollectable()
    {
        EventReader<object> reader = _stream.AsObservable().OpenReader();
        WeakReference first = Publish();
        Collect();
        Assert.That(first.IsAlive, Is.True, "The reader has not read it yet.");

        reader.Dispose();
        Collect();

        Assert.That(first.IsAlive, Is.False);
        GC.KeepAlive(reader);
    }

    [Test]
    public void Finalizer_ReaderDropped_EventsAreCollectable()
    {
        WeakReference reader = OpenAndDrop();
        WeakReference first = Publish();

        Collect();

        Assert.That(reader.IsAlive, Is.False);
        Assert.That(first.IsAlive, Is.False);
        Assert.That(_stream.Log.CountSegments(), Is.EqualTo(1));
    }

    [Test]
    public void Finalizer_PositionDropped_EventsAreCollectable()
    {
        WeakReference position = TakeAndDrop();
        WeakReference first = Publish();

        Collect();

        Assert.That(position.IsAlive, Is.False);
        Assert.That(first.IsAlive, Is.False);
        Assert.That(_stream.Log.CountSegments(), Is.EqualTo(1));
    }

    [Test]
    public void Position_Held_KeepsTheEventsAfterIt()
    {
        EventPosition<object> position = _stream.GetNextPosition();
        WeakReference first = Publish();

        Collect();

        Assert.That(first.IsAlive, Is.True);
        Assert.That(Count(position), Is.EqualTo(Events));
        GC.KeepAlive(position);
    }

    [Test]
    public void AsObservable_Held_KeepsItsPosition()
    {
        EventObservable<object> observable = _stream.GetNextPosition().AsObservable();
        WeakReference first = Publish();

        Collect();

        Assert.That(first.IsAlive, Is.True);
        var observer = new Recorder<object>();
        observable.Subscribe(observer);
        Assert.That(observer.Count, Is.EqualTo(Events));
    }

    [Test]
    public void Dispose_ScheduledSubscription_ItAndObserverAreCollectable()
    {
        var scheduler = new ManualScheduler();
        (WeakReference subscription, WeakReference observer) = SubscribeAndDispose(_stream.ObserveOn(scheduler));

        Collect();

        Assert.That((subscription.IsAlive, observer.IsAlive), Is.EqualTo((false, false)));
    }

    [Test]
    public void Dispose_InlineSubscription_ItAndObserverAreCollectable()
    {
        (WeakReference subscription, WeakReference observer) = SubscribeAndDispose(_stream.AsObservable());

        Collect();

        Assert.That((subscription.IsAlive, observer.IsAlive), Is.EqualTo((false, false)));
    }

    [Test]
    public void Dispose_WaitingReader_IsCollectable()
    {
        WeakReference reader = WaitAndDispose();

        Collect();

        Assert.That(reader.IsAlive, Is.False, "The reader's entry on the stack must not keep it alive.");
    }

    [Test]
    public void Subscription_NotHeld_LivesAsLongAsTheStream()
    {
        int count = 0;
        Subscribe(() => count++);

        Collect();
        Publish();

        Assert.That(count, Is.EqualTo(Events));
    }

    [Test]
    public void OnNext_ScheduledObserverReadsAll_OldEventsAreCollectable()
    {
        var scheduler = new ManualScheduler();
        int count = 0;
        using IDisposable subscription = _stream.ObserveOn(scheduler).Subscribe(_ => count++);
        WeakReference first = Publish();
        scheduler.RunAll();
        _stream.OnNext(new object());
        scheduler.RunAll();

        Collect();

        Assert.That(count, Is.EqualTo(Events + 1));
        Assert.That(first.IsAlive, Is.False);
        Assert.That(_stream.Log.CountSegments(), Is.EqualTo(capacity == 1 ? 2 : 1), "The tail, and the next segment if the tail is full.");
    }

    [Test]
    public void OnNext_DeadSegmentHeld_KeepsNoLaterEvents()
    {
        // Held as a promoted segment is until its generation is collected.
        _stream.OnNext(new object());
        Rx.Storage.Segment<object> dead = _stream.Log.TailBeforeClaim();
        WeakReference first = Publish();
        WeakReference second = Publish();

        Collect();

        Assert.That(dead.Next, Is.SameAs(Rx.Storage.Segment<object>.Cut));
        Assert.That(second.IsAlive, Is.False);
        GC.KeepAlive(dead);
        GC.KeepAlive(first);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference Publish()
    {
        object first = new();
        _stream.OnNext(first);
        for (int i = 1; i < Events; i++)
        {
            _stream.OnNext(new object());
        }

        return new WeakReference(first);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference OpenAndDrop() => new(_stream.AsObservable().OpenReader());

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference TakeAndDrop() => new(_stream.GetNextPosition());

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Count(EventPosition<object> position)
    {
        using EventReader<object> reader = position.OpenReader();
        return reader.Count;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (WeakReference Subscription, WeakReference Observer) SubscribeAndDispose(EventObservable<object> observable)
    {
        var observer = new Recorder<object>();
        IDisposable subscription = observable.Subscribe(observer);
        subscription.Dispose();
        return (new WeakReference(subscription), new WeakReference(observer));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference WaitAndDispose()
    {
        EventReader<object> reader = _stream.AsObservable().OpenReader();
        ValueTask<bool> wait = reader.WaitToReadAsync();
        reader.Dispose();
        Assert.That(() => wait.GetAwaiter().GetResult(), Throws.InstanceOf<ObjectDisposedException>());
        return new WeakReference(reader);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Subscribe(Action onNext) => _stream.Subscribe(_ => onNext());

    private static void Collect()
    {
        for (int i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        GC.Collect();
    }
}
