using System.Reactive.Linq;
using System.Runtime.CompilerServices;
using Rx.Storage;
using Rx.Tests.Contract;

namespace Rx.Tests.Storage;

/// <summary>The arrays of closed segments are reused. A reader that may still read them must not see that.</summary>
[TestFixture(4, true)]
[TestFixture(4, false)]
[TestFixture(64, true)]
[TestFixture(64, false)]
internal sealed class ReuseTests(int capacity, bool isSingleWriter)
{
    private const int Events = 2_000;

    private EventStream<int> _stream = null!;
    private int _published;

    [SetUp]
    public void SetUp()
    {
        _stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = capacity, SingleWriter = isSingleWriter });
        _published = 0;
    }

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [Test]
    public void OnNext_NoReaderElsewhere_AllocatesOnlySegmentNodes([Values(0, 1, 3)] int observers)
    {
        for (int i = 0; i < observers; i++)
        {
            _stream.Subscribe(_ => { });
        }

        Publish(Events);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Publish(Events);
        long perSegment = (GC.GetAllocatedBytesForCurrentThread() - before) * capacity / Events;

        // The node alone. New arrays would add five bytes for each event, and 48 bytes of headers.
        Assert.That(perSegment, Is.LessThan(80));
    }

    [Test]
    public void OnNext_References_AllocatesOnlySegmentNodes([Values(0, 1, 3)] int observers)
    {
        using EventStream<object> stream = NewStreamOfReferences();
        for (int i = 0; i < observers; i++)
        {
            stream.Subscribe(static _ => { });
        }

        Publish(stream, _stream);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Publish(stream, _stream);
        long perSegment = (GC.GetAllocatedBytesForCurrentThread() - before) * Math.Min(capacity, 32) / Events;

        Assert.That(perSegment, Is.LessThan(80));

        static void Publish(EventStream<object> stream, object value)
        {
            for (int i = 0; i < Events; i++)
            {
                stream.OnNext(value);
            }
        }
    }

    [Test]
    public void Replay_OnAnotherThread_SeesReferencesInOrder()
    {
        using EventStream<object> stream = NewStreamOfReferences();
        bool isOver = false;
        Task publishing = Eventually.OnThread(() =>
        {
            for (int i = 0; !Volatile.Read(ref isOver); i++)
            {
                stream.OnNext(i);
            }
        });

        string? wrong = null;
        for (int round = 0; round < 500 && wrong is null; round++)
        {
            using EventPosition<object> position = stream.GetNextPosition();
            Thread.SpinWait(500);
            long next = position.Sequence;
            position.AsObservable().Take(300).Subscribe(value =>
            {
                if (value is not int number || number != next)
                {
                    wrong ??= $"{value ?? "null"} instead of {next}";
                }

                next++;
            });
        }

        Volatile.Write(ref isOver, true);
        Eventually.Ends(publishing).GetAwaiter().GetResult();

        Assert.That(wrong, Is.Null);
    }

    [Test]
    public void Batch_InlineObserverKeepsBatches_TheyDoNotChange([Values] bool fromPosition)
    {
        var batches = new List<ReadOnlyMemory<int>>();
        if (fromPosition)
        {
            ReplayFromAPosition(batches);
        }
        else
        {
            _stream.AsObservable().Batch(8).Subscribe(batches.Add);
        }

        // A position that is not collected would keep all segments open.
        CollectPositions();
        Publish(Events);

        Assert.That(batches.SelectMany(b => b.ToArray()), Is.EqualTo(Enumerable.Range(0, _published)));
    }

    [Test]
    public void Position_Held_ReplaysWhatWasPublished()
    {
        _stream.Subscribe(_ => { });
        Publish(Events);
        EventPosition<int> position = _stream.GetNextPosition();
        Publish(Events);

        var replayed = new List<int>();
        position.AsObservable().Subscribe(replayed.Add);
        Publish(Events);

        Assert.That(replayed, Is.EqualTo(Enumerable.Range(Events, 2 * Events)));
    }

    [Test]
    public void Reader_OpenedAfterReuse_ReadsWhatWasPublished()
    {
        _stream.Subscribe(_ => { });
        Publish(Events);
        using EventReader<int> reader = _stream.AsObservable().OpenReader();
        Publish(Events);

        var read = new List<int>();
        while (reader.TryRead(out int value))
        {
            read.Add(value);
        }

        Assert.That(read, Is.EqualTo(Enumerable.Range(Events, Events)));
    }

    [Test]
    public void BoundedCursor_OvertakenInClosedSegment_ReadsOldEvents()
    {
        Publish(Events);
        EventLog<int> log = _stream.Log;
        Cursor<int> cursor = log.JoinNext();
        _stream.Parking.AnnounceWaiters();
        cursor.SetLimit(log, new LagLimit(2, failsWhenLagging: false, cursor.Sequence));
        Publish(1);

        // What the cursor is about to read when the publishers overtake it.
        ReadOnlyMemory<int> run = cursor.PeekRun(log, 1);
        Publish(Events);

        Assert.That(run.ToArray(), Is.EqualTo(new[] { Events }));
        cursor.Close(log);
    }

    [Test]
    public void BoundedCursor_OvertakenInClosedSegment_ReadsOldReferences()
    {
        using EventStream<object> stream = NewStreamOfReferences();
        EventLog<object> log = stream.Log;
        Publish();
        Cursor<object> cursor = log.JoinNext();
        stream.Parking.AnnounceWaiters();
        cursor.SetLimit(log, new LagLimit(2, failsWhenLagging: false, cursor.Sequence));
        stream.OnNext(this);

        ReadOnlyMemory<object> run = cursor.PeekRun(log, 1);
        Publish();

        Assert.That(run.ToArray(), Is.EqualTo(new[] { this }));
        cursor.Close(log);

        void Publish()
        {
            for (int i = 0; i < Events; i++)
            {
                stream.OnNext(i);
            }
        }
    }

    [Test]
    public void Batch_ReaderOpensWhileSegmentsClose_StaysAsItWas()
    {
        for (int round = 0; round < 3; round++)
        {
            using var stream = new EventStream<long>(new EventStreamOptions { SegmentCapacity = capacity, SingleWriter = isSingleWriter });
            EventPosition<long> oldest = stream.GetNextPosition();
            long next = 0;
            Publish(400_000);

            // Another thread closes thousands of segments: it must ask for each whether its arrays can be used again.
            int isClosing = 0;
            var closing = new Thread(() =>
            {
                Volatile.Write(ref isClosing, 1);
                oldest.Dispose();
            });
            closing.Start();
            SpinWait.SpinUntil(() => Volatile.Read(ref isClosing) == 1);
            Thread.SpinWait(50);
            using EventReader<long> reader = stream.OpenReader();
            Publish(capacity);
            Assert.That(reader.TryReadBatch(capacity, out ReadOnlyMemory<long> batch), Is.True);
            long[] copy = batch.ToArray();
            for (int i = 0; i < 4 * capacity; i++)
            {
                Publish(1);
                while (reader.TryRead(out _))
                {
                }
            }

            closing.Join();
            Publish(4 * capacity);
            Assert.That(batch.ToArray(), Is.EqualTo(copy));

            void Publish(int count)
            {
                for (int i = 0; i < count; i++)
                {
                    stream.OnNext(next++);
                }
            }
        }
    }

    [Test]
    public void Retention_OnlyPublishingThreads_ReplaysTheNewest()
    {
        using var stream = new EventStream<int>(
            new EventStreamOptions { SegmentCapacity = capacity, SingleWriter = isSingleWriter, Retention = Retention.Count(100) });
        for (int i = 0; i < Events; i++)
        {
            stream.OnNext(i);
        }

        var replayed = new List<int>();
        stream.Subscribe(replayed.Add);

        Assert.That(replayed, Is.EqualTo(Enumerable.Range(Events - 100, 100)));
    }

    private EventStream<object> NewStreamOfReferences() => new(new EventStreamOptions { SegmentCapacity = capacity, SingleWriter = isSingleWriter });

    /// <summary>In a method that is not inlined, so that no local of the test keeps the position alive.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ReplayFromAPosition(List<ReadOnlyMemory<int>> batches)
    {
        EventPosition<int> start = _stream.GetNextPosition();
        Publish(Events);
        start.AsObservable().Batch(8).Subscribe(batches.Add);
    }

    private static void CollectPositions()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    private void Publish(int count)
    {
        for (int i = 0; i < count; i++)
        {
            _stream.OnNext(_published++);
        }
    }
}
