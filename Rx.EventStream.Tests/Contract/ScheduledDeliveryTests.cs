namespace Rx.Tests.Contract;

/// <summary>Delivery on each kind of scheduler.</summary>
[TestFixtureSource(typeof(SchedulerCase), nameof(SchedulerCase.All))]
internal sealed class ScheduledDeliveryTests(SchedulerCase schedulerCase)
{
    private SchedulerUnderTest _on = null!;
    private EventStream<int> _stream = null!;

    [SetUp]
    public void SetUp()
    {
        _on = schedulerCase.Create();
        // A new segment for every third event.
        _stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = 3 });
    }

    [TearDown]
    public void TearDown()
    {
        _stream.Dispose();
        _on.Dispose();
    }

    [Test]
    public void Subscribe_Events_InOrderThenTheEnd([Values(0, 1, 5, 5_000)] int count)
    {
        var observer = new RecordingObserver<int>();
        _stream.ObserveOn(_on.Scheduler).Subscribe(observer);

        for (int i = 0; i < count; i++)
        {
            _stream.OnNext(i);
        }

        _stream.OnCompleted();
        _on.RunUntil(() => observer.IsEnded, "The observer ends.");

        Assert.That(observer.Values, Is.EqualTo(Enumerable.Range(0, count)));
        Assert.That(observer.IsCompleted, Is.True);
        Assert.That(observer.Violations, Is.Empty);
        Assert.That(_stream.Subscriptions, Is.Empty);
    }

    [Test]
    public void Subscribe_PumpRunsDryEachTime_EachEventIsDelivered()
    {
        var observer = new RecordingObserver<int>();
        _stream.ObserveOn(_on.Scheduler).Subscribe(observer);

        // For each event the pump is woken, runs dry and parks again.
        for (int i = 0; i < 50; i++)
        {
            _stream.OnNext(i);
            _on.RunUntil(() => observer.Count == i + 1, $"Event {i} is delivered.");
        }

        Assert.That(observer.Values, Is.EqualTo(Enumerable.Range(0, 50)));
        Assert.That(observer.Violations, Is.Empty);
    }

    [Test]
    public void Subscribe_SeveralObservers_OneOrderForAll()
    {
        RecordingObserver<int>[] observers = [new(), new(), new(), new()];
        foreach (RecordingObserver<int> observer in observers)
        {
            _stream.ObserveOn(_on.Scheduler).Subscribe(observer);
        }

        _stream.OnNextRange([.. Enumerable.Range(0, 1_000)]);
        _stream.OnCompleted();
        _on.RunUntil(() => observers.All(o => o.IsEnded), "Every observer ends.");

        Assert.That(observers.Select(o => o.Values), Is.All.EqualTo(Enumerable.Range(0, 1_000)));
        Assert.That(observers.SelectMany(o => o.Violations), Is.Empty);
    }

    [Test]
    public void Subscribe_StreamsScheduler_IsUsedUnlessOverridden()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { Scheduler = _on.Scheduler });
        var scheduled = new RecordingObserver<int>();
        var inline = new RecordingObserver<int>();
        stream.Subscribe(scheduled);
        stream.ObserveOn(System.Reactive.Concurrency.ImmediateScheduler.Instance).Subscribe(inline);

        stream.OnNext(1);
        Assert.That(inline.Values, Is.EqualTo(new[] { 1 }));
        _on.RunUntil(() => scheduled.Count == 1, "The event is delivered.");

        Assert.That(
            scheduled.Threads.Contains(Environment.CurrentManagedThreadId),
            Is.EqualTo(schedulerCase.Traits != SchedulerTraits.Concurrent));
    }

    [Test]
    public void OnError_EventsQueued_NeverOvertakesThem()
    {
        var error = new InvalidOperationException();
        var observer = new RecordingObserver<int>();
        _stream.ObserveOn(_on.Scheduler).Subscribe(observer);

        _stream.OnNextRange([.. Enumerable.Range(0, 500)]);
        _stream.OnError(error);
        _on.RunUntil(() => observer.IsEnded, "The error is delivered.");

        Assert.That(observer.Values, Is.EqualTo(Enumerable.Range(0, 500)));
        Assert.That(observer.Error, Is.SameAs(error));
        Assert.That(observer.Violations, Is.Empty);
    }

    [Test]
    public void Subscribe_AfterTheEnd_GetsOnlyTheEnd()
    {
        _stream.OnNext(1);
        _stream.OnCompleted();
        var observer = new RecordingObserver<int>();

        _stream.ObserveOn(_on.Scheduler).Subscribe(observer);
        _on.RunUntil(() => observer.IsEnded, "The observer ends.");

        Assert.That(observer.Values, Is.Empty);
        Assert.That(observer.IsCompleted, Is.True);
    }

    [Test]
    public void Subscribe_LateFromAPosition_ReplaysThenFollows()
    {
        _stream.OnNext(-1);
        EventPosition<int> start = _stream.GetNextPosition();
        _stream.OnNextRange([.. Enumerable.Range(0, 200)]);
        var observer = new RecordingObserver<int>();

        _stream.From(start).ObserveOn(_on.Scheduler).Subscribe(observer);
        _on.RunUntil(() => observer.Count == 200, "The past events are replayed.");
        _stream.OnNextRange([.. Enumerable.Range(200, 200)]);
        _stream.OnCompleted();
        _on.RunUntil(() => observer.IsEnded, "The later events and the end are delivered.");

        Assert.That(observer.Values, Is.EqualTo(Enumerable.Range(0, 400)));
        Assert.That(observer.Violations, Is.Empty);
    }

    [Test]
    public void Subscribe_FromAPositionAfterTheEnd_ReplaysThenEnds()
    {
        EventPosition<int> start = _stream.GetNextPosition();
        _stream.OnNextRange([1, 2, 3, 4]);
        _stream.OnError(new InvalidOperationException());
        var observer = new RecordingObserver<int>();

        start.AsObservable().ObserveOn(_on.Scheduler).Subscribe(observer);
        _on.RunUntil(() => observer.IsEnded, "The observer ends.");

        Assert.That(observer.Values, Is.EqualTo(new[] { 1, 2, 3, 4 }));
        Assert.That(observer.Error, Is.Not.Null);
    }

    [Test]
    public void Unsubscribe_FromInsideItsObserver_ThatCallIsTheLast()
    {
        IDisposable? subscription = null;
        var leaver = new RecordingObserver<int>(value =>
        {
            if (value == 2)
            {
                subscription!.Dispose();
            }
        });
        var other = new RecordingObserver<int>();
        EventPosition<int> start = _stream.GetNextPosition();
        _stream.OnNext(1);
        if (schedulerCase.Traits == SchedulerTraits.RunsInPlace)
        {
            // The replay would end before Subscribe returns the handle.
            subscription = _stream.ObserveOn(_on.Scheduler).Subscribe(leaver);
            _stream.OnNext(1);
        }
        else
        {
            subscription = _stream.From(start).ObserveOn(_on.Scheduler).Subscribe(leaver);
        }

        _stream.ObserveOn(_on.Scheduler).Subscribe(other);
        _stream.OnNextRange([2, 3, 4]);
        _stream.OnCompleted();
        _on.RunUntil(() => other.IsEnded && ((EventSubscription)subscription).IsDisposed, "Both subscriptions end.");
        _on.Run();

        Assert.That(leaver.Values, Is.EqualTo(new[] { 1, 2 }));
        Assert.That(leaver.IsEnded, Is.False);
        Assert.That(other.Values, Is.EqualTo(new[] { 2, 3, 4 }));
    }

    [Test]
    public void Unsubscribe_Idle_NothingStartsAfterwards()
    {
        var leaver = new RecordingObserver<int>();
        var other = new RecordingObserver<int>();
        IDisposable subscription = _stream.ObserveOn(_on.Scheduler).Subscribe(leaver);
        _stream.ObserveOn(_on.Scheduler).Subscribe(other);
        _stream.OnNext(1);
        _on.RunUntil(() => leaver.Count == 1, "The event is delivered.");

        subscription.Dispose();
        subscription.Dispose();
        _stream.OnNext(2);
        _stream.OnCompleted();
        _on.RunUntil(() => other.IsEnded, "The other observer ends.");

        Assert.That(leaver.Values, Is.EqualTo(new[] { 1 }));
        Assert.That(leaver.IsEnded, Is.False);
        Assert.That(((EventSubscription)subscription).IsDisposed, Is.True);
    }

    [Test]
    public void Dispose_Stream_NotifiesNoObserver()
    {
        var observer = new RecordingObserver<int>();
        IDisposable subscription = _stream.ObserveOn(_on.Scheduler).Subscribe(observer);
        _stream.OnNext(1);
        _on.RunUntil(() => observer.Count == 1, "The event is delivered.");

        _stream.Dispose();
        _on.Run();

        Assert.That(((EventSubscription)subscription).IsDisposed, Is.True);
        Assert.That(observer.IsEnded, Is.False);
        Assert.That(_stream.HasObservers, Is.False);
        Assert.That(() => _stream.ObserveOn(_on.Scheduler).Subscribe(observer), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void OnNext_ObserverThrows_SubscriptionEndsAndSchedulerCatches()
    {
        var error = new InvalidOperationException();
        var thrower = new RecordingObserver<int>(value =>
        {
            if (value == 2)
            {
                throw error;
            }
        });
        RecordingObserver<int> before = new(), after = new();
        _stream.ObserveOn(_on.Catching).Subscribe(before);
        var subscription = (EventSubscription)_stream.ObserveOn(_on.Catching).Subscribe(thrower);
        _stream.ObserveOn(_on.Catching).Subscribe(after);

        foreach (int value in new[] { 1, 2, 3, 4 })
        {
            _stream.OnNext(value);
            _on.Run();
        }

        _stream.OnCompleted();
        _on.RunUntil(() => before.IsEnded && after.IsEnded && subscription.IsDisposed && !_on.Caught.IsEmpty, "All subscriptions end.");

        Assert.That(_on.Caught, Is.EqualTo(new[] { error }));
        Assert.That(thrower.Values, Is.EqualTo(new[] { 1, 2 }));
        Assert.That(thrower.IsEnded, Is.False);
        Assert.That(before.Values, Is.EqualTo(new[] { 1, 2, 3, 4 }));
        Assert.That(after.Values, Is.EqualTo(new[] { 1, 2, 3, 4 }));
        Assert.That(_stream.Subscriptions, Is.Empty);
    }

    [Test]
    public void OnNext_ObserverThrew_ItsEventsAreFreed()
    {
        var subscription = (EventSubscription)_stream.ObserveOn(_on.Catching).Subscribe(
            new RecordingObserver<int>(_ => throw new InvalidOperationException()));

        _stream.OnNextRange([.. Enumerable.Range(0, 100)]);
        _on.RunUntil(() => subscription.IsDisposed && !_on.Caught.IsEmpty, "The subscription ends.");
        _stream.OnNextRange([.. Enumerable.Range(0, 100)]);

        Eventually.IsTrue(() => _stream.Log.CountSegments() == 1, "Only the tail is kept.");
    }

    [Test]
    public void OnCompleted_ObserverThrows_SchedulerCatches()
    {
        var error = new InvalidOperationException();
        var thrower = new RecordingObserver<int>(onEnd: () => throw error);
        var after = new RecordingObserver<int>();
        _stream.ObserveOn(_on.Catching).Subscribe(thrower);
        _stream.ObserveOn(_on.Catching).Subscribe(after);

        _stream.OnCompleted();
        _on.RunUntil(() => after.IsEnded && !_on.Caught.IsEmpty, "Both observers are called.");

        Assert.That(_on.Caught, Is.EqualTo(new[] { error }));
    }

    [Test]
    public void OnNext_FromInsideAnObserver_ComesAfterPublishedEvents()
    {
        var observer = new RecordingObserver<int>(value =>
        {
            if (value < 10)
            {
                _stream.OnNext(value + 10);
            }
        });
        var other = new RecordingObserver<int>();
        _stream.ObserveOn(_on.Scheduler).Subscribe(observer);
        _stream.ObserveOn(_on.Scheduler).Subscribe(other);

        _stream.OnNextRange([1, 2]);
        _on.RunUntil(() => observer.Count == 4 && other.Count == 4, "Both observers get the answers.");

        Assert.That(observer.Values, Is.EqualTo(new[] { 1, 2, 11, 12 }));
        Assert.That(other.Values, Is.EqualTo(new[] { 1, 2, 11, 12 }));
        Assert.That(observer.Violations, Is.Empty);
    }

    [Test]
    public void Subscribe_FromInsideAnObserver_GetsLaterEvents()
    {
        var late = new RecordingObserver<int>();
        using var subscribed = new ManualResetEventSlim();
        _stream.ObserveOn(_on.Scheduler).Subscribe(new RecordingObserver<int>(_ =>
        {
            if (!subscribed.IsSet)
            {
                _stream.ObserveOn(_on.Scheduler).Subscribe(late);
                subscribed.Set();
            }
        }));

        _stream.OnNext(1);
        _on.RunUntil(() => subscribed.IsSet, "The first event is delivered.");
        _stream.OnNext(2);
        _stream.OnCompleted();
        _on.RunUntil(() => late.IsEnded, "The observer ends.");

        Assert.That(late.Values, Is.EqualTo(new[] { 2 }));
    }
}
