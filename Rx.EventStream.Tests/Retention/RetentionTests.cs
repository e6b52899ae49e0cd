using System.Globalization;
using System.Reactive.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Retaining;

/// <summary>What late subscribers get with each kind of retention.</summary>
[TestFixture]
internal sealed class RetentionTests
{
    private MarbleScheduler _scheduler = null!;

    [SetUp]
    public void SetUp() => _scheduler = new MarbleScheduler(TimeSpan.FromTicks(1));

    [TestCase(0)]
    [TestCase(-1)]
    public void Count_LessThanOne_Throws(int maxCount)
    {
        Assert.That(() => Retention.Count(maxCount), Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("maxCount"));
        Assert.That(
            () => Retention.CountAndTime(maxCount, TimeSpan.FromTicks(1)),
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("maxCount"));
    }

    [TestCase(0)]
    [TestCase(-1)]
    public void Time_NotPositive_Throws(long ticks)
    {
        Assert.That(
            () => Retention.Time(TimeSpan.FromTicks(ticks)),
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("maxAge"));
        Assert.That(
            () => Retention.CountAndTime(1, TimeSpan.FromTicks(ticks)),
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("maxAge"));
    }

    [Test]
    public void ToString_EachKind_ShowsKindAndLimits()
    {
        TimeSpan second = TimeSpan.FromSeconds(1);

        Assert.That(Retention.None.ToString(), Is.EqualTo("None"));
        Assert.That(Retention.All.ToString(), Is.EqualTo("All"));
        Assert.That(Retention.Count(3).ToString(), Is.EqualTo("Count(3)"));
        Assert.That(Retention.Time(second).ToString(), Is.EqualTo("Time(00:00:01)"));
        Assert.That(Retention.CountAndTime(3, second).ToString(), Is.EqualTo("CountAndTime(3, 00:00:01)"));
    }

    [Test]
    public void Options_RetentionNull_Throws() =>
        Assert.That(() => new EventStreamOptions { Retention = null! }, Throws.ArgumentNullException);

