using System.Runtime.CompilerServices;

namespace Rx.Tests.Contract;

/// <summary>A reader that is disposed, and still referenced.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
[Category("Slow")]
internal sealed class DisposedReaderTests(StreamConfiguration configuration)
{
    private const int Events = 50;

    private static LagPolicy[] Policies { get; } =
        [LagPolicy.Unbounded, LagPolicy.Latest, LagPolicy.DropOldest(100), LagPolicy.Fail(100), LagPolicy.Wait(100)];

    /// <summary>The stream is dropped, so what is alive afterwards is what the reader keeps.</summary>
    [Test]
    public void Dispose_ReaderStillReferenced_KeepsNothing(
        [ValueSource(nameof(Policies))] LagPolicy policy, [Values("nothing", "reads", "waits", "awaits", "completion", "others")] string use)
    {
        EventReader<object> reader = Use(policy, use, out WeakReference[] kept);

        // The pool still runs what awaits the waits that have ended.
        Eventually.IsTrue(() => CountAlive(kept) == 0, "What the reader used is collected.");
        Assert.That((reader.Count, reader.CanCount, reader.CanPeek), Is.EqualTo((0, true, true)));
        Assert.That(reader.Completion.IsFaulted, Is.True);
        reader.Dispose();
        GC.KeepAlive(reader);
    }

