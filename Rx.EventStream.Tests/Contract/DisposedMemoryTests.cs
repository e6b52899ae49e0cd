using System.Reactive.Concurrency;
using System.Runtime.CompilerServices;
using Rx.Tests.Concurrency;

namespace Rx.Tests.Contract;

/// <summary>What is disposed, or has ended, keeps no event alive, although it is still referenced.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
[Category("Slow")]
internal sealed class DisposedMemoryTests(StreamConfiguration configuration)
{
    private const int Events = 40;

    private readonly List<WeakReference> _events = [];

    private static IEnumerable<SchedulerCase> Schedulers => SchedulerCase.All;

    private static IEnumerable<LagPolicy> Policies =>
        [LagPolicy.Unbounded, LagPolicy.DropOldest(100), LagPolicy.Latest, LagPolicy.Fail(100), LagPolicy.Wait(100)];

    [Test]
    public void Dispose_InlineSubscription_KeepsNothing([Values] bool isRetaining, [Values] bool endsByItself) =>
        AssertKeepsNothing(isRetaining, stream => Use(stream, stream.Subscribe(Ignore), endsByItself));

    /// <summary>What the callbacks refer to is let go with the observer or handler.</summary>
    [Test]
    public async Task Dispose_SubscriptionStillReferenced_KeepsNoCallback(
        [Values("end", "partition key", "report", "report of a handler", "key")] string callback, [Values] bool endsByItself)
    {
        using EventStream<int> stream = configuration.Create<int>();
        EventSubscription subscription = Subscribe(out WeakReference used);
        stream.OnNext(1);
        await Eventually.Ends(stream.WhenCaughtUpAsync());
        if (endsByItself)
        {
            stream.OnCompleted();
        }
        else
        {
            subscription.Dispose();
        }

        await Eventually.Ends(subscription.WhenEndedAsync());

        Eventually.IsTrue(() => CountAlive([used]) == 0, "What the callback refers to is collected.");
        GC.KeepAlive(subscription);

        [MethodImpl(MethodImplOptions.NoInlining)]
        EventSubscription Subscribe(out WeakReference used)
        {
            var referred = new object();
            used = new WeakReference(referred);
            EventObservable<int> source = stream.ObserveOn(TaskPoolScheduler.Default);
            FaultPolicy<int> policy = FaultPolicy<int>.Continue(_ => GC.KeepAlive(referred));
            return callback switch
            {
                "end" => source.SubscribeAwait(
                    static (_, _) => default, new() { OnError = _ => GC.KeepAlive(referred), OnCompleted = () => GC.KeepAlive(referred) }),
                "partition key" => source.SubscribeAwait(static (_, _) => default, new() { MaxConcurrency = 2, PartitionKey = _ => referred }),
                "report" => (EventSubscription)source.WithFaultPolicy(policy).Subscribe(static _ => { }),
                "report of a handler" => source.WithFaultPolicy(policy).SubscribeAwait(static (_, _) => default),
                _ => (EventSubscription)stream.ObserveLatestByKeyOn(_ => referred, TaskPoolScheduler.Default).Subscribe(static _ => { }),
            };
        }
    }

    [Test]
    public void Dispose_ReplayingSubscription_KeepsNothing([Values] bool endsByItself) =>
        AssertKeepsNothing(isRetaining: true, stream =>
        {
            Publish(stream);
            return Use(stream, stream.Subscribe(Ignore), endsByItself);
        });

    [Test]
    public void ReaderAtTheEnd_KeepsNothing([ValueSource(nameof(Policies))] LagPolicy policy, [Values("TryRead", "TryPeek", "WaitToReadAsync")] string way, [Values] bool fails)
    {
        _events.Clear();
        using EventStream<byte[]> stream = Create(isRetaining: false);
        using EventReader<byte[]> reader = stream.WithLagPolicy(policy).OpenReader();
        Publish(stream);
        Read(reader);
        if (fails)
        {
            stream.OnError(new TimeoutException());
        }
        else
        {
            stream.OnCompleted();
        }

        Assert.That(
            way switch { "TryRead" => !reader.TryRead(out _), "TryPeek" => !reader.TryPeek(out _), _ => reader.WaitToReadAsync().AsTask().IsCompleted },
            Is.True);

        Eventually.IsTrue(() => CountAlive([.. _events]) <= configuration.SegmentCapacity + 1, "Only the stream's last segment is left.");
        Assert.That((reader.Sequence, reader.Count, reader.Completion.IsCompleted), Is.EqualTo(((long)Events, 0, true)));
        GC.KeepAlive(reader);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Read(EventReader<byte[]> reader)
        {
            while (reader.TryRead(out _))
            {
            }
        }
    }

