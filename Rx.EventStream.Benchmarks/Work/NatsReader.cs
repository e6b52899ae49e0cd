using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace Rx.Benchmarks.Work;

/// <summary>Reads with the NATS client alone, event by event, through a consumer like ours.</summary>
internal sealed class NatsReader(NatsStreams streams, string stream)
{
    private readonly string _name = $"raw-{Guid.NewGuid():N}";
    private long _sum;

    /// <summary>Keeps the compiler from removing the work.</summary>
    public long Sum => _sum;

    /// <summary>Creates the consumer, and reads that many events.</summary>
    public async Task ReadAsync(int events)
    {
        var config = new ConsumerConfig
        {
            Name = _name,
            AckPolicy = ConsumerConfigAckPolicy.None,
            DeliverPolicy = ConsumerConfigDeliverPolicy.All,
            MemStorage = true,
            NumReplicas = 1,
            InactiveThreshold = TimeSpan.FromMinutes(1),
        };
        INatsJSConsumer consumer = await streams.JetStream.CreateConsumerAsync(stream, config).ConfigureAwait(false);
        var options = new NatsJSConsumeOpts { MaxMsgs = 1000, IdleHeartbeat = TimeSpan.FromSeconds(5) };
        int left = events;
        await foreach (INatsJSMsg<Tick> message in consumer.ConsumeAsync(streams.Serializer, options).ConfigureAwait(false))
        {
            _sum += message.Data!.Number;
            if (--left == 0)
            {
                break;
            }
        }
    }

    public async Task CloseAsync() => await streams.JetStream.DeleteConsumerAsync(stream, _name).ConfigureAwait(false);
}
