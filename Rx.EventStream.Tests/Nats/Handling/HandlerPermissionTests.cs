using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using NATS.Client.KeyValueStore;
using Rx.Nats;
using Rx.Tests.Contract;

namespace Rx.Tests.Nats.Handling;

/// <summary>A handler with the permissions that docs/nats.md requires, and no others.</summary>
[TestFixture]
[Parallelizable(ParallelScope.Self)]
internal sealed class HandlerPermissionTests
{
    private const string Required =
        """
        "$JS.API.STREAM.INFO.orders", "$JS.API.CONSUMER.CREATE.orders.>", "$JS.API.CONSUMER.MSG.NEXT.orders.>", "orders.>",
        "$JS.API.STREAM.INFO.KV_rx-checkpoints", "$JS.API.DIRECT.GET.KV_rx-checkpoints", "$JS.API.DIRECT.GET.KV_rx-checkpoints.>", "$KV.rx-checkpoints.>",
        "$JS.API.STREAM.INFO.KV_rx-handlers", "$JS.API.DIRECT.GET.KV_rx-handlers", "$JS.API.DIRECT.GET.KV_rx-handlers.>", "$KV.rx-handlers.>",
        "$JS.API.STREAM.NAMES", "dead"
        """;

    [Test]
    public async Task SubscribeAwait_RequiredPermissionsOnly_HandlesAndStoresDeadLetters([Values] bool hasPartitions)
    {
        await using NatsServer server = await NatsServer.StartAsync(
            $$"""
            authorization { users: [
                { user: admin, password: s3cret },
                { user: few, password: s3cret, permissions: { publish: [{{Required}}], subscribe: ["_INBOX.>"] } } ] }
            """);
        await using NatsConnection admin = NatsServer.ConnectTo($"nats://admin:s3cret@127.0.0.1:{server.Port}");
        var jetStream = new NatsJSContext(admin);
        await jetStream.CreateStreamAsync(new StreamConfig("orders", ["orders.>"]));
        await jetStream.CreateStreamAsync(new StreamConfig("dead", ["dead"]));
        await new NatsKVContext(jetStream).CreateStoreAsync("rx-checkpoints");
        await new NatsKVContext(jetStream).CreateStoreAsync("rx-handlers");
        await using NatsConnection few = NatsServer.ConnectTo($"nats://few:s3cret@127.0.0.1:{server.Port}");
        await using NatsEventStream<Reading> stream = await NatsEventStream<Reading>.OpenAsync(
            few, new NatsEventStreamOptions<Reading>(ReadingJson.Default.Reading) { Stream = "orders", Subject = _ => "orders.a" });
        await stream.PublishAllAsync(Enumerable.Range(1, 10).Select(number => new Reading("a", number)));

        await using NatsSubscription running = stream.SubscribeAwait(
            static (e, _) => e.Value.Number == 5 ? throw new NotSupportedException() : ValueTask.CompletedTask,
            new NatsHandlerOptions<Reading>
            {
                Name = "few",
                Checkpoints = new NatsCheckpointStore(few),
                DeadLetterSubject = "dead",
                Partitions = hasPartitions ? new NatsPartitions { Count = 1 } : null,
            });
        await Eventually.Ends(running.WhenCaughtUpAsync());

        Assert.That((running.Handled, running.Faults), Is.EqualTo((10, 1)));
        Assert.That((await jetStream.GetStreamAsync("dead")).Info.State.Messages, Is.EqualTo(1));
    }
}
