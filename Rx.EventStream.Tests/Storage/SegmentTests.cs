using Rx.Storage;

namespace Rx.Tests.Storage;

[TestFixture]
internal sealed class SegmentTests
{
    [Test]
    public void Contains_AtTheEdges_IsExact()
    {
        var segment = new Segment<int>(first: 10, capacity: 4, leases: 1);

        Assert.That(Enumerable.Range(8, 8).Where(s => segment.Contains(s)), Is.EqualTo(new[] { 10, 11, 12, 13 }));
        Assert.That((segment.First, segment.End, segment.Capacity), Is.EqualTo((10L, 14L, 4)));
    }

    [Test]
    public void PublishedFrom_AnyHole_IsTheRunUpToIt([Values(1, 2, 7, 64, 100)] int capacity)
    {
        for (int hole = 0; hole <= capacity; hole++)
        {
            var segment = new Segment<int>(first: 5, capacity, leases: 1);
            for (int i = 0; i < capacity; i++)
            {
                if (i != hole)
                {
                    segment.Publish(5 + i, i);
                }
            }

            for (int from = 0; from < capacity; from++)
            {
                int end = from <= hole ? hole : capacity;
                Assert.That(segment.PublishedFrom(5 + from, int.MaxValue).Length, Is.EqualTo(end - from));
                Assert.That(segment.IsPublished(5 + from), Is.EqualTo(from != hole));
            }
        }
    }

    [Test]
    public void PublishedFrom_MaxCount_BoundsTheRun([Values(0, 1, 3, 8, 9)] int maxCount)
    {
        var segment = new Segment<int>(first: 0, capacity: 8, leases: 1);
        segment.PublishRange(0, [0, 1, 2, 3, 4, 5, 6, 7]);

        Assert.That(segment.PublishedFrom(2, maxCount).ToArray(), Is.EqualTo(Enumerable.Range(2, Math.Min(maxCount, 6))));
    }

    [Test]
    public void PublishRange_LongerThanTheRest_FillsTheRest()
    {
        var segment = new Segment<int>(first: 100, capacity: 4, leases: 1);

        Assert.That(segment.PublishRange(102, [1, 2, 3, 4, 5]), Is.EqualTo(2));
        Assert.That(segment.IsPublished(101), Is.False);
        Assert.That((segment.Read(102), segment.Read(103)), Is.EqualTo((1, 2)));
    }

    [Test]
    public void Link_SecondSegment_GetsTheFirst()
    {
        var segment = new Segment<int>(0, 1, 1);
        var winner = new Segment<int>(1, 1, 1);

        Assert.That(segment.Link(winner), Is.SameAs(winner));
        Assert.That(segment.Link(new Segment<int>(1, 1, 1)), Is.SameAs(winner));
        segment.CutLink();
        Assert.That(segment.Link(new Segment<int>(1, 1, 1)), Is.SameAs(Segment<int>.Cut));
    }

    [Test]
    public void TryClose_LeasedOrWithAHole_Fails()
    {
        var segment = new Segment<int>(0, 2, leases: 1);
        segment.PublishRange(0, [1, 2]);
        Assert.That(segment.TryClose(), Is.False, "A lease is held.");
        Assert.That(segment.Leave(), Is.True);

        var hole = new Segment<int>(0, 2, leases: 0);
        hole.Publish(1, 1);
        Assert.That(hole.TryClose(), Is.False, "A slot is not filled yet.");

        Assert.That(segment.TryClose(), Is.True);
        Assert.That(segment.TryClose(), Is.False, "Only one caller closes it.");
        Assert.That(segment.TryEnter(), Is.False);
    }

    [Test]
    public void Leave_NotTheLast_IsFalse()
    {
        var segment = new Segment<int>(0, 1, leases: 1);
        segment.Enter();
        Assert.That(segment.TryEnter(), Is.True);

        Assert.That(new[] { segment.Leave(), segment.Leave(), segment.Leave() }, Is.EqualTo(new[] { false, false, true }));
    }
}
