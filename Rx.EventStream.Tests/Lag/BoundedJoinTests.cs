namespace Rx.Tests.Lag;

/// <summary>Whoever joins with a bound, at a place that somebody kept, has what the bound promises from there on.</summary>
[TestFixture]
internal sealed class BoundedJoinTests
{
    [Test]
    public void OpenReader_AtAHeldPosition_HasAllWithinTheBoundAfterThePositionIsGone([Values] bool fails, [Values] bool hasWindow)
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
    public void OpenReader_AtAPositionFurtherBackThanTheBound_KeepsNoMoreThanTheBound()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = 4 });
        EventPosition<int> position = stream.GetNextPosition();
        Publish(stream, 0, 1000);
        using EventReader<int> reader = position.AsObservable().WithLagPolicy(LagPolicy.DropOldest(8)).OpenReader();
        position.Dispose();

        Assert.That(stream.Log.CountSegments(), Is.LessThanOrEqualTo(4));
        Assert.That(reader.TryRead(out int first) && first == 992, Is.True);
        Assert.That(reader.Dropped, Is.EqualTo(992));
    }

    private static void Publish(EventStream<int> stream, int from, int to)
    {
        for (int i = from; i < to; i++)
        {
            stream.OnNext(i);
        }
    }
}
