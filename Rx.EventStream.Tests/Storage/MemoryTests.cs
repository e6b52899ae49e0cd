using System.Reactive.Concurrency;
using System.Runtime.CompilerServices;
using Rx.Tests.Concurrency;

namespace Rx.Tests.Storage;

/// <summary>What the library allocates, and what it keeps.</summary>
[TestFixture]
[NonParallelizable]
internal sealed class MemoryTests
{
    private const int Many = 10_000;

    [Test]
    public void Constructor_Unused_TakesAtMost200Bytes()
    {
        var streams = new EventStream<object>[1000];
        Fill(streams); // what is allocated once for the type is not the stream's
        long before = GC.GetAllocatedBytesForCurrentThread();
        Fill(streams);
        double bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)streams.Length;

        Assert.That(bytes, Is.LessThanOrEqualTo(200));
        GC.KeepAlive(streams);

        static void Fill(EventStream<object>[] streams)
        {
            for (int i = 0; i < streams.Length; i++)
            {
                streams[i] = new EventStream<object>();
            }
        }
    }

    [Test]
    public void OnNext_WithinASegment_AllocatesNothing(
        [Values] bool isSingleWriter, [Values("nobody", "inline", "reader", "parked")] string who)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = 4096, SingleWriter = isSingleWriter });
        using EventReader<int>? reader = who == "reader" ? stream.AsObservable().OpenReader() : null;
        var scheduler = new ManualScheduler();
        int count = 0;
        using IDisposable? subscription = who switch
        {
            "inline" => stream.Subscribe(_ => count++),
            "parked" => stream.ObserveOn(scheduler).Subscribe(_ => count++),
            _ => null,
        };

        // 16, 32, ... 2048 fill; what is measured lies within the segment of 4096.
        for (int i = 0; i < 4100; i++)
        {
            stream.OnNext(i);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 3000; i++)
        {
            stream.OnNext(i);
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void OnNext_OverManySegments_AllocatesOnlyTheirSize([Values] bool isSingleWriter)
    {
        using var stream = new EventStream<long>(new EventStreamOptions { SegmentCapacity = 1024, SingleWriter = isSingleWriter });
        stream.OnNextRange(new long[16 * 1024]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100 * 1024; i++)
        {
            stream.OnNext(i);
        }

        // Each slot has a value and a mark; each segment three headers and its fields.
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThanOrEqualTo(101L * ((1024 * 9) + 200)));
    }

    [Test]
    public void Subscribe_DisposedWhileParkedOnAQuietStream_LeavesNothingBehind([Values] bool atOnce)
    {
        using var stream = new EventStream<int>();
        long kept = KeptBy(() => SubscribeAndDispose(stream.ObserveOn(ThreadPoolScheduler.Instance), atOnce));

        Assert.That(kept, Is.LessThan(Many * 16), "bytes: the smallest object for each of them would be more");
        GC.KeepAlive(stream);
    }

    [Test]
    public void Subscribe_OnAnySchedulerDisposedWhileParked_LeavesNothingBehind()
    {
        using var stream = new EventStream<int>();
        var scheduler = new ManualScheduler();
        long kept = KeptBy(() => SubscribeAndDispose(stream.ObserveOn(scheduler), atOnce: false));

        Assert.That(kept, Is.LessThan(Many * 16));
        GC.KeepAlive(stream);
    }

    [Test]
    public void Subscribe_InlineAndDisposed_LeavesNothingBehind([Values] bool atOnce)
    {
        using var stream = new EventStream<int>();
        long kept = KeptBy(() => SubscribeAndDispose(stream.AsObservable(), atOnce));

        Assert.That(kept, Is.LessThan(Many * 16));
        GC.KeepAlive(stream);
    }

    [Test]
    public void OpenReader_DisposedWhileWaiting_LeavesNothingBehind()
    {
        using var stream = new EventStream<int>();
        long kept = KeptBy(() =>
        {
            for (int i = 0; i < Many; i++)
            {
                EventReader<int> reader = stream.AsObservable().OpenReader();
                ValueTask<bool> wait = reader.WaitToReadAsync();
                reader.Dispose();
                Assert.That(wait.IsFaulted, Is.True);
            }
        });

        Assert.That(kept, Is.LessThan(Many * 16));
        GC.KeepAlive(stream);
    }

    [Test]
    public void WaitToReadAsync_CancelledAgainAndAgain_LeavesNothingBehind()
    {
        using var stream = new EventStream<int>();
        using EventReader<int> reader = stream.AsObservable().OpenReader();
        long kept = KeptBy(() =>
        {
            for (int i = 0; i < Many; i++)
            {
                using var cancellation = new CancellationTokenSource();
                ValueTask<bool> wait = reader.WaitToReadAsync(cancellation.Token);
                cancellation.Cancel();
                Assert.That(wait.IsCanceled, Is.True);
                Assert.That(() => wait.GetAwaiter().GetResult(), Throws.InstanceOf<OperationCanceledException>());
            }
        });

        Assert.That(kept, Is.LessThan(Many * 16));
        GC.KeepAlive(stream);
    }

    [Test]
    public void WaitToReadAsync_SteadyState_AllocatesNothingOnTheReadersThread()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = 4096 });
        using EventReader<int> reader = stream.AsObservable().OpenReader();
        long bytes = 0;
        for (int i = 0; i < 7000; i++)
        {
            if (i == 4100)
            {
                bytes = GC.GetAllocatedBytesForCurrentThread();
            }

            ValueTask<bool> wait = reader.WaitToReadAsync();
            stream.OnNext(i);
            if (!wait.IsCompleted || !wait.Result || !reader.TryRead(out _))
            {
                Assert.Fail("An event was published.");
            }
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - bytes, Is.Zero);
    }

    [Test]
    public void Dispose_EarlierOneStillReferenced_LaterOnesAreCollectable()
    {
        using var stream = new EventStream<int>();
        EventSubscription held = (EventSubscription)stream.Subscribe(_ => { });
        WeakReference later = ReplaceAFewTimes(stream, held);

        GC.Collect();

        Assert.That(later.IsAlive, Is.False, "A disposed subscription must not hold those that came after it.");
        GC.KeepAlive(held);
    }

    [Test]
    public void Completion_ReadersDisposed_LeavesNothingBehind()
    {
        using var stream = new EventStream<int>();
        long kept = KeptBy(() =>
        {
            for (int i = 0; i < Many; i++)
            {
                EventReader<int> reader = stream.AsObservable().OpenReader();
                _ = reader.Completion.Exception; // looked at
                reader.Dispose();
            }
        });

        Assert.That(kept, Is.LessThan(Many * 16));
        GC.KeepAlive(stream);
    }

    /// <summary>Each new subscription comes before the last one goes, as on a stream that is never without one.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference ReplaceAFewTimes(EventStream<int> stream, EventSubscription first)
    {
        WeakReference? disposed = null;
        IDisposable last = first;
        for (int i = 0; i < 5; i++)
        {
            IDisposable next = stream.Subscribe(_ => { });
            last.Dispose();
            disposed = i == 3 ? new WeakReference(last) : disposed;
            last = next;
        }

        return disposed!;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void SubscribeAndDispose(EventObservable<int> view, bool atOnce)
    {
        var subscriptions = new List<IDisposable>();
        for (int i = 0; i < Many; i++)
        {
            subscriptions.Add(view.Subscribe(_ => { }));
            if (atOnce)
            {
                continue;
            }

            subscriptions[^1].Dispose();
            subscriptions.Clear();
        }

        subscriptions.ForEach(s => s.Dispose());
    }

    private static long KeptBy(Action action)
    {
        action();
        Collect();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        action();
        Collect();
        return GC.GetTotalMemory(forceFullCollection: true) - before;
    }

    private static void Collect()
    {
        for (int i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}
