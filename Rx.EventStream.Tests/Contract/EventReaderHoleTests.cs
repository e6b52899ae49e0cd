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
}
