using System.Reactive.Concurrency;
using Rx.Delivery;
using Rx.Parking;
using Rx.Storage;
using Rx.Tests.Contract;
using Rx.Tests.Parking;

namespace Rx.Tests.Concurrency;

/// <summary>A hole is a slot that is claimed and not yet published. Readers stop there, and the writer that fills it wakes them.</summary>
[TestFixture(1)]
[TestFixture(2)]
[TestFixture(64)]
internal sealed class HoleTests(int capacity)
{
    private EventLog<int> _log = null!;
    private ParkingLot<int> _parking = null!;
    private InlineDelivery<int> _delivery = null!;

    [SetUp]
    public void SetUp()
    {
        _log = new EventLog<int>(isSingleWriter: false, capacity);
        _parking = new ParkingLot<int>(_log);
        _delivery = InlineDelivery<int>.Create(_log, _parking, new ObserverList<int>(_log), maxBacklog: 1024);
    }

    [Test]
    public void TryRead_HoleFirst_StopsUntilItIsFilled()
    {
        Cursor<int> cursor = _log.JoinNext();
        Hole hole = Claim();
        Publish(1);
        Publish(2);

        Assert.That(cursor.TryRead(_log, out _), Is.False, "Events after a hole must wait for it.");
        Assert.That(cursor.PeekRun(_log, 10).Length, Is.Zero);

        Fill(hole, 0);

        Assert.That(ReadAll(ref cursor), Is.EqualTo(new[] { 0, 1, 2 }));
    }

    [Test]
    public void TryRead_HoleInTheMiddle_ReadsUpToIt()
    {
        Cursor<int> cursor = _log.JoinNext();
        Publish(0);
        Hole hole = Claim();
        Publish(2);

        Assert.That(ReadAll(ref cursor), Is.EqualTo(new[] { 0 }));
        Fill(hole, 1);
        Assert.That(ReadAll(ref cursor), Is.EqualTo(new[] { 1, 2 }));
    }

    [Test]
    public void WakeReaders_ParkedAtHole_OnlyItsWriterEndsTheWait()
    {
        var reader = new ParkedReader(_log, _parking);
        Hole hole = Claim();
        reader.Push();
        reader.Recheck();
        Publish(1);
        _parking.WakeReaders();

        // A spurious wake-up: the hole is still there. The reader parks again.
        Assert.That(reader.IsReadyWhileParked, Is.False);
        int wakes = reader.Wakes;
        reader.Push();
        reader.Recheck();
        Assert.That(reader.Wakes, Is.EqualTo(wakes));

        Fill(hole, 0);
        _parking.WakeReaders();
        Assert.That(reader.Wakes, Is.EqualTo(wakes + 1));
    }

