namespace Rx.Tests.Contract;

/// <summary>What a stream tells of itself whatever the type of its events.</summary>
internal sealed class IEventStreamTests
{
    [Test]
    public void Figures_AreThoseOfTheStream([Values] bool singleWriter, [Values(1, 2, 64)] int segmentCapacity)
    {
        using var stream = new EventStream<string>(new EventStreamOptions
        {
            Name = "words",
            SingleWriter = singleWriter,
            SegmentCapacity = segmentCapacity,
            Retention = Retention.Count(2),
        });
        IEventStream any = stream;
        using IDisposable observer = stream.Subscribe(static _ => { });
        stream.OnNextRange(["a", "b", "c"]);

        Assert.That((any.Name, any.NextSequence, any.OldestSequence, any.HasEnded), Is.EqualTo(("words", 3L, 1L, false)));
        Assert.That(any.Subscriptions, Is.EqualTo(stream.Subscriptions).And.Count.EqualTo(1));
    }

    [Test]
    public void HasEnded_AnyEnd_IsTrue([Values] bool singleWriter, [Values("completed", "failed", "disposed")] string end)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SingleWriter = singleWriter });
        IEventStream any = stream;
        stream.OnNext(1);

        switch (end)
        {
            case "completed":
                stream.OnCompleted();
                break;
            case "failed":
                stream.OnError(new InvalidOperationException());
                break;
            default:
                stream.Dispose();
                break;
        }

        Assert.That((any.Name, any.HasEnded, any.NextSequence, any.OldestSequence), Is.EqualTo(((string?)null, true, 1L, 1L)));
        Assert.That(any.Subscriptions, Is.Empty);
    }
}
