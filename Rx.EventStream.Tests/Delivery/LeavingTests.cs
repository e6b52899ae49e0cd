using Rx.Parking;
using System.Reactive.Concurrency;
using Rx.Delivery;
using Rx.Storage;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Delivery;

/// <summary>How a publisher leaves the delivery: what was thrown goes to it once, and the delivery is left once.</summary>
[TestFixture(1, true)]
[TestFixture(1, false)]
[TestFixture(64, true)]
[TestFixture(64, false)]
internal sealed class LeavingTests(int capacity, bool isSingleWriter)
{
    private const PublishFlags Settling = PublishFlags.HandOverPending | PublishFlags.PublishedInside | PublishFlags.ObserverThrew;

    private EventStream<int> _stream = null!;

    [SetUp]
    public void SetUp() => _stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = capacity, SingleWriter = isSingleWriter });

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [Test]
    public async Task OnNext_NobodyIsLeftAndASchedulerThrows_ThrownOnceAndDeliveryGoesOn()
    {
        // The first event makes the delivery the writer's own; then its last observer leaves, which the next event notices.
        var error = new InvalidOperationException();
        IDisposable left = _stream.Subscribe(new RecordingObserver<int>());
        _stream.OnNext(0);
        left.Dispose();
        _stream.ObserveOn(CurrentThreadScheduler.Instance).Subscribe(new RecordingObserver<int>(_ => throw error));

        Exception? thrown = null;
        await Eventually.Ends(Eventually.OnThread(() => thrown = Record(1)));

        Assert.That(thrown, Is.SameAs(error));
        var observer = new RecordingObserver<int>();
        _stream.Subscribe(observer);
        await Eventually.Ends(Eventually.OnThread(() => _stream.OnNext(2)));
        await Eventually.Ends(Eventually.OnThread(() => _stream.OnNext(3)));
        Assert.That(observer.Values, Is.EqualTo(new[] { 2, 3 }));
        Assert.That(_stream.Log.NextSequence, Is.EqualTo(4));
    }

    [Test]
    public void OnNext_SchedulerAndObserverThrow_BothLeaveIt()
    {
        InvalidOperationException wakes = new("wakes"), delivers = new("delivers");
        _stream.Subscribe(new RecordingObserver<int>(_ => throw delivers));
        _stream.ObserveOn(CurrentThreadScheduler.Instance).Subscribe(new RecordingObserver<int>(_ => throw wakes));

        Exception? thrown = Record(0);

        Assert.That((thrown as AggregateException)?.InnerExceptions ?? [thrown!], Is.EquivalentTo(new[] { wakes, delivers }));
    }

    [Test]
    public void OnNextRange_SchedulerAndObserverThrow_BothLeaveIt()
    {
        InvalidOperationException wakes = new("wakes"), delivers = new("delivers");
        _stream.Subscribe(new RecordingObserver<int>(_ => throw delivers));
        _stream.ObserveOn(CurrentThreadScheduler.Instance).Subscribe(new RecordingObserver<int>(_ => throw wakes));

        Exception? thrown = Assert.Catch(() => _stream.OnNextRange([0]));

        Assert.That((thrown as AggregateException)?.InnerExceptions ?? [thrown!], Is.EquivalentTo(new[] { wakes, delivers }));
    }

    [Test]
    public void Publish_SecondDeliveryWasMadeInVain_NothingStaysToSettle()
    {
        // A (subscribes): makes the delivery, joins                              P (writer): takes it over, all is settled
        // B (subscribes): finds no delivery                                                   makes one, which comes too late
        var log = new EventLog<int>(isSingleWriter, capacity);
        var delivery = InlineDelivery<int>.Create(log, new ParkingLot<int>(log));
        var observer = new Recorder<int>();
        delivery.Join(new InlineSubscription<int>(delivery, log, observer, null));
        delivery.Publish(0, log.Flags);
        Assert.That(log.Flags & Settling, Is.EqualTo(PublishFlags.None));

        _ = InlineDelivery<int>.Create(log, new ParkingLot<int>(log));
        delivery.Publish(1, log.Flags);
        delivery.Publish(2, log.Flags);

        Assert.That(log.Flags & Settling, Is.EqualTo(PublishFlags.None), "Else every event goes the slow way, for ever.");
        Assert.That(observer.Events, Is.EqualTo(new[] { 0, 1, 2 }));
    }

    [Test]
    public void OnNext_SchedulerThrowsOnceTheDeliveryIsTheWriters_ThatLeavesIt()
    {
        var error = new InvalidOperationException();
        var observer = new RecordingObserver<int>();
        _stream.Subscribe(observer);
        _stream.OnNext(0);
        _stream.ObserveOn(CurrentThreadScheduler.Instance).Subscribe(new RecordingObserver<int>(_ => throw error));

        Assert.That(Record(1), Is.SameAs(error));
        Assert.That(Record(2), Is.Null);
        Assert.That(observer.Values, Is.EqualTo(new[] { 0, 1, 2 }));
    }

    [Test]
    public void OnNext_ObserverPublishesOnceTheDeliveryIsTheWriters_EveryoneGetsIt()
    {
        var observer = new RecordingObserver<int>();
        _stream.Subscribe(value =>
        {
            if (value == 1)
            {
                _stream.OnNext(2);
            }
        });
        _stream.Subscribe(observer);
        _stream.OnNext(0);

        _stream.OnNext(1);

        Assert.That(observer.Values, Is.EqualTo(new[] { 0, 1, 2 }));
    }

    [Test]
    public void OnNext_ObserverThrew_NothingStaysToSettle()
    {
        var error = new InvalidOperationException();
        EventLog<int> log = _stream.Log;
        _stream.Subscribe(new RecordingObserver<int>(value => _ = value == 1 ? throw error : value));
        _stream.OnNext(0);
        Assert.That(log.Flags & Settling, Is.EqualTo(PublishFlags.None), "The delivery is the writer's.");

        Assert.That(Record(1), Is.SameAs(error));

        Assert.That(log.Flags & Settling, Is.EqualTo(PublishFlags.None), "Else every event goes the slow way, for ever.");
    }

    [Test]
    public void OnNext_LastObserverLeft_ClosesTheDelivery()
    {
        EventLog<int> log = _stream.Log;
        IDisposable subscription = _stream.Subscribe(new RecordingObserver<int>());
        _stream.OnNext(0);
        subscription.Dispose();

        _stream.OnNext(1);

        bool isClosed = isSingleWriter ? (log.Flags & PublishFlags.HandOverPending) != 0 : !log.Claims.Read().IsOpen;
        Assert.That(isClosed, Is.True, "Else publishing stays as dear as with an observer.");
    }

    [Test]
    public void OnNext_LastObserverLeftAndOthersAreOnASchedulers_ClosesTheDelivery([Values(1, 2, 5)] int count)
    {
        EventLog<int> log = _stream.Log;
        _stream.ObserveOn(new HistoricalScheduler()).Subscribe(new RecordingObserver<int>());
        IDisposable[] subscriptions = [.. Enumerable.Range(0, count).Select(_ => _stream.Subscribe(new RecordingObserver<int>()))];
        _stream.OnNext(0);
        Array.ForEach(subscriptions, s => s.Dispose());

        _stream.OnNext(1);

        bool isClosed = isSingleWriter ? (log.Flags & PublishFlags.HandOverPending) != 0 : !log.Claims.Read().IsOpen;
        Assert.That(isClosed, Is.True, "Else publishing stays as dear as with an observer.");
        Assert.That(log.Flags & (PublishFlags.NoObservers | PublishFlags.ManyObservers), Is.EqualTo(PublishFlags.None), "Else every event goes the slow way, for ever.");
    }

    [Test]
    public void OnNext_ObserversComeAndGo_TheDutiesFollow()
    {
        EventLog<int> log = _stream.Log;
        PublishFlags Counted() => log.Flags & (PublishFlags.NoObservers | PublishFlags.ManyObservers);
        var observer = new RecordingObserver<int>();
        for (int round = 0; round < 3; round++)
        {
            IDisposable first = _stream.Subscribe(observer);
            Assert.That(Counted(), Is.EqualTo(PublishFlags.None));
            IDisposable second = _stream.Subscribe(observer);
            IDisposable third = _stream.Subscribe(observer);
            Assert.That(Counted(), Is.EqualTo(PublishFlags.ManyObservers));
            first.Dispose();
            first.Dispose();
            Assert.That(Counted(), Is.EqualTo(PublishFlags.ManyObservers));
            third.Dispose();
            Assert.That(Counted(), Is.EqualTo(PublishFlags.None));
            second.Dispose();
            Assert.That(Counted(), Is.EqualTo(PublishFlags.NoObservers));
        }
    }

    [Test]
    public void OnNext_FirstObserverComesBetweenTheLookAndTheClaim_GetsTheEvent()
    {
        // P (publisher):  an observer? none;                                             claim, mark;  an observer? deliver
        // C (subscriber):                     opens the delivery, is listed, waits
        var clock = new Clock();
        using var stream = new EventStream<int>(new EventStreamOptions
        {
            SegmentCapacity = capacity,
            SingleWriter = isSingleWriter,
            Retention = Retention.Time(TimeSpan.FromMinutes(1)),
            TimeProvider = clock,
        });
        var observer = new RecordingObserver<int>();
        clock.Asked = () => stream.ObserveOn(ImmediateScheduler.Instance).Subscribe(observer);

        stream.OnNext(7);

        Assert.That(observer.Values, Is.EqualTo(new[] { 7 }), "It was there before the claim, and nothing need come after it.");
    }

    private Exception? Record(int value)
    {
        try
        {
            _stream.OnNext(value);
            return null;
        }
        catch (Exception error)
        {
            return error;
        }
    }

    /// <summary>A clock, which publishers read before they claim.</summary>
    private sealed class Clock : TimeProvider
    {
        public Action? Asked { get; set; }

        public override long GetTimestamp()
        {
            Action? asked = Asked;
            Asked = null;
            asked?.Invoke();
            return 0;
        }
    }
}
