using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rx.Hosting;
using Rx.Tests.Contract;

namespace Rx.Tests.Hosting;

/// <summary>How handlers of batches are called, and what happens when they throw, and when the host stops.</summary>
internal sealed class EventBatchHandlerTests
{
    [Test]
    public async Task Handle_WhatIsThere_ComesInBatches()
    {
        var running = new Gate();
        using TestHost host = await TestHost.StartAsync(services => services
            .AddEventStream<int>().AddEventBatchHandler<int, BatchHandler>(new() { MaxCount = 4 }));
        host.Handled.OnEvent = async (value, _) =>
        {
            if (value == 0)
            {
                await running.PassAsync();
            }
        };

        host.Stream.OnNext(0);
        await running.Reached;
        host.Stream.OnNextRange([1, 2, 3, 4, 5]);
        EventSubscription subscription = host.Stream.Subscriptions.Single();
        Assert.That((subscription.Name, subscription.Sequence, subscription.Lag), Is.EqualTo(("BatchHandler", 0L, 6L)));
        running.Open();
        await host.StopAsync();

        Assert.That(host.Handled.Values, Is.EqualTo(new[] { 0, 1, 5 }), "The first events of the batches.");
        Assert.That(host.Log.Messages(5), Is.EqualTo(new[] { "The stream Int32 has stopped. Its handlers are done with all 6 events." }));
    }

    [Test]
    public async Task Handle_Throws_IsLoggedAndTheNextBatchFollows()
    {
        using TestHost host = await TestHost.StartAsync(services => services
            .AddEventStream<int>().AddKeyedEventStream<int>("a").AddKeyedEventBatchHandler<int, BatchHandler>("a", new() { MaxCount = 2 }));
        var error = new NotSupportedException();
        host.Handled.OnEvent = (value, _) => value == 10 ? throw error : ValueTask.CompletedTask;

        host.Get<EventStream<int>>("a").OnNextRange([10, 20, 30]);
        await host.StopAsync();

        Assert.That(host.Handled.Values, Is.EqualTo(new[] { 30 }));
        Assert.That(host.Log.Entries[0], Is.EqualTo(new RecordedLog.Entry(
            7,
            LogLevel.Error,
            "The handler BatchHandler has failed to handle 2 events of the stream a, from 0 on. It continues with the next batch.",
            error)));
    }

    [Test]
    public async Task Handle_StopPolicy_EndsTheHandler()
    {
        using TestHost host = await TestHost.StartAsync(services => services.AddEventStream<int>().AddEventBatchHandler<int, BatchHandler>(
            new() { MaxCount = 2, Name = "writer", LagPolicy = LagPolicy.Wait(10), FaultPolicy = FaultPolicy<ReadOnlyMemory<int>>.Stop }));
        host.Handled.OnEvent = (_, _) => throw new NotSupportedException();
        EventSubscription subscription = host.Stream.Subscriptions.Single();

        host.Stream.OnNextRange([10, 20, 30]);
        await Eventually.Ends(subscription.WhenEndedAsync());
        await host.StopAsync();

        Assert.That((subscription.Name, subscription.Error?.GetType(), subscription.Sequence), Is.EqualTo(("writer", typeof(NotSupportedException), 0L)));
    }

    /// <summary>What the host's time did not suffice for is told by number and first sequence number, the running batch included.</summary>
    [Test]
    public async Task Stop_TimeIsOver_TellsWhatIsNotHandled()
    {
        using var over = new CancellationTokenSource();
        using TestHost host = await TestHost.StartAsync(services => services
            .AddEventStream<int>().AddEventBatchHandler<int, BatchHandler>(new() { MaxCount = 2 }));
        host.Handled.OnEvent = async (value, token) =>
        {
            if (value == 2)
            {
                await over.CancelAsync();
                await Task.Delay(Timeout.Infinite, token);
            }
        };

        host.Stream.OnNextRange([0, 1, 2, 3, 4]);
        await host.StopAsync(over.Token);

        Assert.That(host.Log.Messages(4), Is.EqualTo(new[]
        {
            "The handler BatchHandler has not handled 3 events of the stream Int32. The first one has the sequence number 2.",
        }));
    }

    [Test]
    public void AddEventBatchHandler_NotValid_Throws()
    {
        var services = new ServiceCollection();
        services.AddEventBatchHandler<int, BatchHandler>();

        Assert.That(() => services.AddEventBatchHandler<int, BatchHandler>(), Throws.InvalidOperationException.With.Message.EqualTo(
            "The handler BatchHandler was already added to this stream of Int32. It would handle each event twice."));
        Assert.That(() => services.AddKeyedEventBatchHandler<int, BatchHandler>(null!), Throws.ArgumentNullException);
        Assert.That(() => ((IServiceCollection)null!).AddEventBatchHandler<int, BatchHandler>(), Throws.ArgumentNullException);
        Assert.That(() => new EventBatchHandlerOptions<int> { MaxCount = 0 }, Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    /// <summary>Notes the first event of each batch.</summary>
    internal sealed class BatchHandler(HandledEvents handled) : IEventBatchHandler<int>
    {
        public ValueTask HandleAsync(ReadOnlyMemory<int> batch, CancellationToken cancellationToken) =>
            handled.HandleAsync(batch.Span[0], cancellationToken);
    }
}
