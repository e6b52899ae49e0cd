using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace Rx.Nats.Reading;

/// <summary>How a consumer on the server is configured and read.</summary>
internal static class ConsumerSettings
{
    /// <summary>How often the server sends a sign of life while it has no events. Two missing signs mean that it is not there.</summary>
    private static readonly TimeSpan _heartbeat = TimeSpan.FromSeconds(5);

    /// <summary>How long the server keeps a consumer that has no reader, for example after the reading process was killed.</summary>
    internal static TimeSpan InactiveThreshold { get; } = TimeSpan.FromMinutes(1);

    /// <param name="filter">The subjects to read, or null for all.</param>
    /// <param name="start">Where to start if <paramref name="next"/> is 0.</param>
    /// <param name="next">The sequence number to start with, or 0.</param>
    /// <param name="isBySubject">Whether to read the newest event of each subject, regardless of <paramref name="next"/>.</param>
    internal static ConsumerConfig Make(string? filter, NatsStart start, long next, bool isBySubject)
    {
        var config = new ConsumerConfig
        {
            // Without a name, the client derives one from the filter, and two readers with the same filter would share a consumer.
            Name = $"rx-{Guid.NewGuid():N}",
            FilterSubject = filter,
            AckPolicy = ConsumerConfigAckPolicy.None,
            MemStorage = true,
            NumReplicas = 1,
            InactiveThreshold = InactiveThreshold,
        };
        if (isBySubject)
        {
            config.DeliverPolicy = ConsumerConfigDeliverPolicy.LastPerSubject;
            config.FilterSubject ??= ">";
        }
        else if (next > 0)
        {
            config.DeliverPolicy = ConsumerConfigDeliverPolicy.ByStartSequence;
            config.OptStartSeq = (ulong)next;
        }
        else if (start.Time is { } time)
        {
            config.DeliverPolicy = ConsumerConfigDeliverPolicy.ByStartTime;
            config.OptStartTime = time;
        }
        else
        {
            config.DeliverPolicy = ConsumerConfigDeliverPolicy.All;
        }

        return config;
    }

    /// <param name="prefetch">The largest number of events that the server sends before the previous ones are handled.</param>
    /// <param name="loss">Declared when the server is silent for too long or does not know the consumer.</param>
    internal static NatsJSConsumeOpts ToConsume(int prefetch, ConsumerLoss loss) => new()
    {
        MaxMsgs = prefetch,
        IdleHeartbeat = _heartbeat,
        NotificationHandler = (notification, _) =>
            notification is NatsJSTimeoutNotification or NatsJSNoRespondersNotification ? loss.DeclareAsync() : Task.CompletedTask,
    };
}
