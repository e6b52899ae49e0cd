using System.Reactive.Linq;
using Rx.Storage;
using Rx.Tests.Concurrency;

namespace Rx.Tests.Storage;

/// <summary>A reader or pump that is about to park at the end of the last segment creates the next one, so that the next publisher need not.</summary>
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

    private Segment<int> Tail => _stream.Log.Tail!;

    [Test]
    public void Pump_ReadsSegmentToItsEnd_PreparesNext()
    {
        var scheduler = new ManualScheduler();
        var received = new List<int>();
        _stream.ObserveOn(scheduler).Subscribe(received.Add);
        Publish(Capacity);
        scheduler.RunAll();
        Segment<int>? next = Tail.Next;

        Assert.That(next, Is.Not.Null);
        Assert.That(next!.First, Is.EqualTo(Capacity));

        Publish(1);
        scheduler.RunAll();

        Assert.That(Tail, Is.SameAs(next));
        Assert.That(_stream.Log.CountSegments(), Is.EqualTo(1));
        Assert.That(received, Is.EqualTo(new[] { 0, 1, 2, 3, 0 }));
    }

    [Test]
    public void Pump_ReadsPartOfSegment_PreparesNone()
    {
        var scheduler = new ManualScheduler();
        _stream.ObserveOn(scheduler).Subscribe(_ => { });
        Publish(Capacity - 1);
        scheduler.RunAll();

        Assert.That(Tail.Next, Is.Null);
    }

    [Test]
    public void Pump_EndsWithLastEventOfSegment_PreparesNone()
    {
        var scheduler = new ManualScheduler();
        _stream.ObserveOn(scheduler).Take(Capacity).Subscribe();
        Publish(Capacity);
        scheduler.RunAll();

        Assert.That(Tail.Next, Is.Null);
    }

    [Test]
    public void Pump_BesideInlineObserver_SegmentsAreClosed([Values(0, 1)] int retained)
    {
        using var stream = new EventStream<int>(new EventStreamOptions
        {
            SegmentCapacity = Capacity,
            SingleWriter = isSingleWriter,
            Retention = retained == 0 ? Retention.None : Retention.Count(retained),
        });
        var scheduler = new ManualScheduler();
        stream.Subscribe(_ => { });
        stream.ObserveOn(scheduler).Subscribe(_ => { });
        for (int i = 0; i < 100; i++)
        {
            stream.OnNext(i);
            scheduler.RunAll();

            Assert.That(stream.Log.CountSegments(), Is.LessThanOrEqualTo(2), "The segment being written, and perhaps the next.");
        }
    }

    [Test]
    public void Reader_WaitsAfterFullSegment_PreparesNext()
    {
        using EventReader<int> reader = _stream.AsObservable().OpenReader();
        Publish(Capacity);
        while (reader.TryRead(out _))
        {
            Assert.That(Tail.Next, Is.Null, "Only waiting creates the next segment, not reading.");
        }

        ValueTask<bool> wait = reader.WaitToReadAsync();
        Segment<int>? next = Tail.Next;
        Assert.That(next, Is.Not.Null);

        _stream.OnNext(7);
        Assert.That(Tail, Is.SameAs(next));
        Assert.That(wait.IsCompletedSuccessfully && wait.Result && reader.TryRead(out int value) ? value : -1, Is.EqualTo(7));
    }

    [Test]
    public void PrepareNext_NextEventIsClaimed_LeavesSegmentToWriter()
    {
        var log = new EventLog<int>(isSingleWriter, Capacity);
        Cursor<int> cursor = ReadToTheEndOfTheTail(log);
        Segment<int> tail = log.TailBeforeClaim();
        long sequence = Claim(log);

        cursor.PrepareNext(log);
        Assert.That(tail.Next, Is.Null, "The writer creates the next segment; a second one would be wasted.");

        log.Publish(tail, sequence, 7);
        Assert.That(cursor.TryRead(log, out int value) ? value : -1, Is.EqualTo(7));
        cursor.Close(log);
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

    private static long Claim(EventLog<int> log) => log.Claim(1);

    private void Publish(int count)
    {
        for (int i = 0; i < count; i++)
        {
            _stream.OnNext(i);
        }
    }
}
