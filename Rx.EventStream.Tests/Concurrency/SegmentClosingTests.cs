using Rx.Storage;

namespace Rx.Tests.Concurrency;

/// <summary>Closing a segment while a writer or a joining cursor may still be on its way to it.</summary>
[TestFixture]
internal sealed class SegmentClosingTests
{
    private EventLog<int> _log = null!;

    [SetUp]
    public void SetUp() => _log = new EventLog<int>(isSingleWriter: false, maxCapacity: 2);

    [Test]
    public void TryEnter_ClosedSegment_FailsAndJoinFindsNewTail()
    {
        Segment<int> stale = _log.TailBeforeClaim();
        Publish(3);

        Assert.That(stale.TryEnter(), Is.False, "The tail has moved on, and no cursor had a lease on this segment.");
        Cursor<int> cursor = _log.JoinNext();
        Publish(1);

        Assert.That(cursor.TryRead(_log, out int value), Is.True);
        Assert.That(value, Is.EqualTo(3));
    }

    [Test]
    public void TryEnter_BeforeTailMovesOn_KeepsSegmentOpen()
    {
        Segment<int> tail = _log.TailBeforeClaim();
        Assert.That(tail.TryEnter(), Is.True);

        Publish(6);

        Assert.That(_log.CountSegments(), Is.EqualTo(3));
        Assert.That(tail.Next, Is.Not.SameAs(Segment<int>.Cut));
        _log.Leave(tail);
        Assert.That(_log.CountSegments(), Is.EqualTo(1));
        Assert.That(tail.Next, Is.SameAs(Segment<int>.Cut));
    }

    [Test]
    public void Publish_TailWasCut_RestartsFromOldestSegment()
    {
        Segment<int> stale = _log.TailBeforeClaim();
        Publish(5);
        Assert.That(stale.Next, Is.SameAs(Segment<int>.Cut));
        Cursor<int> cursor = _log.JoinNext();

        long sequence = Claim();
        Segment<int> found = _log.Publish(stale, sequence, 42);

        Assert.That(found.Contains(sequence), Is.True);
        Assert.That(cursor.TryRead(_log, out int value), Is.True);
        Assert.That(value, Is.EqualTo(42));
    }

    [Test]
    public void PublishRange_TailWasCut_RestartsFromOldestSegment()
    {
        Segment<int> stale = _log.TailBeforeClaim();
        Publish(5);
        Cursor<int> cursor = _log.JoinNext();

        long sequence = Claim(5);
        _log.PublishRange(stale, sequence, [5, 6, 7, 8, 9]);

        Assert.That(ReadAll(ref cursor), Is.EqualTo(new[] { 5, 6, 7, 8, 9 }));
    }

    [Test]
    public void Publish_LastHoleOfOldSegment_ClosesItAndLaterOnes()
    {
        Segment<int> tail = _log.TailBeforeClaim();
        long hole = Claim();
        Publish(7);
        Assert.That(_log.CountSegments(), Is.EqualTo(4), "A segment with a hole stays, and so do all later ones.");

        _log.Publish(tail, hole, 0);

        Assert.That(_log.CountSegments(), Is.EqualTo(1));
    }

    [Test]
    public void PublishRange_LastHolesOfOldSegments_ClosesThem()
    {
        Segment<int> tail = _log.TailBeforeClaim();
        long hole = Claim(5);
        Publish(5);

        _log.PublishRange(tail, hole, [0, 1, 2, 3, 4]);

        Assert.That(_log.CountSegments(), Is.EqualTo(1));
    }

    [Test]
    public void Publish_NotTheLastHole_KeepsSegment()
    {
        Segment<int> tail = _log.TailBeforeClaim();
        long first = Claim();
        long second = Claim();
        Publish(4);

        _log.Publish(tail, second, 1);
        Assert.That(tail.Next, Is.Not.SameAs(Segment<int>.Cut));
        Assert.That(_log.CountSegments(), Is.EqualTo(3));

        _log.Publish(tail, first, 0);
        Assert.That(_log.CountSegments(), Is.EqualTo(1));
    }

    [Test]
    public void Publish_StaleTailAndHole_FindsSlotPastCutLinks()
    {
        Segment<int> stale = _log.TailBeforeClaim();
        Publish(4);
        long hole = Claim();
        Publish(5);
        Assert.That(stale.Next, Is.SameAs(Segment<int>.Cut));

        // The writer read the tail before it was cut, and holds no lease. Its own unfilled slot has kept its segment open.
        Segment<int> found = _log.Publish(stale, hole, 42);

        Assert.That(found.First, Is.EqualTo(4));
        Assert.That(_log.CountSegments(), Is.EqualTo(1));
    }

    [Test]
    public void Leave_SecondOldestFirst_ClosesInOrder()
    {
        Cursor<int> oldest = _log.JoinNext();
        Publish(2);
        Publish(1);
        Cursor<int> second = _log.JoinNext();
        Publish(3);

        second.Close(_log);
        Assert.That(_log.CountSegments(), Is.EqualTo(3), "A lease keeps its segment and all later ones.");
        oldest.Close(_log);
        Assert.That(_log.CountSegments(), Is.EqualTo(1));
    }

    [Test]
    public void TryRead_CursorMovesOn_ClosesSegmentsItLeaves()
    {
        Cursor<int> cursor = _log.JoinNext();
        Publish(8);
        Assert.That(_log.CountSegments(), Is.EqualTo(4));

        for (int left = 3; left > 0; left--)
        {
            Assert.That(cursor.TryRead(_log, out _) && cursor.TryRead(_log, out _) && cursor.HasEvent(_log), Is.True);
            Assert.That(_log.CountSegments(), Is.EqualTo(left));
        }
    }

    [Test]
    public void TryFork_OriginalClosed_StillReadsEverything()
    {
        Cursor<int> original = _log.JoinNext();
        Assert.That(original.TryFork(out Cursor<int> fork), Is.True);
        Publish(5);
        original.Close(_log);

        Assert.That(ReadAll(ref fork), Is.EqualTo(new[] { 0, 1, 2, 3, 4 }));
    }

    [Test]
    public void Close_Twice_ReturnsLeaseOnce()
    {
        Cursor<int> stays = _log.JoinNext();
        Cursor<int> closes = _log.JoinNext();
        closes.Close(_log);
        closes.Close(_log);
        Publish(5);

        Assert.That(ReadAll(ref stays), Is.EqualTo(new[] { 0, 1, 2, 3, 4 }));
    }

    [Test]
    public void LooksReady_SegmentOfStaleCursorIsCut_IsTrue()
    {
        Cursor<int> cursor = _log.JoinNext();
        Cursor<int> stale = cursor; // a copy without a lease, such as a drainer keeps when it leaves
        Publish(4);
        cursor.Close(_log);
        stale.MoveTo(2);

        Assert.That(stale.LooksReady(_log), Is.True, "The event came, and its segment has already been closed.");
    }

    private long Claim(int count = 1) => _log.Claims.Claim(count).Count;

    private void Publish(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Segment<int> tail = _log.TailBeforeClaim();
            long sequence = Claim();
            _log.Publish(tail, sequence, (int)sequence);
        }
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
}
