using System.Reactive.Concurrency;
using Rx.Tests.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Lag;

/// <summary><see cref="LagPolicy.Wait"/>: when the publisher waits, and what ends the wait.</summary>
[TestFixture]
internal sealed class WaitPolicyTests
{
    private readonly ManualScheduler _manual = new();
    private EventStream<int> _stream = null!;

    [SetUp]
    public void SetUp() => _stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = 4 });

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [Test]
    public void OnNextAsync_NoWaitPolicy_CompletesAtOnce()
    {
        using EventReader<int> reader = _stream.AsObservable().OpenReader();

        Assert.That(Enumerable.Range(0, 100).All(i => _stream.OnNextAsync(i).AsTask().IsCompletedSuccessfully), Is.True);
        Assert.That(reader.Count, Is.EqualTo(100));
    }

    [Test]
    public void OnNextAsync_CancelledRepeatedly_DoesNotLeak()
    {
        const int Count = 5_000;
        using EventReader<int> reader = OpenFull(2);
        PublishAndCancel(200);
        long before = GC.GetTotalMemory(forceFullCollection: true);

        PublishAndCancel(Count);

        // The smallest object that could leak for each call is larger than 16 bytes.
        Assert.That(GC.GetTotalMemory(forceFullCollection: true) - before, Is.LessThan(Count * 16));

        void PublishAndCancel(int count)
        {
            for (int i = 0; i < count; i++)
            {
                using var cancellation = new CancellationTokenSource();
                Task publishing = _stream.OnNextAsync(i, cancellation.Token).AsTask();
                cancellation.Cancel();
                Assert.That(() => publishing, Throws.InstanceOf<OperationCanceledException>());
            }
        }
    }

    [Test]
    public async Task OnNextAsync_ReaderFull_CompletesWhenItReads()
    {
        using EventReader<int> reader = OpenFull(2);

        Task publishing = _stream.OnNextAsync(2).AsTask();
        bool wasDone = publishing.IsCompleted;
        int countBefore = reader.Count;
        reader.TryRead(out int first);
        await Eventually.Ends(publishing);

        Assert.That((wasDone, countBefore, first), Is.EqualTo((false, 2, 0)));
        Assert.That(reader.Count, Is.EqualTo(2));
        Assert.That(ReadAvailable(reader), Is.EqualTo(new[] { 1, 2 }));
    }

    [Test]
    public async Task OnNextAsync_ObserverFull_CompletesAfterOneDelivery()
    {
        var observer = new RecordingObserver<int>();
        _stream.ObserveOn(_manual).WithLagPolicy(LagPolicy.Wait(2)).Subscribe(observer);
        Publish(2);

        Task publishing = _stream.OnNextAsync(2).AsTask();
        bool wasDone = publishing.IsCompleted;
        _manual.RunAll();
        await Eventually.Ends(publishing);
        Eventually.IsTrue(
            () =>
            {
                _manual.RunAll();
                return observer.Count == 3;
            },
            "The observer gets the third event.");

        Assert.That(wasDone, Is.False);
        Assert.That(observer.Values, Is.EqualTo(new[] { 0, 1, 2 }));
    }

    [Test]
    public async Task OnNext_ReaderFull_BlocksUntilItReads()
    {
        using EventReader<int> reader = OpenFull(2);
        Task publishing = PublishOnThread(2);

        Assert.That((publishing.IsCompleted, reader.Count), Is.EqualTo((false, 2)));
        reader.TryRead(out _);
        await Eventually.Ends(publishing);

        Assert.That(ReadAvailable(reader), Is.EqualTo(new[] { 1, 2 }));
    }

    [Test]
    public async Task Publish_SubscriberDisposed_GoesOnAtOnce([Values] bool isAsync, [Values] bool isReader)
    {
        EventObservable<int> observable = _stream.ObserveOn(_manual).WithLagPolicy(LagPolicy.Wait(2));
        IDisposable subscriber = isReader ? observable.OpenReader() : observable.Subscribe(new RecordingObserver<int>());
        Publish(2);
        Task publishing = isAsync ? _stream.OnNextAsync(2).AsTask() : PublishOnThread(2);
        bool wasDone = publishing.IsCompleted;

        subscriber.Dispose();
        await Eventually.Ends(publishing);

        Assert.That(wasDone, Is.False);
        Assert.That(_stream.NextSequence, Is.EqualTo(3));
        Publish(100);
        Assert.That(_stream.NextSequence, Is.EqualTo(103));
    }

    [Test]
    public async Task Publish_ObserverThrows_GoesOnAtOnce()
    {
        _stream.ObserveOn(_manual).WithLagPolicy(LagPolicy.Wait(1)).Subscribe(_ => throw new InvalidOperationException("observer"));
        Publish(1);
        Task publishing = _stream.OnNextAsync(1).AsTask();

        Assert.That(_manual.RunAll, Throws.InvalidOperationException.With.Message.EqualTo("observer"));

        await Eventually.Ends(publishing);
    }

    [Test]
    public void OnNextAsync_Cancelled_NotPublished()
    {
        using EventReader<int> reader = OpenFull(2);
        using var cancellation = new CancellationTokenSource();
        Task publishing = _stream.OnNextAsync(2, cancellation.Token).AsTask();

        cancellation.Cancel();

        Assert.That(
            async () => await Eventually.Ends(publishing),
            Throws.InstanceOf<OperationCanceledException>().With.Property("CancellationToken").EqualTo(cancellation.Token));
        Assert.That(ReadAvailable(reader), Is.EqualTo(new[] { 0, 1 }));
        Assert.That(_stream.OnNextAsync(3).AsTask().IsCompletedSuccessfully, Is.True);
        Assert.That(_stream.OnNextAsync(4, cancellation.Token).AsTask().IsCanceled, Is.True);
        Assert.That(ReadAvailable(reader), Is.EqualTo(new[] { 3 }));
    }

    [Test]
    public async Task Publish_StreamCompleted_IgnoredAtOnce([Values] bool isAsync)
    {
        using EventReader<int> reader = OpenFull(2);
        Task publishing = isAsync ? _stream.OnNextAsync(2).AsTask() : PublishOnThread(2);

        _stream.OnCompleted();
        await Eventually.Ends(publishing);

        Assert.That(ReadAvailable(reader), Is.EqualTo(new[] { 0, 1 }));
    }

    [Test]
    public void Publish_StreamDisposed_Throws([Values] bool isAsync)
    {
        using EventReader<int> reader = OpenFull(2);
        Task publishing = isAsync ? _stream.OnNextAsync(2).AsTask() : PublishOnThread(2);

        _stream.Dispose();

        Assert.That(async () => await Eventually.Ends(publishing), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Publish_InsideInlineDelivery_ThrowsWhereItWouldWait()
    {
        var thrown = new List<Exception?>();
        using EventReader<int> reader = _stream.AsObservable().WithLagPolicy(LagPolicy.Wait(2)).OpenReader();
        _stream.Subscribe(value =>
        {
            if (value == 0)
            {
                thrown.Add(Thrown.By(() => _stream.OnNext(1)));
                thrown.Add(Thrown.By(() => _stream.OnNext(2)));
                thrown.Add(Thrown.By(() => _stream.OnNextAsync(2).AsTask().GetAwaiter().GetResult()));
                thrown.Add(Thrown.By(() => _stream.OnNextRange([2])));
            }
        });

        Publish(1);

        Assert.That(thrown[0], Is.Null);
        Assert.That(thrown.Skip(1), Is.All.TypeOf<InvalidOperationException>().With.Message.Contains("inside a delivery"));
        Assert.That(ReadAvailable(reader), Is.EqualTo(new[] { 0, 1 }));
    }

    [Test]
    public void Publish_InsideDeliveryOnScheduler_ThrowsWhereItWouldWait()
    {
        var thrown = new List<Exception?>();
        _stream.ObserveOn(_manual).WithLagPolicy(LagPolicy.Wait(1)).Subscribe(value =>
        {
            if (value == 0)
            {
                // The event in delivery counts until the observer returns.
                thrown.Add(Thrown.By(() => _stream.OnNext(1)));
                thrown.Add(Thrown.By(() => _stream.OnNextAsync(1).AsTask().GetAwaiter().GetResult()));
            }
        });
        Publish(1);

        _manual.RunAll();

        Assert.That(thrown, Has.Count.EqualTo(2).And.All.TypeOf<InvalidOperationException>().With.Message.Contains("inside a delivery"));
    }

    [Test]
    public void Publish_InsideANestedDelivery_ThrowsWhereItWouldWait()
    {
        using EventReader<int> reader = OpenFull(1);
        using var other = new EventStream<int>();
        Exception? thrown = null;
        _stream.ObserveOn(_manual).Subscribe(_ => other.OnNext(0));
        other.ObserveOn(ImmediateScheduler.Instance).Subscribe(_ => thrown = Thrown.By(() => _stream.OnNext(1)));

        _manual.RunAll();
        reader.TryRead(out _);
        Publish(1);
        _manual.RunAll();

        Assert.That(thrown, Is.TypeOf<InvalidOperationException>());
    }

    [Test]
    public async Task Publish_InsideDeliveryOfAnotherStreamOnly_Waits()
    {
        using EventReader<int> reader = OpenFull(1);
        using var other = new EventStream<int>();
        other.Subscribe(value => _stream.OnNext(value));

        Task publishing = Eventually.OnThread(() => other.OnNext(7));
        Assert.That(reader.TryRead(out _), Is.True);
        await Eventually.Ends(publishing);

        Assert.That(ReadAvailable(reader), Is.EqualTo(new[] { 7 }));
    }

    [Test]
    public async Task OnNextRange_LongerThanTheCapacity_PassesWhenCaughtUp()
    {
        using EventReader<int> reader = _stream.AsObservable().WithLagPolicy(LagPolicy.Wait(2)).OpenReader();
        _stream.OnNextRange([0, 1, 2, 3, 4]);
        Assert.That(reader.Count, Is.EqualTo(5));

        Task publishing = Eventually.OnThread(() => _stream.OnNextRange([5, 6, 7]));
        for (int expected = 0; expected < 5; expected++)
        {
            Assert.That(reader.TryRead(out int value) && value == expected, Is.True);
        }

        await Eventually.Ends(publishing);
        Assert.That(ReadAvailable(reader), Is.EqualTo(new[] { 5, 6, 7 }));
    }

    [Test]
    public void Subscribe_MoreRetainedThanTheCapacity_PublisherWaitsForItsOwnOnly()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.All });
        for (int i = 0; i < 10; i++)
        {
            stream.OnNext(i);
        }

        using EventReader<int> reader = stream.AsObservable().WithLagPolicy(LagPolicy.Wait(3)).OpenReader();
        Task[] published = [.. Enumerable.Range(10, 3).Select(i => stream.OnNextAsync(i).AsTask())];
        Task publishing = stream.OnNextAsync(13).AsTask();
        var done = new List<bool>();
        for (int i = 0; i < 10; i++)
        {
            done.Add(publishing.IsCompleted);
            reader.TryRead(out _);
        }

        reader.TryRead(out _);

        Assert.That(published.Select(p => p.IsCompleted), Has.All.True);
        Assert.That(done, Has.None.True);
        Assert.That(async () => await Eventually.Ends(publishing), Throws.Nothing);
    }

    [Test]
    public async Task Publish_SeveralWaitPolicies_SlowestDecides()
    {
        using EventReader<int> fast = _stream.AsObservable().WithLagPolicy(LagPolicy.Wait(4)).OpenReader();
        using EventReader<int> slow = _stream.AsObservable().WithLagPolicy(LagPolicy.Wait(2)).OpenReader();
        using EventReader<int> free = _stream.AsObservable().OpenReader();
        Publish(2);
        Task publishing = _stream.OnNextAsync(2).AsTask();

        ReadAvailable(fast);
        bool wasDone = publishing.IsCompleted;
        slow.TryRead(out _);
        await Eventually.Ends(publishing);

        Assert.That(wasDone, Is.False);
        Assert.That((fast.Count, slow.Count, free.Count), Is.EqualTo((1, 2, 3)));
    }

    [Test]
    public async Task Publish_ConcurrentPublishers_LagStaysWithinTheBound([Values(1, 3, 64)] int capacity, [Values] bool isAsync)
    {
        const int Publishers = 3;
        int each = isAsync || capacity == 1 ? 2_000 : 10_000;
        var lags = new List<long>();
        var events = new List<int>();
        EventSubscription? subscription = null;
        using var subscribed = new ManualResetEventSlim();
        using var ended = new ManualResetEventSlim();
        subscription = (EventSubscription)_stream.ObserveOn(TaskPoolScheduler.Default).WithLagPolicy(LagPolicy.Wait(capacity)).Subscribe(
            Reactive(
                value =>
                {
                    subscribed.Wait();
                    lags.Add(subscription!.Lag);
                    events.Add(value);
                },
                ended.Set));
        subscribed.Set();

        Task[] publishers = [.. Enumerable.Range(0, Publishers).Select(p => isAsync
            ? Task.Run(async () =>
            {
                for (int i = 0; i < each; i++)
                {
                    await _stream.OnNextAsync((p * each) + i);
                }
            })
            : Eventually.OnThread(() =>
            {
                for (int i = 0; i < each; i++)
                {
                    _stream.OnNext((p * each) + i);
                }
            }))];
        await Eventually.Ends(Task.WhenAll(publishers));
        _stream.OnCompleted();
        Eventually.IsSet(ended, "The subscriber ends.");

        Assert.That(lags.Max(), Is.LessThanOrEqualTo(capacity));
        Assert.That(events, Has.Count.EqualTo(Publishers * each));
        for (int p = 0; p < Publishers; p++)
        {
            Assert.That(events.Where(e => e / each == p), Is.EqualTo(Enumerable.Range(p * each, each)));
        }
    }

    [Test]
    public async Task ReadAllAsync_Wait_LagStaysWithinTheBound()
    {
        const int Published = 5_000;
        var read = new List<int>();
        long greatest = 0;
        IAsyncEnumerable<int> events = _stream.AsObservable().WithLagPolicy(LagPolicy.Wait(5)).ReadAllAsync();
        await using IAsyncEnumerator<int> reading = events.GetAsyncEnumerator();
        ValueTask<bool> moving = reading.MoveNextAsync();
        Task publishing = Eventually.OnThread(() =>
        {
            Publish(Published);
            _stream.OnCompleted();
        });

        while (await Eventually.Ends(moving))
        {
            read.Add(reading.Current);
            greatest = Math.Max(greatest, _stream.NextSequence - read.Count);
            moving = reading.MoveNextAsync();
        }

        await Eventually.Ends(publishing);
        Assert.That(read, Is.EqualTo(Enumerable.Range(0, Published)));
        Assert.That(greatest, Is.LessThanOrEqualTo(5));
    }

    private static Recording Reactive(Action<int> onNext, Action onEnd) => new(onNext, onEnd);

    private EventReader<int> OpenFull(int capacity)
    {
        EventReader<int> reader = _stream.AsObservable().WithLagPolicy(LagPolicy.Wait(capacity)).OpenReader();
        Publish(capacity);
        return reader;
    }

    private void Publish(int count)
    {
        for (int i = 0; i < count; i++)
        {
            _stream.OnNext(i);
        }
    }

    /// <summary>Publishes on a new thread, and returns when that thread waits or is done.</summary>
    private Task PublishOnThread(int value)
    {
        Thread? thread = null;
        Task publishing = Eventually.OnThread(() =>
        {
            Volatile.Write(ref thread, Thread.CurrentThread);
            _stream.OnNext(value);
        });
        Eventually.IsTrue(
            () => publishing.IsCompleted || Volatile.Read(ref thread)?.ThreadState.HasFlag(ThreadState.WaitSleepJoin) == true,
            "The publisher waits.");
        return publishing;
    }

    private static List<int> ReadAvailable(EventReader<int> reader)
    {
        var read = new List<int>();
        while (reader.TryRead(out int value))
        {
            read.Add(value);
        }

        return read;
    }

    private sealed class Recording(Action<int> onNext, Action onEnd) : IObserver<int>
    {
        public void OnNext(int value) => onNext(value);

        public void OnError(Exception error) => onEnd();

        public void OnCompleted() => onEnd();
    }
}
