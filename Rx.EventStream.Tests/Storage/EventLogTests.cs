using Rx.Storage;
using Rx.Tests.Concurrency;

namespace Rx.Tests.Storage;

[TestFixture]
internal sealed class EventLogTests
{
    [TestCase(1, new[] { 1, 1, 1, 1 })]
    [TestCase(2, new[] { 2, 2, 2, 2 })]
    [TestCase(20, new[] { 16, 20, 20, 20 })]
    [TestCase(64, new[] { 16, 32, 64, 64 })]
    public void Segments_Growing_DoubleUpToTheCapacity(int capacity, int[] expected)
    {
        var log = new EventLog<int>(isSingleWriter: true, capacity);
        Cursor<int> cursor = log.JoinNext();
        var sizes = new List<int>();
        Segment<int>? seen = null;
        for (int i = 0; sizes.Count < expected.Length; i++)
        {
            Segment<int> segment = Append(log, i);
            if (segment != seen)
            {
                Assert.That(segment.First, Is.EqualTo(seen?.End ?? 0), "Sequence numbers have no gaps.");
                sizes.Add(segment.Capacity);
                seen = segment;
            }
        }

        Assert.That(sizes, Is.EqualTo(expected));
        cursor.Close(log);
    }

    [Test]
    public void Segments_OfLargeStructs_StayOffTheLargeObjectHeap()
    {
        var log = new EventLog<Large>(isSingleWriter: true, maxCapacity: 1 << 20);
        Segment<Large> segment = log.TailBeforeClaim();
        for (int i = 0; i < 2000; i++)
        {
            segment = log.Publish(log.TailBeforeClaim(), log.Claim(1), default);
        }

        Assert.That(segment.Capacity * 512, Is.LessThan(85_000));
    }

    [Test]
    public void CountSegments_NothingPublishedOrJoined_IsZero()
    {
        var log = new EventLog<int>(isSingleWriter: false, 64);

        Assert.That(log.CountSegments(), Is.Zero);
        Assert.That(log.NextSequence, Is.Zero);
    }

    [Test]
    public void CountSegments_NoReaders_StaysAtTheTail([Values(1, 2, 64)] int capacity, [Values] bool isSingleWriter)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = capacity, SingleWriter = isSingleWriter });
        for (int i = 0; i < 1000; i++)
        {
            stream.OnNext(i);
            Assert.That(stream.Log.CountSegments(), Is.EqualTo(1));
        }
    }

    [Test]
    public void PublishRange_OverManySegments_IsOneRun([Values(1, 2, 64)] int capacity)
    {
        var log = new EventLog<int>(isSingleWriter: false, capacity);
        Cursor<int> cursor = log.JoinNext();
        Segment<int> tail = log.TailBeforeClaim();
        long first = log.Claims.Claim(500).Count;
        log.PublishRange(tail, first, [.. Enumerable.Range(0, 500)]);

        var values = new List<int>();
        while (cursor.PeekRun(log, 7) is { Length: > 0 } run)
        {
            values.AddRange(run.Span);
            cursor.MoveTo(cursor.Sequence + run.Length);
        }

        Assert.That(values, Is.EqualTo(Enumerable.Range(0, 500)));
        Assert.That(log.CountSegments(), Is.EqualTo(1));
    }

    /// <summary>A count by another thread, which the owner has passed by, must not tell the owner's next count that a hole is published.</summary>
    [Test]
    public void CountReadable_OwnerHasMovedOn_RemembersNoHole([Values] bool isBounded)
    {
        var log = new EventLog<int>(isSingleWriter: false, maxCapacity: 1);
        Cursor<int> owner = log.JoinNext();
        if (isBounded)
        {
            owner.SetLimit(log, new LagLimit(2, failsWhenLagging: false, replayEnd: 0));
        }

        for (int i = 0; i < 10; i++)
        {
            Publish(log, i);
        }

        Cursor<int> seen = owner; // as another thread has read it
        while (owner.TryRead(log, out _))
        {
        }

        Segment<int> tail = log.TailBeforeClaim();
        long hole = log.Claims.Claim(1).Count;
        Publish(log, 11);
        long seenTo = 0;
        _ = seen.CountReadable(log, ref seenTo);

        Assert.That(seenTo, Is.LessThanOrEqualTo(hole));
        Assert.That(owner.CountReadable(log, ref seenTo), Is.Zero);
        log.Publish(tail, hole, 10);
        Assert.That(owner.CountReadable(log, ref seenTo), Is.EqualTo(2));
    }

    private static void Publish(EventLog<int> log, int value)
    {
        Segment<int> tail = log.TailBeforeClaim();
        log.Publish(tail, log.Claims.Claim(1).Count, value);
    }

    [Test]
    public void CountSegments_AllKindsOfReadersGone_IsOne([Values(1, 2, 64)] int capacity)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = capacity });
        var scheduler = new ManualScheduler();
        EventReader<int> reader = stream.AsObservable().OpenReader();
        IDisposable inline = stream.Subscribe(_ => { });
        IDisposable scheduled = stream.ObserveOn(scheduler).Subscribe(_ => { });
        IDisposable running = stream.ObserveOn(scheduler).Subscribe(_ => { });
        for (int i = 0; i < 500; i++)
        {
            stream.OnNext(i);
        }

        scheduler.RunOne();
        inline.Dispose();
        scheduled.Dispose();
        running.Dispose();
        Assert.That(stream.Log.CountSegments(), Is.GreaterThan(1), "The reader is at the start.");
        reader.Dispose();
        stream.OnNext(500); // the delivery on this thread finds that no observer is left

        Assert.That(stream.Log.CountSegments(), Is.EqualTo(1));
    }

    private static Segment<int> Append(EventLog<int> log, int value) =>
        log.Publish(log.TailBeforeClaim(), log.Claim(1), value);

    [System.Runtime.CompilerServices.InlineArray(512)]
    private struct Large
    {
        private byte _first;
    }
}