    [Test]
    public void TryReadBatch_OverSeveralSegments_KeepsNoneOfThem([Values] bool waits)
    {
        _events.Clear();
        using EventStream<byte[]> stream = Create(isRetaining: false);
        using EventReader<byte[]> reader = stream.WithLagPolicy(waits ? LagPolicy.Wait(1_000) : LagPolicy.Unbounded).OpenReader();
        for (int i = 0; i < 10; i++)
        {
            Publish(stream);
        }

        Read(reader);

        Eventually.IsTrue(() => CountAlive([.. _events]) <= configuration.SegmentCapacity + 1, "Only the stream's last segment is left.");
        GC.KeepAlive(reader);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Read(EventReader<byte[]> reader)
        {
            int read = 0;
            while (reader.TryReadBatch(1_000, out ReadOnlyMemory<byte[]> batch))
            {
                read += batch.Length;
                if (read == 10 * Events)
                {
                    return; // it is not asked again
                }
            }
        }
    }

    /// <summary>The reader is still referenced, and has found that nothing more comes.</summary>
    [Test]
    public void Dispose_StreamWhoseReaderHasReadAll_KeepsNothing(
        [ValueSource(nameof(Policies))] LagPolicy policy, [Values("TryRead", "TryReadBatch", "TryPeek", "WaitToReadAsync", "ReadAsync", "waits", "nothing")] string way, [Values] bool hasCompleted) =>
        AssertKeepsNothing(isRetaining: false, stream =>
        {
            EventReader<byte[]> reader = stream.WithLagPolicy(policy).OpenReader();
            Publish(stream, () => Assert.That(reader.TryRead(out _), Is.True));
            ValueTask<bool> waiting = way == "waits" ? reader.WaitToReadAsync() : default;
            if (hasCompleted)
            {
                stream.OnCompleted();
            }

            stream.Dispose();
            bool? isThere = way switch
            {
                "nothing" => false,
                "TryRead" => reader.TryRead(out _),
                "TryReadBatch" => reader.TryReadBatch(1, out _),
                "TryPeek" => reader.TryPeek(out _),
                _ => null,
            };
            if (isThere is null && hasCompleted)
            {
                Assert.That(way == "waits" ? waiting.AsTask() : reader.WaitToReadAsync().AsTask(), Has.Property("IsCompleted").True);
            }
            else if (isThere is null)
            {
                Assert.That(
                    () => way switch
                    {
                        "ReadAsync" => reader.ReadAsync().AsTask(),
                        "waits" => waiting.AsTask(),
                        _ => (Task)reader.WaitToReadAsync().AsTask(),
                    },
                    Throws.TypeOf<ObjectDisposedException>());
            }

            Assert.That(isThere, Is.Not.True);
            if (way != "nothing")
            {
                Assert.That((reader.Count, reader.TryRead(out _)), Is.EqualTo((0, false)));
            }

            return reader;
        });