    [Test]
    public void Dispose_ReaderStillReferenced_SaysSoInEveryCall()
    {
        using EventStream<int> stream = configuration.Create<int>();
        EventReader<int> reader = stream.OpenReader();
        stream.OnNextRange([1, 2, 3]);
        reader.TryRead(out _);

        reader.Dispose();

        Assert.That(() => reader.TryRead(out _), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => reader.TryPeek(out _), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => reader.TryReadBatch(1, out _), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(async () => await reader.WaitToReadAsync(), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(async () => await reader.ReadAsync(), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(reader.ReadAsync().AsTask().IsFaulted, Is.True);
        Assert.That((reader.Sequence, reader.Dropped, reader.Count), Is.EqualTo((1L, 0L, 0)));
    }

    [Test]
    public void WhenEndedAsync_ReaderEndsByItself_Completes([Values("reads all", "lags", "stream disposed")] string end, [Values] bool isAskedBefore)
    {
        using EventStream<int> stream = configuration.Create<int>();
        using EventReader<int> reader = stream.WithLagPolicy(end == "lags" ? LagPolicy.Fail(1) : LagPolicy.Unbounded).OpenReader();
        EventSubscription subscription = stream.Subscriptions.Single();
        Task ended = isAskedBefore ? subscription.WhenEndedAsync() : Task.CompletedTask;
        stream.OnNextRange([1, 2, 3]);
        Assert.That(subscription.IsDisposed, Is.False);
        switch (end)
        {
            case "reads all":
                stream.OnCompleted();
                while (reader.TryRead(out _))
                {
                }

                break;
            case "lags":
                Assert.That(() => reader.TryRead(out _), Is.False);
                break;
            default:
                stream.Dispose();
                break;
        }

        Assert.That(ended.Wait(Eventually.Limit), Is.True);
        Assert.That(subscription.WhenEndedAsync().Wait(Eventually.Limit), Is.True);
        Assert.That(subscription.IsDisposed, Is.True);
    }

    /// <summary>Wherever in a segment the events lie.</summary>
    [Test]
    public void TryRead_StreamDisposedWithAsManyUnreadAsTheBound_ReadsThem(
        [Values("Latest", "DropOldest", "Fail", "Wait")] string kind, [Values(1, 3)] int bound, [Values] bool isCompleted)
    {
        LagPolicy policy = kind switch
        {
            "Latest" => LagPolicy.Latest,
            "DropOldest" => LagPolicy.DropOldest(bound),
            "Fail" => LagPolicy.Fail(bound),
            _ => LagPolicy.Wait(bound),
        };
        int[] unread = [.. Enumerable.Range(1, policy == LagPolicy.Latest ? 1 : bound)];
        for (int before = 0; before < 140; before++)
        {
            using EventStream<int> stream = configuration.Create<int>();
            using EventReader<int> reader = stream.WithLagPolicy(policy).OpenReader();
            PublishAndRead(stream, reader, before);
            stream.OnNextRange(unread);
            if (isCompleted)
            {
                stream.OnCompleted();
            }

            stream.Dispose();

            Assert.That(ReadAll(reader), Is.EqualTo(unread), $"after {before} events");
        }
    }

    [Test]
    public void TryRead_StreamDisposedAfterABatch_ReadsWhatTheBoundAllows([Values("DropOldest", "Fail", "Wait")] string kind, [Values(1, 5)] int unread)
    {
        LagPolicy policy = kind switch { "DropOldest" => LagPolicy.DropOldest(5), "Fail" => LagPolicy.Fail(5), _ => LagPolicy.Wait(5) };
        for (int before = 0; before < 70; before++)
        {
            using EventStream<int> stream = configuration.Create<int>();
            using EventReader<int> reader = stream.WithLagPolicy(policy).OpenReader();
            PublishAndRead(stream, reader, before);
            stream.OnNextRange([0, 0, 0, 0, 0]);
            reader.TryReadBatch(5, out ReadOnlyMemory<int> batch);
            for (int i = batch.Length; i < 5; i++)
            {
                reader.TryRead(out _);
            }

            int[] expected = [.. Enumerable.Range(1, unread)];
            stream.OnNextRange(expected);
            stream.Dispose();

            Assert.That(ReadAll(reader), Is.EqualTo(expected), $"after {before} events");
        }
    }

    /// <summary>Its newest event is kept for it from the join on.</summary>
    [Test]
    public void TryRead_StreamDisposedAfterALatestReaderHasJoined_ReadsTheNewest([Values(1, 5, 1_000)] int retained, [Values] bool atPosition)
    {
        for (int count = 1; count < 140; count++)
        {
            using var stream = new EventStream<int>(new EventStreamOptions
            {
                SingleWriter = configuration.SingleWriter, SegmentCapacity = configuration.SegmentCapacity, Retention = Retention.Count(retained),
            });
            stream.OnNextRange([.. Enumerable.Range(1, count)]);
            using EventPosition<int> oldest = stream.GetOldestPosition();
            EventObservable<int> source = atPosition ? oldest.AsObservable() : stream.WithName("reader");
            using EventReader<int> reader = source.WithLagPolicy(LagPolicy.Latest).OpenReader();
            oldest.Dispose();
            Assert.That((reader.Count, reader.Dropped), Is.EqualTo((1, 0)));

            stream.Dispose();

            Assert.That(ReadAll(reader), Is.EqualTo(new[] { count }), $"of {count} events");
        }
    }

    private static void PublishAndRead(EventStream<int> stream, EventReader<int> reader, int count)
    {
        for (int i = 0; i < count; i++)
        {
            stream.OnNext(0);
            reader.TryRead(out _);
        }
    }

    private static List<int> ReadAll(EventReader<int> reader)
    {
        var read = new List<int>();
        while (reader.TryRead(out int value))
        {
            read.Add(value);
        }

        return read;
    }

    [Test]
    public void Completion_ReaderDisposedUnobserved_IsNotReported([Values] bool isAskedBefore, [Values] bool isStream)
    {
        Collect(); // tasks of earlier tests report now
        bool isReported = false;
        EventHandler<UnobservedTaskExceptionEventArgs> report =
            (_, e) => isReported |= e.Exception.InnerExceptions.Any(static i => i is ObjectDisposedException);
        TaskScheduler.UnobservedTaskException += report;
        try
        {
            AskForCompletionAndDispose(isAskedBefore, isStream);
            Collect();
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= report;
        }

        Assert.That(isReported, Is.False);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AskForCompletionAndDispose(bool isAskedBefore, bool isStream)
    {
        EventStream<object> stream = configuration.Create<object>();
        EventReader<object> reader = stream.OpenReader();
        Task? completion = isAskedBefore ? reader.Completion : null;
        if (isStream)
        {
            stream.Dispose();
        }
        else
        {
            reader.Dispose();
        }

        completion ??= reader.Completion;
        Assert.That(() => completion.IsFaulted, Is.True.After(30_000, 1));
        reader.Dispose();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private EventReader<object> Use(LagPolicy policy, string use, out WeakReference[] kept)
    {
        EventStream<object> stream = configuration.Create<object>();
        EventReader<object> reader = stream.WithLagPolicy(policy).OpenReader();
        kept = new WeakReference[Events + 1];
        Task<object>? awaited = null;
        switch (use)
        {
            case "awaits":
                awaited = reader.ReadAsync().AsTask();
                break;
            case "waits":
                _ = reader.WaitToReadAsync().AsTask();
                break;
            case "completion":
                _ = reader.Completion;
                break;
            case "others":
                // Their entries lie under this reader's.
                EventReader<object> other = stream.OpenReader();
                _ = other.WaitToReadAsync().AsTask();
                _ = other.Completion;
                _ = reader.WaitToReadAsync().AsTask();
                _ = reader.Completion;
                break;
        }

        if (use == "others")
        {
            reader.Dispose(); // while its entry is on the stack
        }

        for (int i = 0; i < Events; i++)
        {
            object value = new();
            kept[i] = new WeakReference(value);
            stream.OnNext(value);
            if (i == 0)
            {
                awaited?.Wait(Eventually.Limit); // before the reader can lag
            }
        }

        if (use == "reads")
        {
            reader.TryRead(out _);
        }

        kept[Events] = new WeakReference(stream);
        reader.Dispose();
        return reader;
    }

    private static int CountAlive(WeakReference[] kept)
    {
        Collect();
        return kept.Count(static e => e.IsAlive);
    }

    private static void Collect()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}