    [Test]
    public void WaitToReadAsync_WokenAtHole_StillWaits()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = capacity });
        using EventReader<int> reader = stream.AsObservable().OpenReader();
        Segment<int> tail = stream.Log.TailBeforeClaim();
        long sequence = stream.Log.Claims.Claim(1).Count;
        stream.OnNext(1);

        Assert.That(reader.TryRead(out _), Is.False);
        Task<bool> wait = reader.WaitToReadAsync().AsTask();
        stream.Log.Publish(tail, sequence, 0);
        stream.Parking.WakeReaders();

        Assert.That(wait.Wait(TimeSpan.FromSeconds(10)) && wait.Result, Is.True);
        Assert.That(reader.TryRead(out int first) && reader.TryRead(out int second) && (first, second) == (0, 1), Is.True);
    }

    [Test]
    public void Publish_AfterHole_ReturnsAndFillingWriterDelivers()
    {
        Recorder<int> observer = Subscribe();
        Hole hole = Claim();

        _delivery.Publish(1, _log.Flags);
        _delivery.Publish(2, _log.Flags);
        Assert.That(observer.Events, Is.Empty, "There is one order: no event may pass the hole.");

        Fill(hole, 0);
        _delivery.Deliver(0);
        Assert.That(observer.Events, Is.EqualTo(new[] { 0, 1, 2 }));

        _delivery.Publish(3, _log.Flags);
        Assert.That(observer.Events, Is.EqualTo(new[] { 0, 1, 2, 3 }), "After the drainer has left, another can follow.");
    }

    [Test]
    public void PublishRange_AfterHole_ReturnsAndFillingWriterDelivers()
    {
        Recorder<int> observer = Subscribe();
        Hole hole = Claim();

        Segment<int> tail = _log.TailBeforeClaim();
        _log.PublishRange(tail, _log.Claims.Claim(3).Count, [1, 2, 3]);
        _delivery.Deliver(0);
        Assert.That(observer.Events, Is.Empty);
        Fill(hole, 0);
        _delivery.Deliver(0);

        Assert.That(observer.Events, Is.EqualTo(new[] { 0, 1, 2, 3 }));
    }

    [Test]
    public void Deliver_HoleFilledDuringDelivery_DrainerDeliversIt()
    {
        Hole? hole = null;
        var observer = new Recorder<int>();
        var publishing = new ActionObserver(value =>
        {
            if (value == 0)
            {
                // During this delivery another writer claims, a second writer publishes the event after it, and the first writer finishes.
                hole = Claim();
                Publish(2);
                Fill(hole.Value, 1);
                _delivery.Deliver(0);
                Assert.That(observer.Events, Is.Empty, "The call further up the stack delivers.");
            }
        });
        _delivery.Add(new InlineSubscription<int>(_delivery, publishing, null));
        _delivery.Add(new InlineSubscription<int>(_delivery, observer, null));

        _delivery.Publish(0, _log.Flags);

        Assert.That(observer.Events, Is.EqualTo(new[] { 0, 1, 2 }));
    }

    [Test]
    public void Deliver_HoleBeforeEnd_DeliversEventThenEnd()
    {
        // The drainer finds the hole at 1 and leaves. The writer that fills it drains, and so does the thread that ends the log.
        Recorder<int> observer = Subscribe();
        _delivery.Publish(0, _log.Flags);
        Hole hole = Claim();
        _log.TryTerminate(Termination.Completed);
        _delivery.Deliver(0);
        Assert.That((observer.Count, observer.Terminals), Is.EqualTo((1, 0)), "The end must not overtake the hole.");

        Fill(hole, 1);
        _delivery.Deliver(0);

        Assert.That(observer.Events, Is.EqualTo(new[] { 0, 1 }));
        Assert.That(observer.Terminals, Is.EqualTo(1));
    }

    [Test]
    public void Join_WhileHoleIsOpen_StartsAfterAllClaims()
    {
        Hole hole = Claim();
        Recorder<int> observer = Subscribe();
        _delivery.Publish(1, _log.Flags);
        Fill(hole, 0);
        _delivery.Deliver(0);

        Assert.That(observer.Events, Is.EqualTo(new[] { 1 }));
    }

    [Test]
    public void RunBatch_HoleAhead_ParksUntilFilled([Values] bool hasTurn)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = capacity });
        var context = new QueueingContext();
        IScheduler scheduler = new SynchronizationContextScheduler(context);
        var observer = new Recorder<int>();
        using IDisposable subscription =
            stream.ObserveOn(hasTurn ? scheduler.Catch<Exception>(static _ => false) : scheduler).Subscribe(observer);
        stream.OnNext(0);
        Segment<int> tail = stream.Log.TailBeforeClaim();
        long sequence = stream.Log.Claims.Claim(1).Count;
        stream.OnNext(2);
        context.Run();
        Assert.That(observer.Events, Is.EqualTo(new[] { 0 }));

        stream.Log.Publish(tail, sequence, 1);
        stream.Parking.WakeReaders();
        context.Run();
        Assert.That(observer.Events, Is.EqualTo(hasTurn ? new[] { 0 } : [0, 1, 2]));

        // A pump with a turn gets it from the delivery, which this writer has left out.
        stream.OnNext(3);
        context.Run();
        Assert.That(observer.Events, Is.EqualTo(new[] { 0, 1, 2, 3 }));
    }

    [Test]
    public void Subscribe_InTurnBeforeAHole_GetsItsEventInTurn()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = capacity });
        var calls = new List<string>();
        using IDisposable first = stream.Subscribe(value => calls.Add($"first {value}"));
        using EventPosition<int> position = stream.GetNextPosition();
        Segment<int> tail = stream.Log.TailBeforeClaim();
        long sequence = stream.Log.Claims.Claim(1).Count;
        using IDisposable late = position.AsObservable().ObserveOn(CurrentThreadScheduler.Instance).Subscribe(value => calls.Add($"late {value}"));

        stream.Log.Publish(tail, sequence, 0);
        stream.Parking.WakeReaders(); // comes before the observers are called
        stream.OnNext(1);

        Assert.That(calls, Is.EqualTo(new[] { "first 0", "late 0", "first 1", "late 1" }));
    }

    /// <summary>The delivery is opened after the hole, so the turn is not called with its event.</summary>
    [Test]
    public void Subscribe_InTurnAsTheFirstBeforeAHole_GetsItsEvent()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = capacity });
        using EventPosition<int> position = stream.GetNextPosition();
        Segment<int> tail = stream.Log.TailBeforeClaim();
        long sequence = stream.Log.Claims.Claim(1).Count;
        stream.OnNext(1);
        var observer = new Recorder<int>();
        using IDisposable subscription = position.AsObservable().ObserveOn(CurrentThreadScheduler.Instance).Subscribe(observer);

        stream.OnNext(2);
        Assert.That(observer.Events, Is.Empty);
        stream.Log.Publish(tail, sequence, 0);
        stream.Parking.WakeReaders();

        Assert.That(observer.Events, Is.EqualTo(new[] { 0, 1, 2 }));
        stream.OnNext(3);
        Assert.That(observer.Events, Is.EqualTo(new[] { 0, 1, 2, 3 }));
    }

    [Test]
    public void TryTerminate_ClaimAfterTheEnd_IsNeverRead()
    {
        Cursor<int> cursor = _log.JoinNext();
        Publish(0);
        Assert.That(_log.TryTerminate(Termination.Completed), Is.True);
        Assert.That(_log.TryTerminate(Termination.Failed(new InvalidOperationException())), Is.False, "The first terminal wins.");
        // A writer that checked for the end before it came.
        Publish(2);

        Assert.That(ReadAll(ref cursor), Is.EqualTo(new[] { 0 }));
        Assert.That(cursor.IsAtEnd(_log), Is.True);
        Assert.That(_log.Termination, Is.SameAs(Termination.Completed));
        Assert.That(_log.NextSequence, Is.EqualTo(1), "The terminal event takes the next event's sequence number.");
    }

    [Test]
    public void Publish_ClaimAfterTheEnd_IsNotDelivered()
    {
        Recorder<int> observer = Subscribe();
        _delivery.Publish(0, _log.Flags);
        _log.TryTerminate(Termination.Completed);
        _delivery.Publish(2, _log.Flags);
        _delivery.Deliver(0);
        _delivery.Publish(3, _log.Flags);

        Assert.That(observer.Events, Is.EqualTo(new[] { 0 }));
        Assert.That(observer.Terminals, Is.EqualTo(1));
        Assert.That(observer.Breach, Is.Null);
    }

    private Recorder<int> Subscribe()
    {
        var observer = new Recorder<int>();
        _delivery.Add(new InlineSubscription<int>(_delivery, observer, null));
        return observer;
    }

    private List<int> ReadAll(ref Cursor<int> cursor)
    {
        var values = new List<int>();
        while (cursor.TryRead(_log, out int value))
        {
            values.Add(value);
        }

        return values;
    }

    private Hole Claim()
    {
        Segment<int> tail = _log.TailBeforeClaim();
        return new Hole(tail, _log.Claims.Claim(1).Count);
    }

    private void Fill(Hole hole, int value) => _log.Publish(hole.Tail, hole.Sequence, value);

    private void Publish(int value) => Fill(Claim(), value);

    /// <summary>What a writer holds between its claim and its publishing.</summary>
    private readonly record struct Hole(Segment<int> Tail, long Sequence);

    private sealed class ActionObserver(Action<int> action) : IObserver<int>
    {
        public void OnNext(int value) => action(value);

        public void OnError(Exception error)
        {
        }

        public void OnCompleted()
        {
        }
    }
}
