using Rx.Parking;
using Rx.Storage;

namespace Rx.Tests.Concurrency;

/// <summary>Parking and publishing, in every order their steps can take: nobody may sleep beside an event.</summary>
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
    public void Look_EventBeforePush_WakesItself()
    {
        var reader = new ParkedReader(_log, _parking);
        Publish(1);
        _parking.WakeReaders();

        reader.Push();
        reader.Look();

        Assert.That(reader.Wakes, Is.EqualTo(1));
    }

    [Test]
    public void WakeReaders_EventAfterLook_WakesParked()
    {
        var reader = new ParkedReader(_log, _parking);
        reader.Push();
        reader.Look();
        Assert.That(reader.Wakes, Is.Zero, "There is nothing yet.");

        Publish(1);
        _parking.WakeReaders();

        Assert.That(reader.Wakes, Is.EqualTo(1));
        Assert.That(StackAt<int>.Get(_parking, ParkingPlace.Direct).IsEmpty, Is.True);
    }

    [Test]
    public void Look_PushBetweenMarkAndWake_BothMayWakeButOneFindsTheStack()
    {
        var reader = new ParkedReader(_log, _parking);
        Publish(1);
        reader.Push();
        _parking.WakeReaders();
        reader.Look();

        Assert.That(reader.Wakes, Is.EqualTo(1), "The stack is taken whole, once.");
    }

    [Test]
    public void Look_ClaimedAndNotPublished_SleepsUntilWriterLooks()
    {
        var reader = new ParkedReader(_log, _parking);
        Segment<int> tail = _log.TailBeforeClaim();
        long sequence = Claim();

        reader.Push();
        reader.Look();
        Assert.That(reader.Wakes, Is.Zero, "A claimed slot is no event.");

        _log.Publish(tail, sequence, 1);
        _parking.WakeReaders();
        Assert.That(reader.Wakes, Is.EqualTo(1));
    }

    [Test]
    public void Look_WriterPastItsLook_WakesItself()
    {
        var reader = new ParkedReader(_log, _parking);
        Segment<int> tail = _log.TailBeforeClaim();
        long sequence = Claim();
        _log.Publish(tail, sequence, 1);
        _parking.WakeReaders();

        reader.Push();
        reader.Look();

        Assert.That(reader.Wakes, Is.EqualTo(1));
    }

    [Test]
    public void Look_EventInASegmentNotLinkedWhenParked_WakesEveryone()
    {
        var early = new ParkedReader(_log, _parking);
        early.Push();
        var late = new ParkedReader(_log, _parking);
        for (int i = 0; i < 5; i++)
        {
            Publish(i);
        }

        late.Push();
        late.Look();

        Assert.That((early.Wakes, late.Wakes), Is.EqualTo((1, 1)), "They were all waiting for that event.");
    }

    [Test]
    public void Look_CursorAtAnUnlinkedSegment_SeesTheEventThere()
    {
        var reader = new ParkedReader(_log, _parking);
        Publish(0);
        Publish(1);
        Assert.That(reader.TryRead(out _) && reader.TryRead(out _), Is.True);
        Assert.That(reader.TryRead(out _), Is.False, "It stands behind its segment, and the next is not linked.");
        reader.Push();
        reader.Look();
        Assert.That(reader.Wakes, Is.Zero);

        Publish(2);

        Assert.That(reader.IsReadyWhileParked, Is.True);
        Assert.That(reader.TryRead(out int value), Is.True);
        Assert.That(value, Is.EqualTo(2));
    }

    [Test]
    public void Push_WhileStillOnStack_IsThereOnce()
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
        reader.Look();

        Assert.That(_log.TryTerminate(Termination.Completed), Is.True);
        _parking.WakeReaders();

        Assert.That(reader.Wakes, Is.EqualTo(1));
        Assert.That(reader.IsReadyWhileParked, Is.True);
    }

    [Test]
    public void AnnounceWaiters_NoReaderYet_WriterLooksFromThenOn()
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
