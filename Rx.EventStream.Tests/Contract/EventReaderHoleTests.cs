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

    /// <summary>So a reader that finds a count reads an event, as with a channel.</summary>
    [Test]
    public void Count_NextEventIsAHole_IsZero([Values("Unbounded", "Wait", "DropOldest", "Fail", "Latest")] string policy, [Values(1, 2, 1024)] int capacity)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = capacity });
        using EventReader<int> reader = stream.WithLagPolicy(policy switch
        {
            "Wait" => LagPolicy.Wait(10),
            "DropOldest" => LagPolicy.DropOldest(3),
            "Fail" => LagPolicy.Fail(10),
            "Latest" => LagPolicy.Latest,
            _ => LagPolicy.Unbounded,
        }).OpenReader();
        stream.OnNext(1);
        Assert.That(reader.Count, Is.EqualTo(1));
        Assert.That(reader.TryRead(out _), Is.True);
        Segment<int> segment = stream.Log.TailBeforeClaim();
        long hole = stream.Log.Claims.Claim(1).Count;

        Assert.That((reader.Count, reader.TryPeek(out _)), Is.EqualTo((0, false)));
        if (policy != "Latest")
        {
            stream.OnNext(3);
            Assert.That((reader.Count, reader.TryPeek(out _)), Is.EqualTo((0, false)));
        }

        stream.Log.Publish(segment, hole, 2);

        Assert.That((reader.Count, reader.TryRead(out int value), value), Is.EqualTo((policy == "Latest" ? 1 : 2, true, 2)));
    }

    /// <summary>A reader that lags further than its bound continues with a hole.</summary>
    [Test]
    public void Count_Overtaken_NewestEventIsAHole_IsZero([Values(1, 2, 1024)] int capacity)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = capacity });
        using EventReader<int> reader = stream.WithLagPolicy(LagPolicy.DropOldest(2)).OpenReader();
        for (int i = 0; i < 40; i++)
        {
            stream.OnNext(i);
        }

        Assert.That(reader.Count, Is.EqualTo(2));
        Segment<int> segment = stream.Log.TailBeforeClaim();
        long hole = stream.Log.Claims.Claim(1).Count;
        Assert.That(reader.Count, Is.EqualTo(2));
        stream.OnNext(41);
        Assert.That((reader.Count, reader.TryRead(out _)), Is.EqualTo((0, false)));

        stream.Log.Publish(segment, hole, 40);

        Assert.That((reader.Count, reader.TryRead(out int value), value), Is.EqualTo((2, true, 40)));
    }
}
