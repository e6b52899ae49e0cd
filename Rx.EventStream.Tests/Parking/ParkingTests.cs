using Rx.Parking;
using Rx.Storage;

namespace Rx.Tests.Parking;

/// <summary>Parking and publishing, in every order that their steps can take: no reader may sleep once its event is published.</summary>
[TestFixture(true)]
[TestFixture(false)]
internal sealed class ParkingTests(bool isSingleWriter)
{
    private EventLog<int> _log = null!;
    private ParkingLot<int> _parking = null!;

    [SetUp]
    public void SetUp()
    {
        _log = new EventLog<int>(isSingleWriter, maxCapacity: 2);
        _parking = new ParkingLot<int>(_log);
    }

    [Test]
    public void Recheck_EventBeforePush_WakesItself()
    {
        var reader = new ParkedReader(_log, _parking);
        Publish(1);
        _parking.WakeReaders();

        reader.Push();
        reader.Recheck();

        Assert.That(reader.Wakes, Is.EqualTo(1));
    }

    [Test]
    public void WakeReaders_EventAfterRecheck_WakesParkedReader()
    {
        var reader = new ParkedReader(_log, _parking);
        reader.Push();
        reader.Recheck();
        Assert.That(reader.Wakes, Is.Zero, "No event is published yet.");

        Publish(1);
        _parking.WakeReaders();

        Assert.That(reader.Wakes, Is.EqualTo(1));
        Assert.That(StackAt<int>.Get(_parking, ParkingPlace.Direct).IsEmpty, Is.True);
    }

    [Test]
    public void Recheck_PushBetweenMarkAndWake_IsWokenOnce()
    {
        var reader = new ParkedReader(_log, _parking);
        Publish(1);
        reader.Push();
        _parking.WakeReaders();
        reader.Recheck();

        Assert.That(reader.Wakes, Is.EqualTo(1), "The whole stack is taken, once.");
    }

    [Test]
    public void Recheck_ClaimedNotPublished_SleepsUntilWriterWakes()
    {
        var reader = new ParkedReader(_log, _parking);
        Segment<int> tail = _log.TailBeforeClaim();
        long sequence = Claim();

        reader.Push();
        reader.Recheck();
        Assert.That(reader.Wakes, Is.Zero, "A claimed slot is not an event yet.");

        _log.Publish(tail, sequence, 1);
        _parking.WakeReaders();
        Assert.That(reader.Wakes, Is.EqualTo(1));
    }

    [Test]
    public void Recheck_WriterHasCheckedStack_WakesItself()
    {
        var reader = new ParkedReader(_log, _parking);
        Segment<int> tail = _log.TailBeforeClaim();
        long sequence = Claim();
        _log.Publish(tail, sequence, 1);
        _parking.WakeReaders();

        reader.Push();
        reader.Recheck();

        Assert.That(reader.Wakes, Is.EqualTo(1));
    }

    [Test]
    public void Recheck_EventInLaterSegment_WakesAllParkedReaders()
    {
        var early = new ParkedReader(_log, _parking);
        early.Push();
        var late = new ParkedReader(_log, _parking);
        for (int i = 0; i < 5; i++)
        {
            Publish(i);
        }

        late.Push();
        late.Recheck();

        Assert.That((early.Wakes, late.Wakes), Is.EqualTo((1, 1)), "Both readers waited for that event.");
    }

    [Test]
    public void Recheck_NextSegmentNotLinked_SeesEventOnceLinked()
    {
        var reader = new ParkedReader(_log, _parking);
        Publish(0);
        Publish(1);
        Assert.That(reader.TryRead(out _) && reader.TryRead(out _), Is.True);
        Assert.That(reader.TryRead(out _), Is.False, "The cursor is at the end of its segment, and the next one is not linked yet.");
        reader.Push();
        reader.Recheck();
        Assert.That(reader.Wakes, Is.Zero);

        Publish(2);

        Assert.That(reader.IsReadyWhileParked, Is.True);
        Assert.That(reader.TryRead(out int value), Is.True);
        Assert.That(value, Is.EqualTo(2));
    }

    [Test]
    public void Push_EntryStillOnStack_IsThereOnce()
    {
        var reader = new ParkedReader(_log, _parking);
        reader.Push();
        reader.Waiter.Disarm();
        reader.Push();

        Publish(1);
        _parking.WakeReaders();

        Assert.That(reader.Wakes, Is.EqualTo(1));
    }

    [Test]
    public void TryTerminate_ReaderParked_IsReadyAndWoken()
    {
        var reader = new ParkedReader(_log, _parking);
        reader.Push();
        reader.Recheck();

        Assert.That(_log.TryTerminate(Termination.Completed), Is.True);
        _parking.WakeReaders();

        Assert.That(reader.Wakes, Is.EqualTo(1));
        Assert.That(reader.IsReadyWhileParked, Is.True);
    }

    [Test]
    public void AnnounceWaiters_FirstReader_WriterChecksFromThenOn()
    {
        Publish(0);
        _parking.WakeReaders();
        var reader = new ParkedReader(_log, _parking);
        reader.Push();

        Publish(1);
        _parking.WakeReaders();

        Assert.That(reader.Wakes, Is.EqualTo(1));
    }

    private long Claim() => _log.Claim(1);

    private void Publish(int value)
    {
        Segment<int> tail = _log.TailBeforeClaim();
        _log.Publish(tail, Claim(), value);
    }
}
