using System.Diagnostics.Metrics;
using System.Reactive.Concurrency;
using Rx.Diagnostics;
using Rx.Tests.Contract;
using Rx.Tests.Delivery;

namespace Rx.Tests.Handlers;

/// <summary>What happens when an observer on a scheduler, or a handler, throws.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class FaultPolicyTests(StreamConfiguration configuration)
{
    [TestCaseSource(typeof(SchedulerCase), nameof(SchedulerCase.All))]
    public void Continue_ObserverThrows_ReportsAndGoesOn(SchedulerCase schedulerCase)
    {
        using SchedulerUnderTest on = schedulerCase.Create();
        using EventStream<int> stream = configuration.Create<int>();
        var error = new TimeoutException();
        var faults = new List<EventFault<int>>();
        var observer = new RecordingObserver<int>(value => Throw(value % 2 == 1, error));
        EventSubscription subscription =
            stream.ObserveOn(on.Scheduler).WithFaultPolicy(FaultPolicy<int>.Continue(faults.Add)).Subscribe(observer);

        stream.OnNextRange([0, 1, 2]);
        stream.OnNext(3);
        stream.OnCompleted();
        on.RunUntil(() => observer.IsEnded, "The observer ends.");

        Assert.That(observer.Values, Is.EqualTo(new[] { 0, 1, 2, 3 }));
        Assert.That(observer.IsCompleted, Is.True);
        Assert.That(
            faults,
            Is.EqualTo(new[] { new EventFault<int>(1, 1, error, subscription), new EventFault<int>(3, 3, error, subscription) }));
        Assert.That((subscription.Faults, subscription.Delivered, subscription.Error), Is.EqualTo((2L, 4L, (Exception?)null)));
    }

    /// <summary>The call cannot be awaited: it counts as returned.</summary>
    [Test]
    public async Task Handler_ReturnsATaskThatOtherCodeAwaits_IsAFault([Values] bool continues, [Values] bool inBatches)
    {
        using EventStream<int> stream = configuration.Create<int>();
        var errors = new List<Exception>();
        EventObservable<int> source = stream.WithLagPolicy(LagPolicy.Wait(2)).ObserveOn(
            TaskPoolScheduler.Default.Catch<InvalidOperationException>(_ => true));
        EventSubscription subscription = inBatches
            ? source.SubscribeAwaitBatch(
                1, (_, _) => Awaited(), null, continues ? FaultPolicy<ReadOnlyMemory<int>>.Continue(f => errors.Add(f.Exception)) : null)
            : source.WithFaultPolicy(continues ? FaultPolicy<int>.Continue(f => errors.Add(f.Exception)) : FaultPolicy<int>.Stop)
                .SubscribeAwait((_, _) => Awaited());

        for (int i = 0; i < 5; i++)
        {
            await Eventually.Ends(stream.OnNextAsync(i).AsTask());
        }

        await Eventually.Ends(stream.WhenCaughtUpAsync());
        if (continues)
        {
            Assert.That((errors.Count, subscription.Faults, subscription.Delivered), Is.EqualTo((5, 5L, 5L)));
            subscription.Dispose();
        }

        await Eventually.Ends(subscription.WhenEndedAsync());
        Assert.That(continues ? errors[0] : subscription.Error, Is.InstanceOf<InvalidOperationException>());

        static ValueTask Awaited()
        {
            var call = new ManualCall();
            call.Task.GetAwaiter().OnCompleted(() => { });
            return call.Task;
        }
    }

    /// <summary>The source of the task breaks its contract: each call is settled once all the same.</summary>
    [Test]
    public async Task Handler_TaskContinuesTwiceOrThrowsAfterIt_IsSettledOnce([Values] bool throws)
    {
        using EventStream<int> stream = configuration.Create<int>();
        EventSubscription subscription = stream.WithLagPolicy(LagPolicy.Wait(2)).SubscribeAwait((_, _) => new ValueTask(new BrokenSource(throws), 0));

        for (int i = 0; i < 50; i++)
        {
            await Eventually.Ends(stream.OnNextAsync(i).AsTask());
        }

        await Eventually.Ends(stream.WhenCaughtUpAsync());
        stream.OnCompleted();
        await Eventually.Ends(subscription.WhenEndedAsync());
        Assert.That((subscription.Delivered, subscription.Faults, subscription.Error), Is.EqualTo((50L, 0L, (Exception?)null)));
    }

    [Test]
    public void Continue_HandlerThrows_ReportsAndGoesOn([Values] bool isAsynchronous, [Values(1, 3)] int maxConcurrency)
    {
        using EventStream<int> stream = configuration.Create<int>();
        var error = new TimeoutException();
        var faults = new List<EventFault<int>>();
        using var done = new ManualResetEventSlim();
        EventSubscription subscription = stream.WithFaultPolicy(FaultPolicy<int>.Continue(faults.Add)).SubscribeAwait(
            async (value, _) =>
            {
                if (isAsynchronous)
                {
                    await Task.Yield();
                }

                Throw(value % 2 == 1, error);
            },
            new() { MaxConcurrency = maxConcurrency, OnCompleted = done.Set });

        stream.OnNextRange([0, 1, 2, 3]);
        stream.OnCompleted();
        Assert.That(done.Wait(Eventually.Limit), Is.True);

        Assert.That(faults.Select(f => (f.Value, f.Sequence, f.Exception)), Is.EquivalentTo(new[] { (1, 1L, error), (3, 3L, error) }));
        Assert.That((subscription.Faults, subscription.Delivered), Is.EqualTo((2L, 4L)));
    }

    [Test]
    public void Stop_HandlerThrows_EndsAndLeavesTheScheduledAction([Values] bool isAsynchronous)
    {
        using EventStream<int> stream = configuration.Create<int>();
        using var on = new SchedulerUnderTest(new HistoricalScheduler());
        var time = (HistoricalScheduler)on.Scheduler;
        var error = new TimeoutException();
        var call = new ManualCall();
        EventSubscription subscription = stream.ObserveOn(on.Catching).SubscribeAwait(
            (_, _) => isAsynchronous ? call.Task : throw error);

        stream.OnNextRange([1, 2]);
        time.Start();
        if (isAsynchronous)
        {
            call.Return(error);
            time.Start();
        }

        Assert.That(on.Caught, Is.EqualTo(new[] { error }));
        Assert.That(
            (subscription.IsDisposed, subscription.Error, subscription.Sequence, subscription.Faults), Is.EqualTo((true, error, 0L, 0L)), "A fault lets it go on.");
        Assert.That(subscription.WhenEndedAsync().Wait(Eventually.Limit), Is.True);
    }

    [Test]
    public void Continue_ReportThrows_EndsWithThatException([Values] bool isHandler)
    {
        using EventStream<int> stream = configuration.Create<int>();
        using var on = new SchedulerUnderTest(new HistoricalScheduler());
        var error = new TimeoutException();
        EventObservable<int> observable =
            stream.ObserveOn(on.Catching).WithFaultPolicy(FaultPolicy<int>.Continue(_ => throw error));
        EventSubscription subscription = isHandler
            ? observable.SubscribeAwait((_, _) => throw new InvalidOperationException())
            : observable.Subscribe(new RecordingObserver<int>(_ => throw new InvalidOperationException()));

        stream.OnNextRange([1, 2]);
        ((HistoricalScheduler)on.Scheduler).Start();

        Assert.That(on.Caught, Is.EqualTo(new[] { error }));
        Assert.That((subscription.IsDisposed, subscription.Error, subscription.Faults), Is.EqualTo((true, error, 1L)));
    }

    [Test]
    public void Continue_PartitionKeyThrows_IsAFaultOfTheEvent()
    {
        using EventStream<int> stream = configuration.Create<int>();
        var time = new HistoricalScheduler();
        var faults = new List<EventFault<int>>();
        var values = new List<int>();
        stream.ObserveOn(time).WithFaultPolicy(FaultPolicy<int>.Continue(faults.Add)).SubscribeAwait(
            (value, _) =>
            {
                values.Add(value);
                return ValueTask.CompletedTask;
            },
            new() { PartitionKey = value => value == 2 ? throw new FormatException() : value });

        stream.OnNextRange([1, 2, 3]);
        time.Start();

        Assert.That(values, Is.EqualTo(new[] { 1, 3 }));
        Assert.That(faults.Single().Exception, Is.TypeOf<FormatException>());
    }

    [Test]
    public void Continue_KeysOwnHashThrows_IsAFaultOfTheEvent()
    {
        using EventStream<int> stream = configuration.Create<int>();
        var time = new HistoricalScheduler();
        var faults = new List<EventFault<int>>();
        var values = new List<int>();
        stream.ObserveOn(time).WithFaultPolicy(FaultPolicy<int>.Continue(faults.Add)).SubscribeAwait(
            (value, _) =>
            {
                values.Add(value);
                return ValueTask.CompletedTask;
            },
            new() { PartitionKey = value => new Key(value) });

        stream.OnNextRange([1, 2, 3]);
        time.Start();

        Assert.That(values, Is.EqualTo(new[] { 1, 3 }));
        Assert.That(faults.Single().Exception, Is.TypeOf<FormatException>());
    }

    /// <summary>Keys are compared when an event's key is looked up. To give a key back takes no comparison, which could throw for an event that
    /// was handled.</summary>
    [Test]
    public void Continue_KeysEqualsThrows_IsAFaultOfTheEventLookedUp([Values] bool continues)
    {
        using EventStream<int> stream = configuration.Create<int>();
        var time = new HistoricalScheduler();
        var faults = new List<EventFault<int>>();
        var calls = new Dictionary<int, ManualCall>();
        bool throws = false;
        EventSubscription subscription = stream.ObserveOn(time)
            .WithFaultPolicy(continues ? FaultPolicy<int>.Continue(faults.Add) : FaultPolicy<int>.Stop)
            .SubscribeAwait(
                (value, _) => (calls[value] = new ManualCall()).Task,
                new() { PartitionKey = value => new KeyOfOneHash(value % 10, () => throws), MaxConcurrency = 3 });

        stream.OnNextRange([0, 10, 1, 2]);
        time.Start();
        throws = true;
        calls[2].Return();
        time.Start();
        calls[0].Return();
        time.Start();
        calls[1].Return();
        time.Start();
        calls[10].Return();
        time.Start();

        Assert.That((subscription.Error, subscription.Sequence, subscription.Faults), Is.EqualTo(((Exception?)null, 4L, 0L)));

        stream.OnNext(3);
        time.Start();
        Assert.That(calls.Keys, Is.EqualTo(new[] { 0, 1, 2, 10, 3 }), "No key is busy: there is nothing to compare with.");
        stream.OnNext(4);
        if (continues)
        {
            time.Start();
            Assert.That(faults.Select(fault => (fault.Value, fault.Exception.GetType())), Is.EqualTo(new[] { (4, typeof(FormatException)) }));
            calls[3].Return();
            time.Start();
            Assert.That((subscription.Error, subscription.Sequence, subscription.Faults), Is.EqualTo(((Exception?)null, 6L, 1L)));
        }
        else
        {
            Assert.That(time.Start, Throws.TypeOf<FormatException>());
            Assert.That(subscription.Error, Is.TypeOf<FormatException>());
        }
    }

    [Test]
    public void Continue_WithSequence_ReportsTheEvent()
    {
        using EventStream<int> stream = configuration.Create<int>();
        var time = new HistoricalScheduler();
        var faults = new List<EventFault<int>>();
        var seen = new List<long>();
        stream.ObserveOn(time).WithFaultPolicy(FaultPolicy<int>.Continue(faults.Add)).WithSequence().Subscribe(e =>
        {
            seen.Add(e.Sequence);
            Throw(e.Value == 20, new TimeoutException());
        });

        stream.OnNextRange([10, 20, 30]);
        time.Start();

        Assert.That(seen, Is.EqualTo(new[] { 0L, 1L, 2L }));
        Assert.That(faults.Single() is { Value: 20, Sequence: 1 }, Is.True);
    }

    [Test]
    public void Continue_LagPolicyLatest_ConflatesAsEver()
    {
        using EventStream<int> stream = configuration.Create<int>();
        var time = new HistoricalScheduler();
        var observer = new RecordingObserver<int>(_ => throw new TimeoutException());
        EventSubscription subscription = stream.ObserveOn(time)
            .WithLagPolicy(LagPolicy.Latest)
            .WithFaultPolicy(FaultPolicy<int>.Continue(_ => { }))
            .Subscribe(observer);

        stream.OnNextRange([1, 2, 3]);
        time.Start();

        Assert.That(observer.Values, Is.EqualTo(new[] { 3 }));
        Assert.That((subscription.Faults, subscription.Dropped), Is.EqualTo((1L, 2L)));
    }

    [Test]
    public void Continue_WhereItHasNoMeaning_IsRefusedWithTheReason()
    {
        using EventStream<int> stream = configuration.Create<int>();
        EventObservable<int> guarded = stream.WithFaultPolicy(FaultPolicy<int>.Continue(_ => { }));
        EventObservable<int> scheduled = guarded.ObserveOn(new HistoricalScheduler());
        var observer = new RecordingObserver<int>();

        Assert.That(() => guarded.Subscribe(observer), Throws.InvalidOperationException.With.Message.Contains("needs a scheduler"));
        Assert.That(() => scheduled.Batch(2).Subscribe(_ => { }), Throws.InvalidOperationException.With.Message.Contains("a batch"));
        Assert.That(() => scheduled.ToProjection(0, (a, b) => a + b), Throws.InvalidOperationException.With.Message.Contains("a projection"));
        Assert.That(
            () => scheduled.ObserveLatestByKeyOn(x => x, new HistoricalScheduler()).Subscribe(observer),
            Throws.InvalidOperationException.With.Message.Contains("each key"));
        Assert.That(() => stream.WithFaultPolicy(null!), Throws.ArgumentNullException);
        Assert.That(() => FaultPolicy<int>.Continue(null!), Throws.ArgumentNullException);
        Assert.That(stream.HasObservers, Is.False);
        Assert.That(() => guarded.WithFaultPolicy(FaultPolicy<int>.Stop).Subscribe(observer), Throws.Nothing);
    }

    [Test]
    public void Meter_Faults_AreCountedWhileSubscribedAndAfterwards()
    {
        string name = $"faults {Guid.NewGuid()}";
        using EventStream<int> stream = new(new EventStreamOptions
        {
            Name = name,
            SingleWriter = configuration.SingleWriter,
            SegmentCapacity = configuration.SegmentCapacity,
        });
        var time = new HistoricalScheduler();
        EventSubscription subscription = stream.ObserveOn(time)
            .WithFaultPolicy(FaultPolicy<int>.Continue(_ => { }))
            .Subscribe(new RecordingObserver<int>(_ => throw new TimeoutException()));

        stream.OnNextRange([1, 2]);
        time.Start();

        Assert.That(Measured(), Is.EqualTo(2));
        subscription.Dispose();
        Assert.That(Measured(), Is.EqualTo(2));

        long Measured()
        {
            long measured = -1;
            using var listener = new MeterListener
            {
                InstrumentPublished = (instrument, self) =>
                {
                    if (instrument.Meter.Name == StreamMeter.MeterName && instrument.Name == "rx.eventstream.faults")
                    {
                        self.EnableMeasurementEvents(instrument);
                    }
                },
            };
            listener.SetMeasurementEventCallback<long>((_, value, tags, _) => measured = Equals(tags[0].Value, name) ? value : measured);
            listener.Start();
            listener.RecordObservableInstruments();
            return measured;
        }
    }

    private static void Throw(bool does, Exception error)
    {
        if (does)
        {
            throw error;
        }
    }

    private sealed record Key(int Value)
    {
        public override int GetHashCode() => Value == 2 ? throw new FormatException() : Value;
    }
}