    /// <summary>The retention keeps nothing for the reader: only what its bound allows is left, and can be read. A segment is kept as a whole.</summary>
    [Test]
    public void Dispose_StreamWhoseReaderLagsTooFar_KeepsItsBound(
        [Values("Latest", "DropOldest", "Fail")] string kind, [Values] bool isRetaining, [Values] bool isCompleted)
    {
        _events.Clear();
        int bound = kind switch { "Latest" => 1, "DropOldest" => 3, _ => 0 };
        using EventReader<byte[]> reader = Lag();

        Eventually.IsTrue(() => CountAlive([.. _events]) <= Math.Max(bound, 1) + configuration.SegmentCapacity - 1, "Only the reader's bound is left.");
        List<object?> read = [];
        while (reader.TryRead(out byte[]? value))
        {
            read.Add(value);
        }

        Assert.That(read, Is.EqualTo(_events.TakeLast(bound).Select(static e => e.Target)));

        [MethodImpl(MethodImplOptions.NoInlining)]
        EventReader<byte[]> Lag()
        {
            EventStream<byte[]> stream = Create(isRetaining);
            LagPolicy policy = kind switch { "Latest" => LagPolicy.Latest, "DropOldest" => LagPolicy.DropOldest(3), _ => LagPolicy.Fail(3) };
            EventReader<byte[]> reader = stream.WithLagPolicy(policy).OpenReader();
            for (int i = 0; i < 5; i++)
            {
                Publish(stream);
            }

            if (isCompleted)
            {
                stream.OnCompleted();
            }

            stream.Dispose();
            return reader;
        }
    }

    [Test]
    public void Fail_ReaderHasLagged_KeepsNothing()
    {
        const int Bound = 300;
        _events.Clear();
        using EventStream<byte[]> stream = Create(isRetaining: false);
        using EventReader<byte[]> reader = stream.WithLagPolicy(LagPolicy.Fail(Bound)).OpenReader();
        PublishMany();
        Assert.That(reader.TryRead(out _), Is.False);
        Assert.That(reader.Completion.IsFaulted, Is.True);
        PublishMany();

        Eventually.IsTrue(() => CountAlive([.. _events]) < Bound, "A reader that has ended has no bound.");
        GC.KeepAlive(reader);

        void PublishMany()
        {
            for (int i = 0; i < Bound; i += Events - 10)
            {
                Publish(stream);
            }
        }
    }

    [Test]
    public void Dispose_InsideTheReplay_KeepsNothing() =>
        AssertKeepsNothing(isRetaining: true, stream =>
        {
            Publish(stream);
            return stream.AsObservable().Subscribe(new DelegateObserver(() => stream.Subscriptions[0].Dispose()));
        });

    [Test]
    public void Dispose_SequencedOrBatched_KeepsNothing([Values] bool isScheduled)
    {
        var scheduler = new ManualScheduler();
        AssertKeepsNothing(isRetaining: false, stream =>
        {
            EventObservable<byte[]> observable = isScheduled ? stream.ObserveOn(scheduler) : stream.AsObservable();
            IDisposable sequenced = observable.WithSequence().Subscribe(_ => { });
            IDisposable batched = observable.Batch(10).Subscribe(_ => { });
            Publish(stream);
            scheduler.RunAll();
            sequenced.Dispose();
            batched.Dispose();
            return (sequenced, batched);
        });
    }

    [Test]
    public void Dispose_BatchedOnAScheduler_ForgetsTheObserver()
    {
        var scheduler = new ManualScheduler();
        using EventStream<byte[]> stream = configuration.Create<byte[]>();
        (IDisposable subscription, WeakReference observer) = SubscribeAndDispose(stream.ObserveOn(scheduler).Batch(10));

        Eventually.IsTrue(() => CountAlive([observer]) == 0, "The observer is collected.");
        GC.KeepAlive(subscription);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static (IDisposable Subscription, WeakReference Observer) SubscribeAndDispose(IObservable<ReadOnlyMemory<byte[]>> batches)
        {
            var observer = new RecordingObserver<ReadOnlyMemory<byte[]>>();
            IDisposable subscription = batches.Subscribe(observer);
            subscription.Dispose();
            return (subscription, new WeakReference(observer));
        }
    }

    [TestCaseSource(nameof(Schedulers))]
    public void Dispose_SubscriptionOnAScheduler_KeepsNothing(SchedulerCase scheduler)
    {
        using SchedulerUnderTest tested = scheduler.Create();
        foreach (bool endsByItself in new[] { false, true })
        {
            AssertKeepsNothing(isRetaining: true, stream => Use(stream, stream.ObserveOn(tested.Scheduler).Subscribe(Ignore), endsByItself, tested));
        }
    }

