using System.Reactive.Concurrency;
using System.Runtime.CompilerServices;
using Rx.Tests.Concurrency;

namespace Rx.Tests.Storage;

/// <summary>What the library allocates, and how much memory it keeps.</summary>
[TestFixture]
[NonParallelizable]
[Category("Slow")]
internal sealed class MemoryTests
{
    private const int Many = 10_000;

    [Test]
    public void Constructor_Unused_TakesAtMost200Bytes()
    {
        var streams = new EventStream<object>[1000];
        Fill(streams); // allocates what each type needs once
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
        [Values] bool isSingleWriter, [Values("none", "inline", "reader", "parked")] string subscriber)
    {
        using var stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = 4096, SingleWriter = isSingleWriter });
        using EventReader<int>? reader = subscriber == "reader" ? stream.AsObservable().OpenReader() : null;
        var scheduler = new ManualScheduler();
        int count = 0;
        using IDisposable? subscription = subscriber switch
        {
            "inline" => stream.Subscribe(_ => count++),
            "parked" => stream.ObserveOn(scheduler).Subscribe(_ => count++),
            _ => null,
        };

        // Fills the segments of 16, 32, ... 2048 events. The measured events all go into the segment of 4096.
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

        // A slot takes a value and a mark; a segment takes three object headers and its fields.
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThanOrEqualTo(101L * ((1024 * 9) + 200)));
    }

    [Test]
    public void Subscribe_DisposedWhileParkedOnPool_KeepsNoMemory([Values] bool atOnce)
    {
        using var stream = new EventStream<int>();
        long kept = KeptBy(() => SubscribeAndDispose(stream.ObserveOn(ThreadPoolScheduler.Instance), atOnce));

        Assert.That(kept, Is.LessThan(Many * 16), "In bytes. Even the smallest object for each subscription would take more.");
        GC.KeepAlive(stream);
    }

    [Test]
    public void Subscribe_DisposedWhileParkedOnAnyScheduler_KeepsNoMemory()
    {
        using var stream = new EventStream<int>();
        var scheduler = new ManualScheduler();
        long kept = KeptBy(() => SubscribeAndDispose(stream.ObserveOn(scheduler), atOnce: false));

        Assert.That(kept, Is.LessThan(Many * 16));
        GC.KeepAlive(stream);
    }

    [Test]
    public void Subscribe_InlineAndDisposed_KeepsNoMemory([Values] bool atOnce)
    {
        using var stream = new EventStream<int>();
        long kept = KeptBy(() => SubscribeAndDispose(stream.AsObservable(), atOnce));

        Assert.That(kept, Is.LessThan(Many * 16));
        GC.KeepAlive(stream);
    }

    [Test]
    public void OpenReader_DisposedWhileWaiting_KeepsNoMemory()
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
    public void WaitToReadAsync_CancelledRepeatedly_KeepsNoMemory()
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
    public void WaitToReadAsync_SteadyState_AllocatesNothing()
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
                Assert.Fail("The reader did not get a published event.");
            }
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - bytes, Is.Zero);
    }

    [Test]
    public void Dispose_EarlierSubscriptionHeld_LaterOnesAreCollectable()
    {
        using var stream = new EventStream<int>();
        EventSubscription held = (EventSubscription)stream.Subscribe(_ => { });
        WeakReference later = ReplaceAFewTimes(stream, held);

        GC.Collect();

        Assert.That(later.IsAlive, Is.False, "A disposed subscription must not keep later ones alive.");
        GC.KeepAlive(held);
    }

    [Test]
    public void Completion_ReadersDisposed_KeepsNoMemory()
    {
        using var stream = new EventStream<int>();
        long kept = KeptBy(() =>
        {
            for (int i = 0; i < Many; i++)
            {
                EventReader<int> reader = stream.AsObservable().OpenReader();
                _ = reader.Completion.Exception; // starts the watch for the end
                reader.Dispose();
            }
        });

        Assert.That(kept, Is.LessThan(Many * 16));
        GC.KeepAlive(stream);
    }

    /// <summary>Subscribes anew before it disposes the previous subscription, so that the stream is never without one.</summary>
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
    private static void SubscribeAndDispose(EventObservable<int> observable, bool atOnce)
    {
        var subscriptions = new List<IDisposable>();
        for (int i = 0; i < Many; i++)
        {
            subscriptions.Add(observable.Subscribe(_ => { }));
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
