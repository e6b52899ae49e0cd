using System.Reactive.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Handlers;

/// <summary>What a handler that awaits sees, on every kind of stream and scheduler.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class SubscribeAwaitTests(StreamConfiguration configuration)
{
    [TestCaseSource(typeof(SchedulerCase), nameof(SchedulerCase.All))]
    public void SubscribeAwait_AnyScheduler_CallsInOrderOneAtATimeThenCompletes(SchedulerCase schedulerCase)
    {
        using SchedulerUnderTest on = schedulerCase.Create();
        using EventStream<int> stream = configuration.Create<int>();
        var calls = new RecordingObserver<int>();
        bool isCompleted = false;
        EventSubscription subscription = stream.ObserveOn(on.Scheduler).SubscribeAwait(
            async (value, _) =>
            {
                calls.OnNext(value); // notes an overlap
                if (value % 3 == 0)
                {
                    await Task.Yield();
                }
            },
            new() { OnCompleted = () => Volatile.Write(ref isCompleted, true) });

        stream.OnNextRange([.. Enumerable.Range(0, 50)]);
        stream.OnNext(50);
        stream.OnCompleted();
        Eventually.IsTrue(
            () =>
            {
                on.Run();
                return Volatile.Read(ref isCompleted);
            },
            "The stream's completion arrives.");

        Assert.That(calls.Values, Is.EqualTo(Enumerable.Range(0, 51)));
        Assert.That(calls.Violations, Is.Empty);
        Assert.That((subscription.Delivered, subscription.Sequence, subscription.Lag, subscription.Faults), Is.EqualTo((51L, 51L, 0L, 0L)));
        Assert.That(subscription.WhenEndedAsync().Wait(Eventually.Limit), Is.True);
    }

    /// <summary>What waits for its key when the subscription ends is not handled, also where the last call completes synchronously.</summary>
    [Test]
    public void Dispose_InsideACallOfAKey_WhatWaitsStaysUnhandled([Values] bool isStream, [Values] bool hasOtherKey)
    {
        using EventStream<int> stream = configuration.Create<int>();
        var time = new HistoricalScheduler();
        var first = new ManualCall();
        EventSubscription? subscription = null;
        subscription = stream.ObserveOn(time).SubscribeAwait(
            (value, _) =>
            {
                if (value == 0)
                {
                    return first.Task;
                }

                if (value == 1)
                {
                    (isStream ? (IDisposable)stream : subscription!).Dispose();
                }

                return ValueTask.CompletedTask;
            },
            new() { MaxConcurrency = 3, PartitionKey = value => hasOtherKey && value == 3 });
        stream.OnNextRange([0, 1, 2, 3, 4]);
        time.Start();

        first.Return();
        time.Start();

        Assert.That((subscription.Sequence, subscription.Delivered), Is.EqualTo((2L, hasOtherKey ? 3L : 2L)));
    }

    /// <summary>The event before is handled, and a service that starts again at the number does not handle it twice.</summary>
    [Test]
    public void SubscribeAwait_NextCallOfTheKeyEndsIt_SequenceIsThatEvent(
        [Values("throw", "dispose and throw", "dispose and await")] string how, [Values] bool hasOtherKey, [Values] bool isStream)
    {
        using EventStream<int> stream = configuration.Create<int>();
        var time = new HistoricalScheduler();
        ManualCall first = new(), second = new();
        EventSubscription? subscription = null;
        subscription = stream.ObserveOn(time.Catch<NotSupportedException>(static _ => true)).SubscribeAwait(
            (value, _) =>
            {
                if (value != 1)
                {
                    return value == 0 ? first.Task : ValueTask.CompletedTask;
                }

                if (how != "throw")
                {
                    (isStream ? (IDisposable)stream : subscription!).Dispose();
                }

                return how == "dispose and await" ? second.Task : throw new NotSupportedException();
            },
            new() { MaxConcurrency = 2, PartitionKey = value => hasOtherKey && value == 2 });
        stream.OnNextRange([0, 1, 2]);
        time.Start();

        first.Return();
        time.Start();

        Assert.That((subscription.IsDisposed, subscription.Sequence, subscription.Delivered), Is.EqualTo((true, 1L, hasOtherKey ? 2L : 1L)));
    }

    [Test]
    public void SubscribeAwait_NoScheduler_CallsOnThePool()
    {
        using EventStream<int> stream = configuration.Create<int>();
        var isPool = new TaskCompletionSource<bool>();
        stream.SubscribeAwait((_, _) =>
        {
            isPool.SetResult(Thread.CurrentThread.IsThreadPoolThread);
            return ValueTask.CompletedTask;
        });

        stream.OnNext(0);

        Assert.That(isPool.Task.Wait(Eventually.Limit) && isPool.Task.Result, Is.True);
    }

    [Test]
    public void SubscribeAwait_CallRuns_NextCallAndEndWaitAndSequenceStays()
    {
        var run = new HandlerRun(configuration, new());
        run.Publish(0, 1);
        run.Stream.OnCompleted();
        run.Time.Start();

        Assert.That(run.Log, Is.EqualTo(new[] { "begin 0" }));
        Assert.That((run.Subscription.Sequence, run.Subscription.Delivered, run.Subscription.Lag), Is.EqualTo((0L, 0L, 2L)));
        run.Return(0);
        Assert.That((run.Subscription.Sequence, run.Subscription.Delivered, run.Subscription.Lag), Is.EqualTo((1L, 1L, 1L)));
        run.Return(1);
        Assert.That(run.Log, Is.EqualTo(new[] { "begin 0", "end 0", "begin 1", "end 1", "completed" }));
        Assert.That(run.Subscription.IsDisposed, Is.True);
    }

    [Test]
    public void SubscribeAwait_SeveralAtOnce_SequenceIsTheFirstUnhandledEvent()
    {
        var run = new HandlerRun(configuration, new() { MaxConcurrency = 2 });
        run.Publish(0, 1, 2);

        Assert.That(run.Log, Is.EqualTo(new[] { "begin 0", "begin 1" }));
        run.Return(1);
        Assert.That(run.Log, Is.EqualTo(new[] { "begin 0", "begin 1", "end 1", "begin 2" }));
        Assert.That((run.Subscription.Sequence, run.Subscription.Delivered), Is.EqualTo((0L, 1L)));
        run.Return(0);
        Assert.That((run.Subscription.Sequence, run.Subscription.Delivered), Is.EqualTo((2L, 2L)));
        run.Return(2);
        Assert.That((run.Subscription.Sequence, run.Subscription.Delivered), Is.EqualTo((3L, 3L)));
    }

    [Test]
    public void SubscribeAwait_PartitionKey_KeysRunSideBySideAndEachInOrder()
    {
        var run = new HandlerRun(configuration, new() { MaxConcurrency = 3, PartitionKey = value => value % 10 });
        run.Publish(1, 11, 21, 2);

        Assert.That(run.Log, Is.EqualTo(new[] { "begin 1", "begin 2" }));
        run.Return(2);
        Assert.That(run.Subscription.Sequence, Is.EqualTo(0));
        run.Return(1);
        run.Return(11);
        run.Return(21);
        Assert.That(run.Log.Skip(2), Is.EqualTo(new[] { "end 2", "end 1", "begin 11", "end 11", "begin 21", "end 21" }));
        Assert.That((run.Subscription.Sequence, run.Subscription.Delivered), Is.EqualTo((4L, 4L)));
    }

    [Test]
    public void SubscribeAwait_NullKey_IsAKeyLikeAnyOther()
    {
        var run = new HandlerRun(configuration, new() { MaxConcurrency = 3, PartitionKey = value => value < 10 ? null : "" });
        run.Publish(1, 2, 11);

        Assert.That(run.Log, Is.EqualTo(new[] { "begin 1", "begin 11" }));
        run.Return(1);
        Assert.That(run.Log.Last(), Is.EqualTo("begin 2"));
    }

    [Test]
    public void SubscribeAwait_LatestWhileTheHandlerRuns_ContinuesWithTheNewest([Values] bool isPartitioned)
    {
        var run = new HandlerRun(
            configuration,
            new() { PartitionKey = isPartitioned ? _ => 1 : null, MaxConcurrency = isPartitioned ? 4 : 1 },
            o => o.WithLagPolicy(LagPolicy.Latest));
        run.Publish(0);
        run.Publish(1, 2, 3);
        run.Return(0);

        Assert.That(run.Log, Is.EqualTo(new[] { "begin 0", "end 0", "begin 3" }));
        Assert.That((run.Subscription.Dropped, run.Subscription.Sequence), Is.EqualTo((2L, 3L)));
        run.Return(3);
        Assert.That((run.Subscription.Dropped, run.Subscription.Delivered, run.Subscription.Sequence), Is.EqualTo((2L, 2L, 4L)));
    }

    [Test]
    public void SubscribeAwait_FailWhileTheHandlerRuns_ErrorAfterTheLastCall()
    {
        var run = new HandlerRun(configuration, new(), o => o.WithLagPolicy(LagPolicy.Fail(2)));
        run.Publish(0);
        run.Publish(1, 2, 3, 4);
        Assert.That(run.Log, Is.EqualTo(new[] { "begin 0" }));
        run.Return(0);

        Assert.That(run.Log, Is.EqualTo(new[] { "begin 0", "end 0", "error SubscriberLaggedException" }));
        Assert.That(run.Subscription.Error, Is.TypeOf<SubscriberLaggedException>());
    }

    [Test]
    public void SubscribeAwait_Wait_CountsWhatIsNotHandled()
    {
        var run = new HandlerRun(configuration, new() { MaxConcurrency = 2 }, o => o.WithLagPolicy(LagPolicy.Wait(2)));
        run.Publish(0, 1);
        Task<long> third = run.Stream.OnNextAsync(2).AsTask();
        run.Time.Start();

        Assert.That(run.Log, Is.EqualTo(new[] { "begin 0", "begin 1" }));
        run.Return(1); // event 0 is the first unhandled one, and still runs
        Assert.That(third.IsCompleted, Is.False);
        run.Return(0);
        Assert.That(third.Wait(Eventually.Limit) && third.Result == 2, Is.True);
    }

    [Test]
    public void WhenCaughtUpAsync_CallRuns_WaitsForIt()
    {
        var run = new HandlerRun(configuration, new());
        run.Publish(0);
        Task caughtUp = run.Subscription.WhenCaughtUpAsync();
        Task all = run.Stream.WhenCaughtUpAsync();

        Assert.That((caughtUp.IsCompleted, all.IsCompleted), Is.EqualTo((false, false)));
        run.Return(0);
        Assert.That(Task.WaitAll([caughtUp, all], Eventually.Limit), Is.True);
    }

    [Test]
    public void Dispose_CallRuns_TokenCanceledNoFurtherCallAndEndedWhenItReturns()
    {
        var run = new HandlerRun(configuration, new());
        run.Publish(0, 1);
        Task ended = run.Subscription.WhenEndedAsync();
        Assert.That(run.Token.IsCancellationRequested, Is.False);

        run.Subscription.Dispose();

        Assert.That(run.Token.IsCancellationRequested, Is.True);
        Assert.That(ended.IsCompleted, Is.False);
        run.Return(0);
        Assert.That(ended.Wait(Eventually.Limit), Is.True);
        Assert.That(run.Log, Is.EqualTo(new[] { "begin 0", "end 0" }));
        Assert.That(run.Subscription.WhenEndedAsync().Wait(Eventually.Limit), Is.True);
    }

    [Test]
    public void Dispose_CallThenThrowsAtOnce_EventIsNotHandled([Values] bool isPartitioned, [Values(1, 3)] int maxConcurrency, [Values] bool throws)
    {
        using EventStream<int> stream = configuration.Create<int>();
        var time = new HistoricalScheduler();
        EventSubscription subscription = null!;
        subscription = stream.ObserveOn(time).SubscribeAwait(
            (value, cancellationToken) =>
            {
                if (value == 2)
                {
                    subscription.Dispose();
                    if (throws)
                    {
                        cancellationToken.ThrowIfCancellationRequested();
                    }
                }

                return ValueTask.CompletedTask;
            },
            new() { PartitionKey = isPartitioned ? static value => value : null, MaxConcurrency = maxConcurrency });

        stream.OnNextRange([1, 2, 3]);
        time.Start();

        // A checkpoint stores this number: a service that starts again handles the event that was canceled.
        Assert.That((subscription.Sequence, subscription.Delivered), Is.EqualTo(throws ? (1L, 1L) : (2L, 2L)));
    }

    [Test]
    public void Dispose_InsideTheHandler_IsTheLastCall()
    {
        using EventStream<int> stream = configuration.Create<int>();
        var time = new HistoricalScheduler();
        int calls = 0;
        EventSubscription? subscription = null;
        subscription = stream.ObserveOn(time).SubscribeAwait(async (_, token) =>
        {
            calls++;
            subscription!.Dispose();
            await Task.Yield();
            token.ThrowIfCancellationRequested();
        });

        stream.OnNextRange([1, 2]);
        time.Start();

        Assert.That(subscription.WhenEndedAsync().Wait(Eventually.Limit), Is.True);
        Assert.That((calls, subscription.Error), Is.EqualTo((1, (Exception?)null)));
    }

    [Test]
    public void Dispose_InsideTheHandlerThatThenThrows_DropsTheException([Values] bool isAsynchronous, [Values] bool continues)
    {
        using EventStream<int> stream = configuration.Create<int>();
        var time = new HistoricalScheduler();
        int faults = 0;
        EventSubscription? subscription = null;
        subscription = stream.ObserveOn(time)
            .WithFaultPolicy(continues ? FaultPolicy<int>.Continue(_ => faults++) : FaultPolicy<int>.Stop)
            .SubscribeAwait((_, _) =>
            {
                subscription!.Dispose();
                return isAsynchronous ? ValueTask.FromException(new TimeoutException()) : throw new TimeoutException();
            });

        stream.OnNext(1);
        time.Start();

        Assert.That((faults, subscription.Faults, subscription.Error), Is.EqualTo((0, 0L, (Exception?)null)));
    }

    [Test]
    public void StreamDispose_CallRuns_NoEndIsTold()
    {
        var run = new HandlerRun(configuration, new());
        run.Publish(0);
        run.Stream.Dispose();
        run.Return(0);

        Assert.That(run.Log, Is.EqualTo(new[] { "begin 0", "end 0" }));
        Assert.That(run.Subscription.WhenEndedAsync().Wait(Eventually.Limit), Is.True);
    }

    [Test]
    public void SubscribeAwait_StreamFails_OnErrorAfterTheLastCall()
    {
        var run = new HandlerRun(configuration, new());
        run.Publish(0);
        run.Stream.OnError(new TimeoutException());
        run.Return(0);

        Assert.That(run.Log, Is.EqualTo(new[] { "begin 0", "end 0", "error TimeoutException" }));
    }

    [Test]
    public void SubscribeAwait_StreamFailsAndNoOnError_ErrorLeavesTheScheduledAction()
    {
        using EventStream<int> stream = configuration.Create<int>();
        using var on = new SchedulerUnderTest(new HistoricalScheduler());
        stream.ObserveOn(on.Catching).SubscribeAwait((_, _) => ValueTask.CompletedTask);
        var error = new TimeoutException();

        stream.OnError(error);
        ((HistoricalScheduler)on.Scheduler).Start();

        Assert.That(on.Caught, Is.EqualTo(new[] { error }));
    }

    [Test]
    public void SubscribeAwait_FromPosition_ReplaysThroughTheHandler()
    {
        using EventStream<int> stream = configuration.Create<int>();
        using EventPosition<int> position = stream.GetNextPosition();
        stream.OnNextRange([1, 2, 3]);
        var values = new List<int>();

        EventSubscription subscription = position.AsObservable().SubscribeAwait((value, _) =>
        {
            values.Add(value);
            return ValueTask.CompletedTask;
        });

        Assert.That(subscription.WhenCaughtUpAsync().Wait(Eventually.Limit), Is.True);
        Assert.That(values, Is.EqualTo(new[] { 1, 2, 3 }));
    }

    [Test]
    public void SubscribeAwait_WrongArguments_AreNamed()
    {
        using EventStream<int> stream = configuration.Create<int>();

        Assert.That(() => stream.SubscribeAwait(null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("handler"));
        Assert.That(
            () => new SubscribeAwaitOptions<int> { MaxConcurrency = 0 },
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("from 1 to"));
        Assert.That(
            () => stream.ObserveOn(ImmediateScheduler.Instance).SubscribeAwait((_, _) => ValueTask.CompletedTask),
            Throws.InvalidOperationException.With.Message.Contains("ImmediateScheduler"));
        Assert.That(stream.HasObservers, Is.False);
    }
}
