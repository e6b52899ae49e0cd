namespace Rx.Tests.Contract;

[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class EventSubscriptionTests(StreamConfiguration configuration)
{
    private EventStream<int> _stream = null!;
    private MarbleScheduler _scheduler = null!;

    [SetUp]
    public void SetUp()
    {
        _stream = configuration.Create<int>();
        _scheduler = new MarbleScheduler();
    }

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [Test]
    public void Subscriptions_AddedAndDisposed_InlineFirstThenInOrder()
    {
        IDisposable scheduled = _stream.AsObservable().WithName("s1").ObserveOn(_scheduler).Subscribe(new RecordingObserver<int>());
        IDisposable inline = _stream.AsObservable().WithName("i1").Subscribe(new RecordingObserver<int>());
        _stream.AsObservable().WithName("i2").Subscribe(new RecordingObserver<int>());
        _stream.AsObservable().WithName("s2").ObserveOn(_scheduler).Subscribe(new RecordingObserver<int>());
        Assert.That(_stream.Subscriptions.Select(s => s.Name), Is.EqualTo(new[] { "i1", "i2", "s1", "s2" }));
        Assert.That(_stream.Subscriptions, Does.Contain(inline).And.Contain(scheduled));

        inline.Dispose();
        scheduled.Dispose();
        Assert.That(_stream.Subscriptions.Select(s => s.Name), Is.EqualTo(new[] { "i2", "s2" }));

        _stream.OnCompleted();
        _scheduler.Start();
        Assert.That(_stream.Subscriptions, Is.Empty);
    }

    [Test]
    public void Subscriptions_OfASnapshot_DoNotChange()
    {
        IDisposable subscription = _stream.Subscribe(new RecordingObserver<int>());
        IReadOnlyList<EventSubscription> snapshot = _stream.Subscriptions;

        subscription.Dispose();

        Assert.That(snapshot, Is.EqualTo(new[] { subscription }));
    }

    [Test]
    public void Figures_Scheduled_FollowTheObserver()
    {
        _stream.OnNextRange([1, 2, 3]);
        var subscription = (EventSubscription)_stream.ObserveOn(_scheduler).Subscribe(new RecordingObserver<int>());
        Check(subscription, sequence: 3, lag: 0, delivered: 0);

        _stream.OnNextRange([4, 5, 6]);
        Check(subscription, sequence: 3, lag: 3, delivered: 0);

        _scheduler.AdvanceBy(2);
        Check(subscription, sequence: 5, lag: 1, delivered: 2);

        _scheduler.Start();
        Check(subscription, sequence: 6, lag: 0, delivered: 3);
        Assert.That(subscription.IsDisposed, Is.False);
    }

    [Test]
    public void Figures_Inline_LagIsZero()
    {
        _stream.OnNextRange([1, 2, 3]);
        var subscription = (EventSubscription)_stream.Subscribe(new RecordingObserver<int>());
        Check(subscription, sequence: 3, lag: 0, delivered: 0);

        _stream.OnNextRange([4, 5]);
        _stream.OnNext(6);

        Check(subscription, sequence: 6, lag: 0, delivered: 3);
    }

    [Test]
    public void Figures_InlineFromAPosition_CountTheReplay()
    {
        _stream.OnNext(0);
        EventPosition<int> position = _stream.GetNextPosition();
        _stream.OnNextRange([1, 2, 3]);

        var subscription = (EventSubscription)_stream.From(position).Subscribe(new RecordingObserver<int>());
        Check(subscription, sequence: 4, lag: 0, delivered: 3);

        _stream.OnNext(4);
        Check(subscription, sequence: 5, lag: 0, delivered: 4);
    }

    [Test]
    public void Lag_InsideAnObserver_CountsQueuedEvents()
    {
        var lags = new List<long>();
        EventSubscription? subscription = null;
        subscription = (EventSubscription)_stream.Subscribe(value =>
        {
            if (value == 1)
            {
                _stream.OnNextRange([2, 3]);
            }

            lags.Add(subscription!.Lag);
        });

        _stream.OnNext(1);

        Assert.That(lags, Is.EqualTo(new[] { 2, 1, 0 }));
    }

    [Test]
    public void Figures_Disposed_NoLagAndDeliveredStays([Values] bool scheduled)
    {
        EventObservable<int> observable = scheduled ? _stream.ObserveOn(_scheduler) : _stream.AsObservable();
        var subscription = (EventSubscription)observable.Subscribe(new RecordingObserver<int>());
        _stream.OnNextRange([1, 2]);
        _scheduler.Start();

        subscription.Dispose();
        _stream.OnNextRange([3, 4, 5]);
        _scheduler.Start();

        Check(subscription, sequence: 2, lag: 0, delivered: 2);
        Assert.That(subscription.IsDisposed, Is.True);
    }

    [Test]
    public void IsDisposed_AfterTheEnd_True([Values] bool scheduled)
    {
        EventObservable<int> observable = scheduled ? _stream.ObserveOn(_scheduler) : _stream.AsObservable();
        var subscription = (EventSubscription)observable.Subscribe(new RecordingObserver<int>());
        _stream.OnNext(1);
        _stream.OnCompleted();
        _scheduler.Start();

        Check(subscription, sequence: 1, lag: 0, delivered: 1);
        Assert.That(subscription.IsDisposed, Is.True);
    }

    [Test]
    public void Subscribe_WithADelegate_ReturnsAnEventSubscription()
    {
        using IDisposable subscription = _stream.Subscribe(_ => { });

        Assert.That(subscription, Is.InstanceOf<EventSubscription>());
    }

    [Test]
    public void HasObservers_Readers_DoNotCount()
    {
        using EventReader<int> reader = _stream.GetNextPosition().OpenReader();
        Assert.That(_stream.HasObservers, Is.False);

        using IDisposable subscription = _stream.ObserveOn(_scheduler).Subscribe(new RecordingObserver<int>());
        Assert.That(_stream.HasObservers, Is.True);
    }

    private static void Check(EventSubscription subscription, long sequence, long lag, long delivered)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(subscription.Sequence, Is.EqualTo(sequence), nameof(subscription.Sequence));
            Assert.That(subscription.Lag, Is.EqualTo(lag), nameof(subscription.Lag));
            Assert.That(subscription.Delivered, Is.EqualTo(delivered), nameof(subscription.Delivered));
        }
    }
}
