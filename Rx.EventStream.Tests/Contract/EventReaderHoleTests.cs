using Rx.Storage;

namespace Rx.Tests.Contract;

/// <summary>A reader before a slot that is claimed, not published.</summary>
[TestFixture]
internal sealed class EventReaderHoleTests
{
    [Test]
    public void WaitToReadAsync_EventBehindAHole_WaitsForTheHole()
    {
        using var stream = new EventStream<int>();
        using EventReader<int> reader = stream.GetNextPosition().OpenReader();
        // A writer between its claim and its publication.
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
