namespace Rx.Tests.Lag;

/// <summary>A bounded reader that starts at a held position gets the events that its bound allows, even after the position is disposed.</summary>
[TestFixture]
internal sealed class BoundedJoinTests
{
    [Test]
    public void OpenReader_AtAHeldPosition_KeepsEventsWithinTheBound([Values] bool fails, [Values] bool hasWindow)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = 4 });
        using EventReader<int>? other = hasWindow ? stream.AsObservable().WithLagPolicy(LagPolicy.DropOldest(2)).OpenReader() : null;
        Publish(stream, 0, 10);
        EventPosition<int> position = stream.GetNextPosition();
        Publish(stream, 10, 30);
        using EventReader<int> reader = position.AsObservable().WithLagPolicy(fails ? LagPolicy.Fail(1000) : LagPolicy.DropOldest(1000)).OpenReader();
        position.Dispose();
        Publish(stream, 30, 50);

        var read = new List<int>();
        while (reader.TryRead(out int value))
        {
            read.Add(value);
        }

        Assert.That(read, Is.EqualTo(Enumerable.Range(10, 40)));
        Assert.That(reader.Dropped, Is.Zero);
    }

    [Test]
    public void OpenReader_PositionBeyondTheBound_ReplaysFromThere()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = 4 });
        EventPosition<int> position = stream.GetNextPosition();
        Publish(stream, 0, 1000);
        using EventReader<int> reader = position.AsObservable().WithLagPolicy(LagPolicy.DropOldest(8)).OpenReader();
        position.Dispose();

        Assert.That(reader.TryRead(out int first) && first == 0, Is.True);
        Publish(stream, 1000, 1009);
        Publish(stream, 1009, 1020);

        Assert.That(stream.Log.CountSegments(), Is.LessThanOrEqualTo(4));
        Assert.That(reader.TryRead(out int next) && next == 1012, Is.True);
        Assert.That(reader.Dropped, Is.EqualTo(1011));
    }

    private static void Publish(EventStream<int> stream, int from, int to)
    {
        for (int i = from; i < to; i++)
        {
            stream.OnNext(i);
        }
    }
}
