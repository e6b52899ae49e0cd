using System.Diagnostics;
using System.Reactive.Concurrency;
using OpenTelemetry;
using OpenTelemetry.Trace;
using Rx.Tests.Contract;

namespace Rx.Tests.Handlers;

/// <summary>What a handler of batches sees, on every kind of stream and scheduler.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class SubscribeAwaitBatchTests(StreamConfiguration configuration)
{
    private readonly HistoricalScheduler _time = new();
    private readonly List<(int[] Values, ManualCall Call)> _calls = [];

    [TestCaseSource(typeof(SchedulerCase), nameof(SchedulerCase.All))]
    public void AnyScheduler_EventsInOrderOneCallAtATimeThenTheEnd(SchedulerCase schedulerCase)
    {
        using SchedulerUnderTest on = schedulerCase.Create();
        using EventStream<int> stream = configuration.Create<int>();
        var calls = new RecordingObserver<ReadOnlyMemory<int>>();
        bool isCompleted = false;
        EventSubscription subscription = stream.ObserveOn(on.Scheduler).SubscribeAwaitBatch(
            7,
            async (batch, _) =>
            {
                calls.OnNext(batch); // notes an overlap
                if (batch.Span[0] % 3 == 0)
                {
                    await Task.Yield();
                }
            },
            new() { OnCompleted = () => Volatile.Write(ref isCompleted, true) });

        stream.OnNextRange([.. Enumerable.Range(0, 100)]);
        stream.OnNext(100);
        stream.OnCompleted();
        Eventually.IsTrue(
            () =>
            {
                on.Run();
                return Volatile.Read(ref isCompleted);
            },
            "The stream's completion arrives.");

        Assert.That(calls.Values.SelectMany(batch => batch.ToArray()), Is.EqualTo(Enumerable.Range(0, 101)), "A batch stays as it was.");
        Assert.That(calls.Values.Select(batch => batch.Length), Is.All.InRange(1, 7));
        Assert.That(calls.Violations, Is.Empty);
        Assert.That((subscription.Delivered, subscription.Sequence, subscription.Lag, subscription.Faults), Is.EqualTo((101L, 101L, 0L, 0L)));
        Assert.That(subscription.WhenEndedAsync().Wait(Eventually.Limit), Is.True);
    }

    [Test]
    public void WhileACallRuns_EventsGatherForTheNext()
    {
        using EventStream<int> stream = configuration.Create<int>();
        EventSubscription subscription = Subscribe(stream.ObserveOn(_time), maxCount: 4);

        Publish(stream, 0);
        Publish(stream, 1, 2);
        Publish(stream, 3, 4, 5);

        Assert.That(Batches(), Is.EqualTo(new[] { "0" }));
        Assert.That((subscription.Sequence, subscription.Lag, subscription.Delivered), Is.EqualTo((0L, 6L, 0L)), "The call runs.");
        Return(0);
        Assert.That(Batches(), Is.EqualTo(new[] { "0", "1 2 3 4" }));
        Assert.That((subscription.Sequence, subscription.Lag, subscription.Delivered), Is.EqualTo((1L, 5L, 1L)));
        Return(1);
        Return(2);
        Assert.That(Batches(), Is.EqualTo(new[] { "0", "1 2 3 4", "5" }));
        Assert.That((subscription.Sequence, subscription.Lag, subscription.Delivered), Is.EqualTo((6L, 0L, 6L)));
    }

    [Test]
    public void CallThrows_Stop_EndsAtTheFirstOfTheBatch([Values] bool isAsynchronous)
    {
        using EventStream<int> stream = configuration.Create<int>();
        var error = new TimeoutException();
        EventSubscription subscription = isAsynchronous
            ? Subscribe(stream.ObserveOn(_time), maxCount: 4)
            : stream.ObserveOn(_time).SubscribeAwaitBatch(4, (batch, _) => batch.Span[0] == 4 ? throw error : ValueTask.CompletedTask);

        stream.OnNextRange([0, 1, 2, 3, 4, 5]);
        Assert.That(
            () =>
            {
                _time.Start();
                Return(0);
                Return(1, error);
            },
            Throws.Exception.SameAs(error));

        Assert.That((subscription.Error, subscription.IsDisposed, subscription.Delivered), Is.EqualTo((error, true, 4L)));
        Assert.That(subscription.Sequence, Is.EqualTo(4));
    }

    [Test]
    public void CallThrows_Continue_ReportsTheBatchAndGoesOn([Values] bool isAsynchronous)
    {
        using EventStream<int> stream = configuration.Create<int>();
        var error = new TimeoutException();
        var faults = new List<EventFault<ReadOnlyMemory<int>>>();
        FaultPolicy<ReadOnlyMemory<int>> policy = FaultPolicy<ReadOnlyMemory<int>>.Continue(faults.Add);
        EventSubscription subscription = isAsynchronous
            ? Subscribe(stream.ObserveOn(_time), maxCount: 4, policy)
            : stream.ObserveOn(_time).SubscribeAwaitBatch(4, (batch, _) => batch.Span[0] == 0 ? throw error : ValueTask.CompletedTask, null, policy);

        stream.OnNextRange([0, 1, 2, 3, 4, 5]);
        _time.Start();
        Return(0, error);
        Return(1);

        Assert.That(faults.Select(fault => (fault.Sequence, fault.Exception, fault.Subscription)), Is.EqualTo(new[] { (0L, (Exception)error, subscription) }));
        Assert.That(faults[0].Value.ToArray(), Is.EqualTo(new[] { 0, 1, 2, 3 }));
        Assert.That((subscription.Faults, subscription.Delivered, subscription.Sequence, subscription.Error), Is.EqualTo((4L, 6L, 6L, (Exception?)null)));
    }

    [Test]
    public void Wait_PublishersWaitUntilTheBatchIsHandled()
    {
        using EventStream<int> stream = configuration.Create<int>();
        Subscribe(stream.ObserveOn(_time).WithLagPolicy(LagPolicy.Wait(3)), maxCount: 8);
        Publish(stream, 0, 1, 2);

        Task publishing = stream.OnNextAsync(3).AsTask();
        _time.Start();

        Assert.That(publishing.IsCompleted, Is.False, "The call runs.");
        Return(0);
        Assert.That(publishing.Wait(Eventually.Limit), Is.True);
        _time.Start();
        Assert.That(Batches(), Is.EqualTo(new[] { "0 1 2", "3" }));
    }

    [Test]
    public void DropOldest_DropsBehindTheRunningCallOnly()
    {
        using EventStream<int> stream = configuration.Create<int>();
        EventSubscription subscription = Subscribe(stream.ObserveOn(_time).WithLagPolicy(LagPolicy.DropOldest(3)), maxCount: 2);
        Publish(stream, 0, 1);
        for (int i = 2; i < 100; i++)
        {
            Publish(stream, i);
        }

        Return(0);
        Return(1);
        Return(2);

        Assert.That(Batches(), Is.EqualTo(new[] { "0 1", "97 98", "99" }));
        Assert.That((subscription.Dropped, subscription.Delivered, subscription.Sequence), Is.EqualTo((95L, 5L, 100L)));
    }

    [Test]
    public void Dispose_CallRuns_CancelsItAndCountsItsEventsAsUnhandled()
    {
        using EventStream<int> stream = configuration.Create<int>();
        CancellationToken token = default;
        var call = new ManualCall();
        EventSubscription subscription = stream.ObserveOn(_time).SubscribeAwaitBatch(3, (_, cancellationToken) =>
        {
            token = cancellationToken;
            return call.Task;
        });
        Publish(stream, 0, 1, 2, 3);

        subscription.Dispose();
        Task ended = subscription.WhenEndedAsync();

        Assert.That((token.IsCancellationRequested, ended.IsCompleted, subscription.Sequence, subscription.Delivered), Is.EqualTo((true, false, 0L, 0L)));
        call.Return(new OperationCanceledException(token));
        Assert.That(ended.Wait(Eventually.Limit), Is.True);
        Assert.That((subscription.Sequence, subscription.Error), Is.EqualTo((0L, (Exception?)null)));
    }

    [Test]
    public void End_CallRuns_ComesAfterIt([Values] bool isError)
    {
        using EventStream<int> stream = configuration.Create<int>();
        var log = new List<string>();
        var call = new ManualCall();
        stream.ObserveOn(_time).SubscribeAwaitBatch(
            8, (_, _) => call.Task, new() { OnCompleted = () => log.Add("completed"), OnError = error => log.Add(error.Message) });
        Publish(stream, 0, 1);
        if (isError)
        {
            stream.OnError(new TimeoutException("late"));
        }
        else
        {
            stream.OnCompleted();
        }

        _time.Start();
        Assert.That(log, Is.Empty);
        call.Return();
        _time.Start();
        Assert.That(log, Is.EqualTo(new[] { isError ? "late" : "completed" }));
    }

    [Test]
    public void SeveralCallsAtOnce_SequenceIsTheFirstUnhandled()
    {
        using EventStream<int> stream = configuration.Create<int>();
        EventSubscription subscription = Subscribe(stream.ObserveOn(_time), maxCount: 2, maxConcurrency: 2);
        Publish(stream, 0, 1, 2, 3, 4);

        Assert.That(Batches(), Is.EqualTo(new[] { "0 1", "2 3" }));
        Return(1);
        Assert.That((subscription.Sequence, subscription.Delivered), Is.EqualTo((0L, 2L)));
        Return(0);
        Assert.That((subscription.Sequence, subscription.Delivered), Is.EqualTo((4L, 4L)));
        Assert.That(Batches(), Is.EqualTo(new[] { "0 1", "2 3", "4" }));
    }

    [Test]
    public async Task SeveralPublishers_EveryEventOnceInOrder()
    {
        using EventStream<int> stream = configuration.Create<int>();
        var seen = new List<int>();
        var expected = new List<int>();
        stream.Subscribe(expected.Add);
        EventSubscription subscription = stream.SubscribeAwaitBatch(50, async (batch, _) =>
        {
            seen.AddRange(batch.ToArray());
            if (batch.Span[0] % 2 == 0)
            {
                await Task.Yield();
            }
        });

        await Task.WhenAll(Enumerable.Range(0, configuration.SingleWriter ? 1 : 3).Select(publisher => Task.Run(() =>
        {
            for (int i = 0; i < 3_000; i++)
            {
                stream.OnNext((publisher * 10_000) + i);
            }
        })));
        await Eventually.Ends(subscription.WhenCaughtUpAsync());

        Assert.That(seen, Is.EqualTo(expected));
    }

    [Test]
    public async Task CaptureActivity_LinksToEachPublisherOnce()
    {
        var exported = new List<Activity>();
        using var publishers = new ActivitySource($"publishers {Guid.NewGuid()}");
        using TracerProvider tracing =
            Sdk.CreateTracerProviderBuilder().AddSource("Rx.EventStream", publishers.Name).AddInMemoryExporter(exported).Build();
        using var stream = new EventStream<int>(new EventStreamOptions
        {
            CaptureActivity = true,
            SingleWriter = configuration.SingleWriter,
            SegmentCapacity = configuration.SegmentCapacity,
        });
        EventSubscription subscription = stream.ObserveOn(_time).WithName($"writer {Guid.NewGuid()}").SubscribeAwaitBatch(
            1_000, (_, _) => ValueTask.CompletedTask);
        Activity[] published = [.. Enumerable.Range(0, 3).Select(_ => publishers.StartActivity("publish")!)];
        foreach (Activity publisher in published.Concat(published))
        {
            Activity.Current = publisher;
            stream.OnNextRange([1, 2, 3]);
            stream.OnNext(4);
            stream.OnNext(5);
        }

        Activity.Current = null;
        stream.OnNext(6);
        await Task.Run(_time.Start);

        Activity handled = exported.ToArray().Single(activity => activity.DisplayName == $"handle {subscription.Name}");
        Assert.That(handled.Links.Select(link => link.Context), Is.EqualTo(published.Select(publisher => publisher.Context)));
        Assert.That((handled.GetTagItem("rx.eventstream.sequence"), handled.GetTagItem("rx.eventstream.count")), Is.EqualTo((0L, 31)));
    }

    [Test]
    public void Arguments_NotValid_Throw()
    {
        using EventStream<int> stream = configuration.Create<int>();
        Assert.That(() => stream.SubscribeAwaitBatch(0, (_, _) => default), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => stream.SubscribeAwaitBatch(1, null!), Throws.ArgumentNullException);
        Assert.That(
            () => stream.WithFaultPolicy(FaultPolicy<int>.Continue(_ => { })).SubscribeAwaitBatch(1, (_, _) => default),
            Throws.InvalidOperationException.With.Message.Contains("concerns several"));
        Assert.That(
            () => stream.ObserveOn(ImmediateScheduler.Instance).SubscribeAwaitBatch(1, (_, _) => default),
            Throws.InvalidOperationException.With.Message.Contains("ImmediateScheduler"));
        Assert.That(stream.HasObservers, Is.False);
    }

    private EventSubscription Subscribe(
        EventObservable<int> events, int maxCount, FaultPolicy<ReadOnlyMemory<int>>? faults = null, int maxConcurrency = 1) =>
        events.SubscribeAwaitBatch(
            maxCount,
            (batch, _) =>
            {
                var call = new ManualCall();
                _calls.Add((batch.ToArray(), call));
                return call.Task;
            },
            new() { MaxConcurrency = maxConcurrency },
            faults);

    private void Publish(EventStream<int> stream, params int[] values)
    {
        stream.OnNextRange(values);
        _time.Start();
    }

    /// <summary>Has a call return, if there was one.</summary>
    private void Return(int call, Exception? error = null)
    {
        if (call < _calls.Count)
        {
            _calls[call].Call.Return(error);
            _time.Start();
        }
    }

    private IEnumerable<string> Batches() => _calls.Select(call => string.Join(' ', call.Values));
}