    [TestCaseSource(nameof(Policies))]
    public void Dispose_SubscriptionThatHasNotRun_KeepsNothing(LagPolicy policy)
    {
        var scheduler = new ManualScheduler();
        AssertKeepsNothing(isRetaining: false, stream =>
        {
            EventSubscription subscription = stream.ObserveOn(scheduler).WithLagPolicy(policy).Subscribe(new DelegateObserver(Ignore));
            Publish(stream);
            subscription.Dispose();
            return subscription;
        });
    }

    [Test]
    public void Dispose_OneOfManyParked_KeepsNothing() =>
        AssertKeepsNothing(isRetaining: false, stream =>
        {
            // Each has a scheduler of its own: a scheduler keeps the subscription that goes on.
            IDisposable[] parked = [.. Enumerable.Range(0, 3).Select(_ => stream.ObserveOn(new ManualScheduler()).Subscribe(Ignore))];
            parked[1].Dispose();
            parked[2].Dispose();
            Publish(stream);
            return (parked[1], parked[2]);
        });

    [Test]
    public void Dispose_Position_KeepsNothing() =>
        AssertKeepsNothing(isRetaining: true, stream =>
        {
            EventPosition<byte[]> position = stream.GetNextPosition();
            Publish(stream);
            position.Dispose();
            return position;
        });

    [Test]
    public void Dispose_Projection_KeepsNothing([Values] bool isFaulted) =>
        AssertKeepsNothing(isRetaining: true, stream =>
        {
            var projection = stream.ToProjection(
                Array.Empty<byte>(), (_, value) => isFaulted && stream.NextSequence >= Events ? throw Marbles.Error : value);
            Publish(stream);
            if (!isFaulted)
            {
                projection.Dispose();
            }

            return projection;
        });

    /// <summary>The projection is told of the end of its stream, but not of a disposal that follows.</summary>
    [Test]
    public void Dispose_StreamThatHasEnded_ProjectionKeepsNothing([Values] bool fails, [Values] bool isRetaining) =>
        AssertKeepsNothing(isRetaining, stream =>
        {
            EventProjection<int, byte[]> projection = stream.ToProjection(0, static (count, _) => count + 1);
            Publish(stream);
            if (fails)
            {
                stream.OnError(Marbles.Error);
            }
            else
            {
                stream.OnCompleted();
            }

            using (EventSnapshot<int, byte[]> now = projection.Current)
            {
                Assert.That((now.State, now.Position.Sequence, projection.Sequence), Is.EqualTo((Events, (long)Events, (long)Events)));
            }

            using (EventReader<byte[]> reader = projection.OpenReader(out int state))
            {
                Assert.That((state, reader.TryRead(out _), reader.Completion.IsCompleted), Is.EqualTo((Events, false, true)));
            }

            stream.Dispose();
            return projection;
        });

    [Test]
    public void Dispose_Stream_KeepsNothing([Values] bool hasRetention, [Values] bool isCompleted)
    {
        var scheduler = new ManualScheduler();
        AssertKeepsNothing(hasRetention, stream =>
        {
            stream.Subscribe(Ignore);
            stream.ObserveOn(scheduler).Subscribe(Ignore);
            stream.ObserveOn(scheduler).WithLagPolicy(LagPolicy.DropOldest(100)).Subscribe(Ignore);
            Publish(stream);
            if (isCompleted)
            {
                stream.OnCompleted();
            }

            stream.Dispose();
            return stream;
        });
    }

    [Test]
    public void Dispose_StreamInsideItsObserver_KeepsNothing([Values] bool hasRetention) =>
        AssertKeepsNothing(hasRetention, stream =>
        {
            int count = 0;
            stream.Subscribe(_ =>
            {
                if (++count == Events)
                {
                    stream.Dispose();
                }
            });
            Publish(stream);
            return stream;
        });

    [Test]
    public void Dispose_StreamNobodyListensTo_KeepsNothing() =>
        AssertKeepsNothing(isRetaining: false, stream =>
        {
            Publish(stream);
            stream.Dispose();
            return stream;
        });

