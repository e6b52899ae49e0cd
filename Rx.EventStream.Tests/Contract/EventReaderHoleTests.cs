using Rx.Storage;

namespace Rx.Tests.Contract;

/// <summary>A reader at a hole: a slot that is claimed but not yet published.</summary>
[TestFixture]
internal sealed class EventReaderHoleTests
{
    [Test]
    public void WaitToReadAsync_EventAfterAHole_WaitsForTheHole()
    {
        using var stream = new EventStream<int>();
        using EventReader<int> reader = stream.GetNextPosition().OpenReader();
        // A publisher that has claimed the slot and not yet published it.
        Segment<int> segment = stream.Log.TailBeforeClaim();
        long hole = stream.Log.Claims.Claim(1).Count;
        ValueTask<bool> wait = reader.WaitToReadAsync();

        stream.OnNext(2);
        Assert.That(reader.TryRead(out _), Is.False);
        Assert.That(wait.IsCompleted, Is.False);

        stream.Log.Publish(segment, hole, 1);
        stream.Parking.WakeReaders();
        Assert.That(async () => await Eventually.Ends(wait), Is.True);
        Assert.That(reader.TryRead(out int first), Is.True);
        Assert.That(first, Is.EqualTo(1));
    }

    /// <summary>So a reader that finds a count reads as many events, as with a channel.</summary>
    [Test]
    public void Count_BesideAHole_CountsToTheHole(
        [Values("Unbounded", "Wait", "DropOldest", "Fail")] string policy, [Values(1, 2, 1024)] int capacity, [Values(0, 1, 5)] int before)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = capacity });
        using EventReader<int> reader = stream.WithLagPolicy(policy switch
        {
            "Wait" => LagPolicy.Wait(10),
            "DropOldest" => LagPolicy.DropOldest(10),
            "Fail" => LagPolicy.Fail(10),
            _ => LagPolicy.Unbounded,
        }).OpenReader();
        stream.OnNextRange([.. Enumerable.Range(0, before)]);
        Segment<int> segment = stream.Log.TailBeforeClaim();
        long hole = stream.Log.Claims.Claim(1).Count;
        Assert.That(reader.Count, Is.EqualTo(before));
        stream.OnNextRange([-1, -1]);
        Assert.That(reader.Count, Is.EqualTo(before));
        for (int i = before; i > 0; i--)
        {
            Assert.That((reader.Count, reader.TryRead(out _)), Is.EqualTo((i, true)));
        }

        Assert.That((reader.Count, reader.TryPeek(out _)), Is.EqualTo((0, false)));

        stream.Log.Publish(segment, hole, 7);

        Assert.That((reader.Count, reader.TryRead(out int value), value), Is.EqualTo((3, true, 7)));
        Assert.That(reader.Count, Is.EqualTo(2));
    }

    /// <summary>A reader that lags further than its bound continues where the bound says, which may be a hole.</summary>
    [Test]
    public void Count_OvertakenBesideAHole_CountsToTheHole([Values(1, 2, 3)] int bound, [Values(1, 2, 1024)] int capacity)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = capacity });
        using EventReader<int> reader = stream.WithLagPolicy(bound == 1 ? LagPolicy.Latest : LagPolicy.DropOldest(bound)).OpenReader();
        stream.OnNextRange([.. Enumerable.Range(0, 40)]);
        Assert.That(reader.Count, Is.EqualTo(bound));
        Segment<int> segment = stream.Log.TailBeforeClaim();
        long hole = stream.Log.Claims.Claim(1).Count;
        Assert.That(reader.Count, Is.EqualTo(bound - 1));
        stream.OnNextRange([.. Enumerable.Range(0, bound - 1)]);
        Assert.That((reader.Count, reader.TryRead(out _)), Is.EqualTo((0, false)));

        stream.Log.Publish(segment, hole, 40);

        Assert.That((reader.Count, reader.TryRead(out int value), value), Is.EqualTo((bound, true, 40)));
    }
}
