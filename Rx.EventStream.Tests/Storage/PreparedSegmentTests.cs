using Rx.Storage;
using Rx.Tests.Concurrency;

namespace Rx.Tests.Storage;

/// <summary>Who is about to park at the end of the last segment makes the next one, so that the event it waits for need not wait for it.</summary>
[TestFixture(true)]
[TestFixture(false)]
internal sealed class PreparedSegmentTests(bool isSingleWriter)
{
    private const int Capacity = 4;

    private EventStream<int> _stream = null!;

    [SetUp]
    public void SetUp() =>
        _stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = Capacity, SingleWriter = isSingleWriter });

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [Test]
    public void Pump_ReadTheSegmentToItsEnd_NextIsThereBeforeTheEvent()
    {
        var scheduler = new ManualScheduler();
        var received = new List<int>();
        _stream.ObserveOn(scheduler).Subscribe(received.Add);
        Publish(Capacity);
        scheduler.RunAll();

        Assert.That(_stream.Log.Tail!.First, Is.EqualTo(Capacity));
        Assert.That(_stream.Log.CountSegments(), Is.EqualTo(1), "Nobody stands in the one before.");

        Publish(Capacity + 1);
        scheduler.RunAll();

        Assert.That(received, Is.EqualTo(new[] { 0, 1, 2, 3, 0, 1, 2, 3, 4 }));
        Assert.That(_stream.Log.Tail.First, Is.EqualTo(2 * Capacity));
    }

    [Test]
    public void Pump_ReadPartOfTheSegment_MakesNone()
    {
        var scheduler = new ManualScheduler();
        _stream.ObserveOn(scheduler).Subscribe(_ => { });
        Publish(Capacity - 1);
        scheduler.RunAll();

        Assert.That(_stream.Log.Tail!.First, Is.Zero);
        Assert.That(_stream.Log.CountSegments(), Is.EqualTo(1));
    }

    [Test]
    public void Reader_WaitsBehindAFullSegment_NextIsThereBeforeTheEvent()
    {
        using EventReader<int> reader = _stream.AsObservable().OpenReader();
        Publish(Capacity);
        while (reader.TryRead(out _))
        {
            Assert.That(_stream.Log.Tail!.First, Is.Zero, "Reading makes nothing, only waiting does.");
        }

        ValueTask<bool> wait = reader.WaitToReadAsync();
        Assert.That(_stream.Log.Tail!.First, Is.EqualTo(Capacity));

        _stream.OnNext(7);
        Assert.That(wait.IsCompletedSuccessfully && wait.Result && reader.TryRead(out int value) ? value : -1, Is.EqualTo(7));
    }

    [Test]
    public void Reader_NextIsClaimed_LeavesTheSegmentToItsWriter()
    {
        var log = new EventLog<int>(isSingleWriter, Capacity);
        Cursor<int> cursor = ReadToTheEndOfTheTail(log);
        Segment<int> tail = log.TailBeforeClaim();
        long sequence = Claim(log);

        cursor.PrepareNext(log);
        Assert.That(tail.Next, Is.Null, "Two would make one each, and one of them for nothing.");

        log.Publish(tail, sequence, 7);
        Assert.That(cursor.TryRead(log, out int value) ? value : -1, Is.EqualTo(7));
        cursor.Close(log);
    }

    [Test]
    public void Reader_OfASegmentClosedMeanwhile_MakesNone()
    {
        var log = new EventLog<int>(isSingleWriter, Capacity);
        Cursor<int> cursor = ReadToTheEndOfTheTail(log);
        Segment<int> old = log.Tail!;
        cursor.Close(log);
        for (int i = 0; i < Capacity; i++)
        {
            log.Publish(log.TailBeforeClaim(), Claim(log), i);
        }

        Segment<int> tail = log.Tail!;
        Assert.That(old.Next, Is.SameAs(Segment<int>.Cut));
        log.PrepareNext(old);

        Assert.That(log.Tail, Is.SameAs(tail));
        Assert.That(tail.Next, Is.Null);
    }

    private static Cursor<int> ReadToTheEndOfTheTail(EventLog<int> log)
    {
        Cursor<int> cursor = log.JoinNext();
        for (int i = 0; i < Capacity; i++)
        {
            log.Publish(log.TailBeforeClaim(), Claim(log), i);
            cursor.TryRead(log, out _);
        }

        return cursor;
    }

    private static long Claim(EventLog<int> log) => log.IsSingleWriter ? log.ClaimSingle() : EventLog<int>.CountOf(log.ClaimShared());

    private void Publish(int count)
    {
        for (int i = 0; i < count; i++)
        {
            _stream.OnNext(i);
        }
    }
}