    [Test]
    public void Subscribe_CountAnyNumberPublished_ExactlyTheNewest(
        [Values(1, 2, 3, 7, 64)] int count, [Values(0, 1, 2, 3, 8, 63, 64, 65, 200)] int published, [Values(1, 2, 16)] int segmentCapacity)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.Count(count), SegmentCapacity = segmentCapacity });
        PublishAll(stream, published);
        int[] expected = [.. Enumerable.Range(0, published).TakeLast(count)];

        Assert.That(Inline(stream), Is.EqualTo(expected));
        Assert.That(Read(stream.AsObservable().OpenReader()), Is.EqualTo(expected));
        Assert.That(stream.GetOldestPosition().Sequence, Is.EqualTo(published - expected.Length));
        stream.OnCompleted();
        Assert.That(Inline(stream), Is.EqualTo(expected));
        Assert.That(Read(stream.AsObservable().OpenReader()), Is.EqualTo(expected));
    }

    [Test]
    public void Subscribe_CountPublishedAsRange_ExactlyTheNewest([Values(1, 3, 4, 100)] int runLength)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.Count(3), SegmentCapacity = 2 });

        stream.OnNextRange(Enumerable.Range(0, runLength).ToArray());

        Assert.That(Inline(stream), Is.EqualTo(Enumerable.Range(0, runLength).TakeLast(3)));
    }

    [Test]
    public void Subscribe_All_EveryEvent()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.All, SegmentCapacity = 8 });
        PublishAll(stream, 1_000);

        Assert.That(Inline(stream), Is.EqualTo(Enumerable.Range(0, 1_000)));
        Assert.That(stream.GetOldestPosition().Sequence, Is.Zero);
        Assert.That(Read(stream.GetPosition(990).OpenReader()), Is.EqualTo(Enumerable.Range(990, 10)));
    }

    [Test]
    public void Subscribe_None_NoEarlierEvent()
    {
        using var stream = new EventStream<int>();
        PublishAll(stream, 5);
        var observer = new List<int>();

        using IDisposable subscription = stream.Subscribe(observer.Add);
        stream.OnNext(5);

        Assert.That(observer, Is.EqualTo(new[] { 5 }));
        Assert.That(stream.GetOldestPosition().Sequence, Is.EqualTo(6));
    }

    [Test]
    public async Task Subscribe_LateOfEachKind_RetainedThenLiveEvents()
    {
        using var stream = new EventStream<char>(new EventStreamOptions { Retention = Retention.Count(2) });
        MarbleRecording<char> inline = _scheduler.Record(stream, "         ------^");
        MarbleRecording<char> scheduled = _scheduler.Record(stream.ObserveOn(_scheduler), "------^");
        var read = new List<char>();
        Task reading = Task.CompletedTask;
        _scheduler.Hot("------x").Subscribe(_ => reading = ReadInto(stream.AsObservable().OpenReader(), read));

        _scheduler.Hot("      a-b-c----d-|").Subscribe(stream);
        _scheduler.Start();
        await Eventually.Ends(reading);

        _scheduler.Expect(inline).ToBe("          ------(bc)--d-|");
        _scheduler.Expect(scheduled).ToBe("       -------bc-d-|");
        Assert.That(read, Is.EqualTo("bcd"));
    }

    [Test]
    public void Subscribe_RetentionAndError_RetainedThenError()
    {
        using var stream = new EventStream<char>(new EventStreamOptions { Retention = Retention.Count(2) });
        MarbleRecording<char> inline = _scheduler.Record(stream, "-----^");
        MarbleRecording<char> scheduled = _scheduler.Record(stream.ObserveOn(_scheduler), "-----^");

        _scheduler.Hot("abc#").Subscribe(stream);
        _scheduler.Start();

        _scheduler.Expect(inline).ToBe("   -----(bc#)");
        _scheduler.Expect(scheduled).ToBe("------bc#");
    }

    [Test]
    public void Subscribe_BeforePublishing_RetentionDropsNothing()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.Count(1), SegmentCapacity = 2 });
        using EventReader<int> reader = stream.AsObservable().OpenReader();
        EventPosition<int> start = stream.GetNextPosition();

        PublishAll(stream, 100);

        Assert.That(Read(reader), Is.EqualTo(Enumerable.Range(0, 100)));
        Assert.That(Read(start.OpenReader()), Is.EqualTo(Enumerable.Range(0, 100)));
    }

    [Test]
    public void Subscribe_Time_ExactlyTheWindow()
    {
        using EventStream<char> stream = Timed<char>(Retention.Time(TimeSpan.FromTicks(3)));
        _scheduler.Hot("a-bc").Subscribe(stream);

        string[] seen = ReplayInEachTick(stream, 12);

        // As with ReplaySubject<T>, an event exactly as old as the window is still retained.
        Assert.That(seen, Is.EqualTo(new[] { "a", "a", "ab", "abc", "bc", "bc", "c", "", "", "", "", "" }));
    }

    [Test]
    public void Subscribe_TimeAfterCompletion_StillExpires()
    {
        using EventStream<char> stream = Timed<char>(Retention.Time(TimeSpan.FromTicks(3)));
        _scheduler.Hot("(ab)-c|").Subscribe(stream);

        string[] seen = ReplayInEachTick(stream, 8);

        Assert.That(seen, Is.EqualTo(new[] { "ab", "ab", "abc", "abc|", "c|", "c|", "|", "|" }));
    }

    [Test]
    public void Subscribe_CountAndTime_BothLimitsHold()
    {
        using EventStream<char> stream = Timed<char>(Retention.CountAndTime(2, TimeSpan.FromTicks(3)));
        _scheduler.Hot("(abc)-d---e|").Subscribe(stream);

        string[] seen = ReplayInEachTick(stream, 10);

        Assert.That(seen, Is.EqualTo(new[] { "bc", "bc", "cd", "cd", "d", "d", "e", "e|", "e|", "e|" }));
    }

    [Test]
    public void Subscribe_TimeManySegments_WholeSegmentsExpireToo([Values(1, 2, 16)] int segmentCapacity)
    {
        using EventStream<int> stream = Timed<int>(Retention.Time(TimeSpan.FromTicks(10)), segmentCapacity);
        for (int tick = 1; tick <= 100; tick++)
        {
            _scheduler.AdvanceTo(tick);
            stream.OnNextRange([tick, tick, tick]);
        }

        Assert.That(Inline(stream).Distinct(), Is.EqualTo(Enumerable.Range(90, 11)));
        _scheduler.AdvanceTo(109);
        Assert.That(Inline(stream), Is.EqualTo(new[] { 99, 99, 99, 100, 100, 100 }));
        Assert.That(stream.GetOldestPosition().Sequence, Is.EqualTo(294));
        _scheduler.AdvanceTo(1_000);
        Assert.That(Inline(stream), Is.Empty);
        Assert.That(stream.GetOldestPosition().Sequence, Is.EqualTo(300));
    }

    [Test]
    public void Subscribe_TimeOnHistoricalScheduler_UsesItsClock()
    {
        var scheduler = new HistoricalScheduler(DateTimeOffset.UnixEpoch);
        using var stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.Time(TimeSpan.FromHours(1)), Scheduler = scheduler });

        stream.OnNext(1);
        scheduler.AdvanceBy(TimeSpan.FromMinutes(40));
        stream.OnNext(2);
        scheduler.AdvanceBy(TimeSpan.FromMinutes(20));
        long whole = stream.GetOldestPosition().Sequence;
        scheduler.AdvanceBy(TimeSpan.FromTicks(1));
        long half = stream.GetOldestPosition().Sequence;
        scheduler.AdvanceBy(TimeSpan.FromHours(1));
        long none = stream.GetOldestPosition().Sequence;

        Assert.That((whole, half, none), Is.EqualTo((0L, 1L, 2L)));
    }

    [Test]
    public void Time_NoScheduler_UsesTheSystemClock()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.Time(TimeSpan.FromTicks(1)) });
        stream.OnNext(1);

        Assert.That(() => stream.GetOldestPosition().Sequence, Is.EqualTo(1).After(10_000, 1));
    }

    [Test]
    public void GetPosition_Retained_StartsThere()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.Count(5), SegmentCapacity = 2 });
        PublishAll(stream, 20);

        for (int sequence = 15; sequence <= 20; sequence++)
        {
            EventPosition<int> position = stream.GetPosition(sequence);
            Assert.That(position.Sequence, Is.EqualTo(sequence));
            Assert.That(Inline(position.AsObservable()), Is.EqualTo(Enumerable.Range(sequence, 20 - sequence)));
            Assert.That(Read(position.OpenReader()), Is.EqualTo(Enumerable.Range(sequence, 20 - sequence)));
        }
    }

    [TestCase(14)]
    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(21)]
    [TestCase(long.MaxValue)]
    public void GetPosition_NotRetained_NamesTheRange(long sequence)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.Count(5), SegmentCapacity = 2 });
        PublishAll(stream, 20);

        Assert.That(
            () => stream.GetPosition(sequence),
            Throws.TypeOf<ArgumentOutOfRangeException>()
                .With.Property("ParamName").EqualTo("sequence")
                .And.Property("ActualValue").EqualTo(sequence)
                .And.Message.Contains("from 15 to 20").And.Message.Contains("Count(5)")
                .And.Message.Contains(sequence.ToString(CultureInfo.InvariantCulture)));
    }

    [Test]
    public void GetPosition_RangeExpiredByTime_NamesTheRange()
    {
        using EventStream<char> stream = Timed<char>(Retention.Time(TimeSpan.FromTicks(3)));
        _scheduler.Hot("abcd").Subscribe(stream);
        _scheduler.AdvanceTo(5);

        Assert.That(() => stream.GetPosition(1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("from 2 to 4"));
        Assert.That(stream.GetPosition(2).Sequence, Is.EqualTo(2));
        _scheduler.AdvanceTo(100);
        Assert.That(() => stream.GetPosition(2), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("from 4 to 4"));
    }

    [Test]
    public void GetPosition_NothingRetained_OnlyTheNext()
    {
        using var stream = new EventStream<int>();
        PublishAll(stream, 3);

        Assert.That(stream.GetPosition(3).Sequence, Is.EqualTo(3));
        Assert.That(() => stream.GetPosition(2), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("from 3 to 3"));
        Assert.That(() => stream.GetPosition(4), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void GetPosition_Held_KeepsEventsBeyondRetention()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.Count(2), SegmentCapacity = 2 });
        PublishAll(stream, 10);
        EventPosition<int> position = stream.GetPosition(8);

        for (int i = 10; i < 100; i++)
        {
            stream.OnNext(i);
        }

        Assert.That(Read(position.OpenReader()), Is.EqualTo(Enumerable.Range(8, 92)));
        Assert.That(() => stream.GetPosition(8), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void GetPosition_Disposed_Throws()
    {
        var stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.All });
        stream.Dispose();

        Assert.That(() => stream.GetOldestPosition(), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => stream.GetPosition(0), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void CountSegments_CountRetention_OldSegmentsAreFreed()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.Count(64), SegmentCapacity = 16 });

        PublishAll(stream, 100_000);

        // 64 events fill four segments, or parts of five, and at most one more segment is kept.
        Assert.That(stream.Log.CountSegments(), Is.LessThanOrEqualTo(6));
    }

    [Test]
    public void CountSegments_TimeRetention_OldSegmentsAreFreed()
    {
        using EventStream<int> stream = Timed<int>(Retention.Time(TimeSpan.FromTicks(64)), segmentCapacity: 16);
        for (int tick = 1; tick <= 5_000; tick++)
        {
            _scheduler.AdvanceTo(tick);
            stream.OnNext(tick);
        }

        Assert.That(stream.Log.CountSegments(), Is.LessThanOrEqualTo(7));
    }

    [Test]
    public void CountSegments_ReaderDisposed_FreedWithTheNextSegment()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.Count(1), SegmentCapacity = 16 });
        EventReader<int> reader = stream.AsObservable().OpenReader();
        PublishAll(stream, 1_000);
        int held = stream.Log.CountSegments();

        reader.Dispose();
        PublishAll(stream, 100);

        Assert.That(held, Is.GreaterThan(50));
        Assert.That(stream.Log.CountSegments(), Is.LessThanOrEqualTo(3));
    }

    [Test]
    public void Subscribe_WhilePublishing_StartsWithinRetention()
    {
        const int Published = 200_000;
        using var stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.Count(100), SegmentCapacity = 16 });
        Task publisher = Eventually.OnThread(() => PublishAll(stream, Published));

        while (!publisher.IsCompleted)
        {
            long before = stream.GetNextPosition().Sequence;
            using EventReader<int> reader = stream.AsObservable().OpenReader();
            long start = reader.Sequence;
            int[] read = Read(reader);
            Assert.That(start, Is.GreaterThanOrEqualTo(Math.Max(0, before - 100)));
            Assert.That(read, Is.EqualTo(Enumerable.Range((int)start, read.Length)));
        }

        Assert.That(Eventually.Ends(publisher), Is.Not.Null);
        Assert.That(Inline(stream), Is.EqualTo(Enumerable.Range(Published - 100, 100)));
    }

    private static void PublishAll(EventStream<int> stream, int count)
    {
        for (int i = 0; i < count; i++)
        {
            stream.OnNext(i);
        }
    }

    private static int[] Inline(IObservable<int> source)
    {
        var seen = new List<int>();
        source = source is EventStream<int> stream ? stream.ObserveOn(ImmediateScheduler.Instance) : source;
        using IDisposable subscription = source.Subscribe(seen.Add);
        return [.. seen];
    }

    private static int[] Read(EventReader<int> reader)
    {
        using (reader)
        {
            var read = new List<int>();
            while (reader.TryRead(out int value))
            {
                read.Add(value);
            }

            return [.. read];
        }
    }

    private static async Task ReadInto<T>(EventReader<T> reader, List<T> read)
    {
        await foreach (T value in reader.ReadAllAsync())
        {
            read.Add(value);
        }
    }

    private EventStream<T> Timed<T>(Retention retention, int segmentCapacity = 1024) =>
        new(new EventStreamOptions { Retention = retention, Scheduler = _scheduler, SegmentCapacity = segmentCapacity });

    /// <summary>What a subscriber that joins at the end of each tick is replayed.</summary>
    private string[] ReplayInEachTick(EventStream<char> stream, int ticks)
    {
        string[] seen = new string[ticks];
        for (int tick = 0; tick < ticks; tick++)
        {
            _scheduler.AdvanceTo(tick);
            seen[tick] = Replay(stream);
        }

        return seen;
    }

    private static string Replay(EventStream<char> stream)
    {
        string seen = "";
        using IDisposable subscription = stream.ObserveOn(ImmediateScheduler.Instance).Subscribe(value => seen += value, () => seen += '|');
        return seen;
    }
}
