using System.Runtime.InteropServices;

namespace Rx.Tests.Contract;

public sealed class EventReaderBatchTests
{
    [Test]
    public void TryReadBatch_EventsOfTwoSegments_UpToTheCount()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = 4 });
        using EventReader<int> reader = stream.AsObservable().OpenReader();
        stream.OnNextRange([0, 1, 2, 3, 4, 5]);

        var batches = new List<int[]>();
        while (reader.TryReadBatch(3, out ReadOnlyMemory<int> batch))
        {
            batches.Add(batch.ToArray());
        }

        Assert.That(batches, Is.EqualTo(new[] { new[] { 0, 1, 2 }, [3, 4, 5] }));
        Assert.That((reader.Sequence, reader.Count), Is.EqualTo((6L, 0)));
    }

    [Test]
    public void TryReadBatch_BatchHeld_StaysUnchangedWithoutACopy()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = 4 });
        using EventReader<int> reader = stream.AsObservable().OpenReader();
        using EventReader<int> other = stream.AsObservable().OpenReader();
        stream.OnNextRange([0, 1]);
        reader.TryReadBatch(10, out ReadOnlyMemory<int> held);
        other.TryReadBatch(10, out ReadOnlyMemory<int> same);
        for (int i = 2; i < 1000; i++)
        {
            stream.OnNext(i);
        }

        Assert.That(held.ToArray(), Is.EqualTo(new[] { 0, 1 }));
        Assert.That(
            MemoryMarshal.TryGetArray(held, out ArraySegment<int> a) && MemoryMarshal.TryGetArray(same, out ArraySegment<int> b)
                && ReferenceEquals(a.Array, b.Array),
            Is.True);
    }

    [Test]
    public void TryReadBatch_NoEvents_IsFalse()
    {
        using var stream = new EventStream<int>();
        using EventReader<int> reader = stream.AsObservable().OpenReader();

        Assert.That(reader.TryReadBatch(1, out ReadOnlyMemory<int> batch), Is.False);
        Assert.That(batch.IsEmpty, Is.True);
    }

    [Test]
    public void TryReadBatch_BadArgumentOrDisposed_Throws()
    {
        using var stream = new EventStream<int>();
        EventReader<int> reader = stream.AsObservable().OpenReader();
        Assert.That(() => reader.TryReadBatch(0, out _), Throws.InstanceOf<ArgumentOutOfRangeException>());

        reader.Dispose();
        Assert.That(() => reader.TryReadBatch(1, out _), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public async Task TryReadBatch_LastEventsBeforeTheEnd_CompletesTheReader()
    {
        using var stream = new EventStream<int>();
        using EventReader<int> reader = stream.AsObservable().OpenReader();
        Task completion = reader.Completion;
        stream.OnNextRange([0, 1]);
        stream.OnCompleted();
        Assert.That(completion.IsCompleted, Is.False);

        reader.TryReadBatch(10, out _);

        await completion.WaitAsync(TimeSpan.FromSeconds(10));
    }
}
