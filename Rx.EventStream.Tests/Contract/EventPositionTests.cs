namespace Rx.Tests.Contract;

[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class EventPositionTests(StreamConfiguration configuration)
{
    private EventStream<int> _stream = null!;

    [SetUp]
    public void SetUp() => _stream = configuration.Create<int>();

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [Test]
    public void Subscribe_StreamDisposedDuringTheReplay_NoFurtherEvent([Values] bool hasEnded)
    {
        EventPosition<int> start = _stream.GetNextPosition();
        _stream.OnNextRange([1, 2, 3]);
        if (hasEnded)
        {
            _stream.OnCompleted();
        }

        var had = new List<int>();
        bool isCompleted = false;

        var subscription = (EventSubscription)start.AsObservable().Subscribe(Dispose, () => isCompleted = true);

        void Dispose(int value)
        {
            had.Add(value);
            _stream.Dispose();
        }

        Assert.That(had, Is.EqualTo(new[] { 1 }));
        Assert.That(isCompleted, Is.False);
        Assert.That(subscription.IsDisposed, Is.True);
    }

    [Test]
    public void GetNextPosition_AsEventsArePublished_CountsFromZero()
    {
        for (int i = 0; i < 200; i++)
        {
            using EventPosition<int> next = _stream.GetNextPosition();
            Assert.That(next.Sequence, Is.EqualTo(i));
            _stream.OnNext(i);
        }
    }

    [Test]
    public void GetNextPosition_AfterTheEnd_IsBeforeTheEnd()
    {
        _stream.OnNextRange([1, 2, 3]);
        _stream.OnCompleted();
        _stream.OnNext(4);

        EventPosition<int> position = _stream.GetNextPosition();
        var observer = new RecordingObserver<int>();
        position.AsObservable().Subscribe(observer);

        Assert.That(position.Sequence, Is.EqualTo(3));
        Assert.That(observer.Values, Is.Empty);
        Assert.That(observer.IsCompleted, Is.True);
    }

    [Test]
    public void From_AnyPosition_GetsEveryEventFromThere()
    {
        var positions = new List<EventPosition<int>>();
        for (int i = 0; i < 100; i++)
        {
            positions.Add(_stream.GetNextPosition());
            _stream.OnNext(i);
        }

        RecordingObserver<int>[] observers = [.. positions.Select(_ => new RecordingObserver<int>())];
        for (int i = 0; i < positions.Count; i++)
        {
            _stream.From(positions[i]).Subscribe(observers[i]);
        }

        _stream.OnNext(100);
        _stream.OnCompleted();

        for (int i = 0; i < positions.Count; i++)
        {
            Assert.That(observers[i].Values, Is.EqualTo(Enumerable.Range(i, 101 - i)), $"from {i}");
            Assert.That(observers[i].IsCompleted, Is.True);
        }
    }

    [Test]
    public void From_SamePositionTwice_BothReplayAll()
    {
        EventPosition<int> start = _stream.GetNextPosition();
        _stream.OnNextRange([1, 2, 3]);
        RecordingObserver<int> first = new(), second = new();

        start.AsObservable().Subscribe(first);
        _stream.OnNext(4);
        start.AsObservable().Subscribe(second);

        Assert.That(first.Values, Is.EqualTo(new[] { 1, 2, 3, 4 }));
        Assert.That(second.Values, Is.EqualTo(new[] { 1, 2, 3, 4 }));
    }

    [Test]
    public void From_NoScheduler_ReplaysBeforeSubscribeReturns()
    {
        EventPosition<int> start = _stream.GetNextPosition();
        _stream.OnNextRange([.. Enumerable.Range(0, 100)]);
        var observer = new RecordingObserver<int>();

        _stream.From(start).Subscribe(observer);

        Assert.That(observer.Values, Is.EqualTo(Enumerable.Range(0, 100)));
        Assert.That(observer.Threads, Is.EqualTo(new[] { Environment.CurrentManagedThreadId }));
    }

    [Test]
    public void From_AfterError_ReplaysThenTheError()
    {
        EventPosition<int> start = _stream.GetNextPosition();
        var error = new InvalidOperationException();
        _stream.OnNextRange([1, 2]);
        _stream.OnError(error);
        var observer = new RecordingObserver<int>();

        _stream.From(start).Subscribe(observer);

        Assert.That(observer.Values, Is.EqualTo(new[] { 1, 2 }));
        Assert.That(observer.Error, Is.SameAs(error));
        Assert.That(_stream.HasObservers, Is.False);
    }

    [Test]
    public void From_ObserverThrowsDuringReplay_ThrowsAndUnsubscribes()
    {
        EventPosition<int> start = _stream.GetNextPosition();
        _stream.OnNextRange([1, 2, 3]);
        var error = new InvalidOperationException();
        var observer = new RecordingObserver<int>(value =>
        {
            if (value == 2)
            {
                throw error;
            }
        });

        Assert.That(() => _stream.From(start).Subscribe(observer), Throws.Exception.SameAs(error));
        _stream.OnNext(4);

        Assert.That(observer.Values, Is.EqualTo(new[] { 1, 2 }));
        Assert.That(_stream.HasObservers, Is.False);
    }

    [Test]
    public void From_ObserverPublishesDuringReplay_ComesAfterTheReplay()
    {
        EventPosition<int> start = _stream.GetNextPosition();
        _stream.OnNextRange([1, 2, 3]);
        var observer = new RecordingObserver<int>(value =>
        {
            if (value < 10)
            {
                _stream.OnNext(value * 10);
            }
        });
        var other = new RecordingObserver<int>();
        _stream.Subscribe(other);

        _stream.From(start).Subscribe(observer);
        _stream.OnNext(99);

        Assert.That(observer.Values, Is.EqualTo(new[] { 1, 2, 3, 10, 20, 30, 99 }));
        Assert.That(observer.Violations, Is.Empty);
        Assert.That(other.Values, Is.EqualTo(new[] { 10, 20, 30, 99 }));
    }

    [Test]
    public void From_ObserverCompletesDuringReplay_ReplayThenTheEnd()
    {
        EventPosition<int> start = _stream.GetNextPosition();
        _stream.OnNextRange([1, 2, 3]);
        var observer = new RecordingObserver<int>(_ => _stream.OnCompleted());

        _stream.From(start).Subscribe(observer);

        Assert.That(observer.Values, Is.EqualTo(new[] { 1, 2, 3 }));
        Assert.That(observer.IsCompleted, Is.True);
        Assert.That(observer.Violations, Is.Empty);
    }

    [Test]
    public void From_InsideAnObserver_NoEventMissedOrRepeated()
    {
        EventPosition<int> start = _stream.GetNextPosition();
        var late = new RecordingObserver<int>();
        _stream.Subscribe(new RecordingObserver<int>(value =>
        {
            if (value == 2)
            {
                _stream.OnNext(3);
                _stream.From(start).Subscribe(late);
            }
        }));

        _stream.OnNext(1);
        _stream.OnNext(2);
        _stream.OnNext(4);

        Assert.That(late.Values, Is.EqualTo(new[] { 1, 2, 3, 4 }));
        Assert.That(late.Violations, Is.Empty);
    }

    [Test]
    public void From_NextPositionOfAnIdleStream_SameAsSubscribe()
    {
        var observer = new RecordingObserver<int>();
        _stream.From(_stream.GetNextPosition()).Subscribe(observer);

        _stream.OnNext(1);
        _stream.OnCompleted();

        Assert.That(observer.Values, Is.EqualTo(new[] { 1 }));
        Assert.That(observer.IsCompleted, Is.True);
    }

    [Test]
    public void From_PositionOfAnotherStream_Throws()
    {
        using var other = new EventStream<int>();

        Assert.That(() => _stream.From(other.GetNextPosition()), Throws.ArgumentException.With.Property("ParamName").EqualTo("position"));
    }

    [Test]
    public void Null_AnyArgument_Throws()
    {
        EventObservable<int> observable = _stream.AsObservable();

        Assert.That(() => _stream.From(null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("position"));
        Assert.That(
            () => _stream.ObserveOn((System.Reactive.Concurrency.IScheduler)null!),
            Throws.ArgumentNullException.With.Property("ParamName").EqualTo("scheduler"));
        Assert.That(
            () => _stream.ObserveOn((SynchronizationContext)null!),
            Throws.ArgumentNullException.With.Property("ParamName").EqualTo("context"));
        Assert.That(
            () => observable.ObserveOn((System.Reactive.Concurrency.IScheduler)null!),
            Throws.ArgumentNullException.With.Property("ParamName").EqualTo("scheduler"));
        Assert.That(
            () => observable.ObserveOn((SynchronizationContext)null!),
            Throws.ArgumentNullException.With.Property("ParamName").EqualTo("context"));
        Assert.That(() => observable.WithName(null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("name"));
        Assert.That(() => observable.Subscribe((IObserver<int>)null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("observer"));
        Assert.That(() => new EventStream<int>(null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("options"));
    }

    [Test]
    public void Disposed_JoiningAnywhere_Throws()
    {
        EventPosition<int> position = _stream.GetNextPosition();
        EventObservable<int> observable = _stream.AsObservable();
        _stream.Dispose();

        Assert.That(() => _stream.GetNextPosition(), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => observable.Subscribe(new RecordingObserver<int>()), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => position.AsObservable().Subscribe(new RecordingObserver<int>()), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(observable.OpenReader, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(position.OpenReader, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => observable.Subscribe((IObserver<int>)null!), Throws.ArgumentNullException);
        Assert.That(position.Sequence, Is.Zero);
    }

    [Test]
    public void EventObservable_EachCall_LeavesItUnchanged()
    {
        EventPosition<int> start = _stream.GetNextPosition();
        _stream.OnNext(1);
        EventObservable<int> observable = _stream.From(start);
        var scheduler = new MarbleScheduler();
        RecordingObserver<int> inline = new(), scheduled = new();

        observable.WithName("n").ObserveOn(scheduler).Subscribe(scheduled);
        observable.Subscribe(inline);

        Assert.That(inline.Values, Is.EqualTo(new[] { 1 }));
        Assert.That(scheduled.Values, Is.Empty);
        Assert.That(_stream.Subscriptions.Select(s => s.Name), Is.EqualTo(new[] { null, "n" }));
    }

    [Test]
    public void AsObservable_Result_CannotBePublishedTo() =>
        Assert.That(_stream.AsObservable(), Is.Not.InstanceOf<IObserver<int>>());

    [TestCase(0)]
    [TestCase(-1)]
    [TestCase((1 << 20) + 1)]
    public void SegmentCapacity_OutOfRange_Throws(int capacity) =>
        Assert.That(() => new EventStreamOptions { SegmentCapacity = capacity }, Throws.TypeOf<ArgumentOutOfRangeException>());
}
