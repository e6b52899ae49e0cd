using System.Reactive.Concurrency;
using Rx.Delivery;
using Rx.Parking;
using Rx.Storage;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Delivery;

/// <summary>How the draining thread leaves the delivery: it throws each exception once, and it leaves once.</summary>
[TestFixture(1, true)]
[TestFixture(1, false)]
[TestFixture(64, true)]
[TestFixture(64, false)]
internal sealed class DrainerLeavingTests(int capacity, bool isSingleWriter)
{
    /// <summary>Flags that are set only until the writer or the drainer has done what they ask for. They take publishers off the fast path.</summary>
    private const PublishFlags TransientFlags = PublishFlags.HandOverPending | PublishFlags.PublishedInside | PublishFlags.ObserverThrew;

    private EventStream<int> _stream = null!;

    [SetUp]
    public void SetUp() => _stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = capacity, SingleWriter = isSingleWriter });

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [Test]
    public async Task OnNext_NoInlineObserverAndSchedulerThrows_ThrowsOnce()
    {
        // With the first event the writer takes the delivery over. Then the last inline observer leaves, which the writer notices at the next event.
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
    public void OnNext_SchedulerAndObserverThrow_ThrowsBoth()
    {
        InvalidOperationException wakes = new("wakes"), delivers = new("delivers");
        _stream.Subscribe(new RecordingObserver<int>(_ => throw delivers));
        _stream.ObserveOn(CurrentThreadScheduler.Instance).Subscribe(new RecordingObserver<int>(_ => throw wakes));

        Exception? thrown = Record(0);

        Assert.That((thrown as AggregateException)?.InnerExceptions ?? [thrown!], Is.EquivalentTo(new[] { wakes, delivers }));
    }

    [Test]
    public void OnNextRange_SchedulerAndObserverThrow_ThrowsBoth()
    {
        InvalidOperationException wakes = new("wakes"), delivers = new("delivers");
        _stream.Subscribe(new RecordingObserver<int>(_ => throw delivers));
        _stream.ObserveOn(CurrentThreadScheduler.Instance).Subscribe(new RecordingObserver<int>(_ => throw wakes));

        Exception? thrown = Assert.Catch(() => _stream.OnNextRange([0]));

        Assert.That((thrown as AggregateException)?.InnerExceptions ?? [thrown!], Is.EquivalentTo(new[] { wakes, delivers }));
    }

    [Test]
    public void Publish_UnusedSecondDelivery_LeavesNoTransientFlag()
    {
        // A (subscriber): creates the delivery, joins
        // P (writer):                                  takes the delivery over
        // B (subscriber): finds no delivery                                     creates a second one, too late
        var log = new EventLog<int>(isSingleWriter, capacity);
        var delivery = InlineDelivery<int>.Create(log, new ParkingLot<int>(log), new ObserverList<int>(log), maxBacklog: 1024);
        var observer = new Recorder<int>();
        delivery.Add(new InlineSubscription<int>(delivery, observer, null));
        delivery.Publish(0, log.Flags);
        Assert.That(log.Flags & TransientFlags, Is.EqualTo(PublishFlags.None));

        _ = InlineDelivery<int>.Create(log, new ParkingLot<int>(log), new ObserverList<int>(log), maxBacklog: 1024);
        delivery.Publish(1, log.Flags);
        delivery.Publish(2, log.Flags);

        Assert.That(log.Flags & TransientFlags, Is.EqualTo(PublishFlags.None), "Otherwise every later event takes the slow path.");
        Assert.That(observer.Events, Is.EqualTo(new[] { 0, 1, 2 }));
    }

    [Test]
    public void OnNext_WriterOwnsDeliveryAndSchedulerThrows_ThrowsIt()
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
    public void OnNext_WriterOwnsDeliveryAndObserverPublishes_AllGetIt()
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
    public void OnNext_ObserverThrew_LeavesNoTransientFlag()
    {
        var error = new InvalidOperationException();
        EventLog<int> log = _stream.Log;
        _stream.Subscribe(new RecordingObserver<int>(value => _ = value == 1 ? throw error : value));
        _stream.OnNext(0);
        Assert.That(log.Flags & TransientFlags, Is.EqualTo(PublishFlags.None), "The writer owns the delivery.");

        Assert.That(Record(1), Is.SameAs(error));

        Assert.That(log.Flags & TransientFlags, Is.EqualTo(PublishFlags.None), "Otherwise every later event takes the slow path.");
    }

    [Test]
    public void OnNext_LastObserverLeft_ClosesDelivery()
    {
        EventLog<int> log = _stream.Log;
        IDisposable subscription = _stream.Subscribe(new RecordingObserver<int>());
        _stream.OnNext(0);
        subscription.Dispose();

        _stream.OnNext(1);

        bool isClosed = isSingleWriter ? (log.Flags & PublishFlags.HandOverPending) != 0 : !log.Claims.Read().IsOpen;
        Assert.That(isClosed, Is.True, "Otherwise publishing stays as expensive as with an observer.");
    }

    [Test]
    public void OnNext_OnlyScheduledObserversRemain_ClosesDelivery([Values(1, 2, 5)] int count)
    {
        EventLog<int> log = _stream.Log;
        using var loop = new EventLoopScheduler();
        _stream.ObserveOn(loop).Subscribe(new RecordingObserver<int>());
        IDisposable[] subscriptions = [.. Enumerable.Range(0, count).Select(_ => _stream.Subscribe(new RecordingObserver<int>()))];
        _stream.OnNext(0);
        Array.ForEach(subscriptions, s => s.Dispose());

        _stream.OnNext(1);

        bool isClosed = isSingleWriter ? (log.Flags & PublishFlags.HandOverPending) != 0 : !log.Claims.Read().IsOpen;
        Assert.That(isClosed, Is.True, "Otherwise publishing stays as expensive as with an observer.");
        Assert.That(log.Flags & (PublishFlags.NoObservers | PublishFlags.ManyObservers), Is.EqualTo(PublishFlags.None), "Otherwise every later event takes the slow path.");
    }

    [Test]
    public void Subscribe_ObserversComeAndGo_FlagsFollow()
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
    public void OnNext_FirstObserverJoinsBeforeClaim_GetsTheEvent()
    {
        // P (publisher):  an observer? no;                                     claim, mark;  an observer? deliver
        // C (subscriber):                   opens the delivery, joins, waits
        var clock = new Clock();
        using var stream = new EventStream<int>(new EventStreamOptions
        {
            SegmentCapacity = capacity,
            SingleWriter = isSingleWriter,
            Retention = Retention.Time(TimeSpan.FromMinutes(1)),
            TimeProvider = clock,
        });
        var observer = new RecordingObserver<int>();
        clock.OnRead = () => stream.ObserveOn(ImmediateScheduler.Instance).Subscribe(observer);

        stream.OnNext(7);

        Assert.That(observer.Values, Is.EqualTo(new[] { 7 }), "The observer joined before the claim, and no later event may follow.");
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

    /// <summary>A clock that calls an action when it is read. Publishers read it before they claim.</summary>
    private sealed class Clock : TimeProvider
    {
        public Action? OnRead { get; set; }

        public override long GetTimestamp()
        {
            Action? onRead = OnRead;
            OnRead = null;
            onRead?.Invoke();
            return 0;
        }
    }
}
