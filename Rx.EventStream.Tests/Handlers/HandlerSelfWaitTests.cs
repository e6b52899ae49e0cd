using Rx.Tests.Contract;

namespace Rx.Tests.Handlers;

/// <summary>A handler that publishers wait for publishes to its own stream, which has no room.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class HandlerSelfWaitTests(StreamConfiguration configuration)
{
    /// <summary>The ways to publish an event and to wait for room.</summary>
    private static readonly TestCaseData<Func<EventStream<int>, Task>>[] _ways =
    [
        Case("OnNext", stream =>
        {
            stream.OnNext(1);
            return Task.CompletedTask;
        }),
        Case("OnNextAsync", stream => stream.OnNextAsync(1).AsTask()),
        Case("OnNextRangeAsync", stream => stream.OnNextRangeAsync(new[] { 1 }).AsTask()),
        Case("ChannelWriter", stream => stream.AsChannelWriter().WriteAsync(1).AsTask()),
        Case("WaitToWriteAsync", stream => stream.AsChannelWriter().WaitToWriteAsync().AsTask()),
        Case("Task.Run", stream => Task.Run(() => stream.OnNextAsync(1).AsTask())),
    ];

    [TestCaseSource(nameof(_ways))]
    public void SubscribeAwait_HandlerWaitsForRoomThatItsReturnMakes_Throws(Func<EventStream<int>, Task> publish)
    {
        using EventStream<int> stream = configuration.Create<int>();
        var thrown = new TaskCompletionSource<Exception>();
        EventSubscription subscription = stream
            .WithLagPolicy(LagPolicy.Wait(1))
            .WithFaultPolicy(FaultPolicy<int>.Continue(fault => thrown.SetResult(fault.Exception)))
            .SubscribeAwait(async (_, _) =>
            {
                await Task.Yield();
                await publish(stream);
            });

        stream.OnNext(0);

        Assert.That(thrown.Task.Wait(Eventually.Limit), Is.True, "The call waits for itself.");
        Assert.That(thrown.Task.Result, Is.TypeOf<InvalidOperationException>().With.Message.Contains("handler"));
        Assert.That(subscription.WhenCaughtUpAsync().Wait(Eventually.Limit), Is.True);
        Assert.That((subscription.Sequence, subscription.Faults), Is.EqualTo((1L, 1L)));
    }

    /// <summary>What runs when the token is canceled publishes: the subscription has ended, so publishers wait for it no longer.</summary>
    [TestCaseSource(nameof(_ways))]
    public async Task Dispose_TheTokensCallbackPublishes_NeitherWaits(Func<EventStream<int>, Task> publish)
    {
        foreach (string kind in new[] { "calls", "by key", "batches" })
        {
            using EventStream<int> stream = configuration.Create<int>();
            var hasBegun = new TaskCompletionSource();
            EventObservable<int> waited = stream.WithLagPolicy(LagPolicy.Wait(1));
            EventSubscription subscription = kind == "batches"
                ? waited.SubscribeAwaitBatch(1, (_, token) => CallAsync(token))
                : waited.SubscribeAwait((_, token) => CallAsync(token), new() { PartitionKey = kind == "by key" ? static value => value : null });
            stream.OnNext(0);
            await Eventually.Ends(hasBegun.Task);

            await Eventually.Ends(Eventually.OnThread(subscription.Dispose));

            await Eventually.Ends(Eventually.OnThread(() => stream.OnNext(2)));
            await Eventually.Ends(subscription.WhenEndedAsync());

            async ValueTask CallAsync(CancellationToken token)
            {
                var hasPublished = new TaskCompletionSource();
                using CancellationTokenRegistration registration = token.Register(() =>
                {
                    publish(stream).Wait(Eventually.Limit);
                    hasPublished.SetResult();
                });
                hasBegun.SetResult();
                await hasPublished.Task;
            }
        }
    }

    [Test]
    public void SubscribeAwait_SeveralCalls_EachMayPublishWhileThereIsRoom()
    {
        using EventStream<int> stream = configuration.Create<int>();
        using EventSubscription subscription = stream.WithLagPolicy(LagPolicy.Wait(100)).SubscribeAwait(
            async (value, token) =>
            {
                await Task.Yield();
                if (value < 20)
                {
                    await stream.OnNextAsync(100 + value, token);
                }
            },
            new() { MaxConcurrency = configuration.SingleWriter ? 1 : 8 });
        for (int i = 0; i < 20; i++)
        {
            stream.OnNext(i);
            if (configuration.SingleWriter)
            {
                Assert.That(subscription.WhenCaughtUpAsync().Wait(Eventually.Limit), Is.True); // one writer at a time
            }
        }

        Eventually.IsTrue(() => subscription.Delivered == 40, "Every event is handled.");
        Assert.That(subscription.Faults, Is.Zero);
    }

    [Test]
    public void SubscribeAwait_CodeOfACallThatHasReturned_WaitsForRoom([Values] bool yields)
    {
        using EventStream<int> stream = configuration.Create<int>();
        var mayPublish = new TaskCompletionSource();
        var mayReturn = new TaskCompletionSource();
        Task<long>? published = null;
        var hasBegun = new TaskCompletionSource();
        using EventSubscription subscription = stream.WithLagPolicy(LagPolicy.Wait(1)).SubscribeAwait(async (value, _) =>
        {
            if (value == 0)
            {
                published = PublishLaterAsync(); // outlives the call
                if (yields)
                {
                    await Task.Yield();
                }
            }
            else if (value == 1)
            {
                hasBegun.SetResult();
                await mayReturn.Task;
            }
        });
        stream.OnNext(0);
        Assert.That(subscription.WhenCaughtUpAsync().Wait(Eventually.Limit), Is.True);
        stream.OnNext(1);
        Assert.That(hasBegun.Task.Wait(Eventually.Limit), Is.True);

        mayPublish.SetResult();
        Assert.That(published!.IsCompleted, Is.False);
        mayReturn.SetResult();

        Assert.That(published.Wait(Eventually.Limit), Is.True);
        Assert.That(published.Result, Is.EqualTo(2));

        async Task<long> PublishLaterAsync()
        {
            await mayPublish.Task;
            return await stream.OnNextAsync(2);
        }
    }

    [Test]
    public void SubscribeAwait_HandlerWhoseSubscriptionHasEnded_WaitsForOthers()
    {
        using EventStream<int> stream = configuration.Create<int>();
        using EventReader<int> reader = stream.WithLagPolicy(LagPolicy.Wait(1)).OpenReader();
        var hasBegun = new TaskCompletionSource();
        var mayPublish = new TaskCompletionSource();
        var published = new TaskCompletionSource<long>();
        EventSubscription subscription = stream.WithLagPolicy(LagPolicy.Wait(1)).SubscribeAwait(async (_, _) =>
        {
            hasBegun.SetResult();
            await mayPublish.Task;
            published.SetResult(await stream.OnNextAsync(1, CancellationToken.None)); // its own token is canceled
        });
        stream.OnNext(0);
        Assert.That(hasBegun.Task.Wait(Eventually.Limit), Is.True);
        subscription.Dispose();
        mayPublish.SetResult();
        Assert.That(published.Task.IsCompleted, Is.False);

        Assert.That(reader.TryRead(out _), Is.True);

        Assert.That(published.Task.Wait(Eventually.Limit) && published.Task.Result == 1, Is.True);
    }

    private static TestCaseData<Func<EventStream<int>, Task>> Case(string name, Func<EventStream<int>, Task> publish) =>
        new TestCaseData<Func<EventStream<int>, Task>>(publish).SetArgDisplayNames(name);
}