    [Test]
    public void Dispose_Stream_FiguresStayReadable([Values] bool hasRetention)
    {
        var scheduler = new ManualScheduler();
        EventStream<byte[]> stream = Create(hasRetention);
        EventSubscription inline = stream.AsObservable().Subscribe(new DelegateObserver(Ignore));
        EventSubscription scheduled = stream.ObserveOn(scheduler).Subscribe(new DelegateObserver(Ignore));
        EventPosition<byte[]> position = stream.GetNextPosition();
        Publish(stream);
        scheduler.RunAll();

        stream.Dispose();
        position.Dispose();

        Assert.That(stream.NextSequence, Is.EqualTo(Events));
        Assert.That(stream.OldestSequence, Is.EqualTo(Events));
        Assert.That(stream.HasObservers, Is.False);
        Assert.That(stream.Subscriptions, Is.Empty);
        Assert.That(position.Sequence, Is.Zero);
        foreach (EventSubscription subscription in new[] { inline, scheduled })
        {
            Assert.That(subscription.IsDisposed, Is.True);
            Assert.That((subscription.Sequence, subscription.Delivered, subscription.Dropped, subscription.Lag), Is.EqualTo((Events, Events, 0L, 0L)));
            Assert.That(subscription.Dispose, Throws.Nothing);
        }

        Assert.That(() => stream.OnNext([]), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(() => stream.OnNextRange([[]]), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(stream.OnCompleted, Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(() => stream.Subscribe(Ignore), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(stream.GetNextPosition, Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(() => stream.TryGetPosition(0, out _), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(position.OpenReader, Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(() => stream.From(position), Throws.InstanceOf<ObjectDisposedException>());
    }

    /// <summary>Runs a scenario, drops everything but what it returns, and fails if an event is still alive.</summary>
    private void AssertKeepsNothing(bool isRetaining, Func<EventStream<byte[]>, object> scenario)
    {
        (object kept, WeakReference[] events) = Run(isRetaining, scenario);

        Eventually.IsTrue(() => CountAlive(events) == 0, "The events are collected.");
        GC.KeepAlive(kept);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private (object Kept, WeakReference[] Events) Run(bool isRetaining, Func<EventStream<byte[]>, object> scenario)
    {
        _events.Clear();
        EventStream<byte[]> stream = Create(isRetaining);
        object kept = scenario(stream);
        Assert.That(_events, Is.Not.Empty);
        return (kept, [.. _events]);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Publish(EventStream<byte[]> stream, Action? afterEach = null)
    {
        for (int i = 0; i < Events; i++)
        {
            byte[] value = new byte[100];
            _events.Add(new WeakReference(value));
            stream.OnNext(value);
            afterEach?.Invoke();
        }
    }

    private EventStream<byte[]> Create(bool isRetaining) => new(new EventStreamOptions
    {
        SingleWriter = configuration.SingleWriter,
        SegmentCapacity = configuration.SegmentCapacity,
        Retention = isRetaining ? Retention.All : Retention.None,
    });

    private IDisposable Use(EventStream<byte[]> stream, IDisposable subscription, bool endsByItself, SchedulerUnderTest? scheduler = null)
    {
        var ended = (EventSubscription)subscription;
        Publish(stream);
        scheduler?.RunUntil(() => ended.Sequence >= Events, "The events are delivered.");
        if (endsByItself)
        {
            stream.OnCompleted();
            scheduler?.RunUntil(() => ended.IsDisposed, "The subscription ends.");
        }
        else
        {
            subscription.Dispose();
        }

        return subscription;
    }

    private static int CountAlive(WeakReference[] references)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return references.Count(static r => r.IsAlive);
    }

    private static void Ignore(byte[] value)
    {
    }

    private static void Ignore()
    {
    }

    private sealed class DelegateObserver(Action onNext) : IObserver<byte[]>
    {
        public void OnNext(byte[] value) => onNext();

        public void OnError(Exception error)
        {
        }

        public void OnCompleted()
        {
        }
    }
}
