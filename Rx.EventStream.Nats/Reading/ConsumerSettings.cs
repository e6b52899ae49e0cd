using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace Rx.Nats.Reading;

/// <summary>How a consumer on the server is set up and read.</summary>
internal static class ConsumerSettings
{
    /// <summary>How often the server says that it is there while it has no events. Two missed ones mean that it is not.</summary>
    private static readonly TimeSpan _heartbeat = TimeSpan.FromSeconds(5);

    /// <summary>When the server deletes a consumer that nobody reads from, such as one of a process that was killed.</summary>
    internal static TimeSpan InactiveThreshold { get; } = TimeSpan.FromMinutes(1);

    /// <param name="filter">The subjects to read, or null for all.</param>
    /// <param name="start">Where to start, unless <paramref name="next"/> says so.</param>
    /// <param name="next">The sequence to start with, or 0.</param>
    /// <param name="isBySubject">Whether to read the newest event of each subject, whatever <paramref name="next"/> is.</param>
    internal static ConsumerConfig Make(string? filter, NatsStart start, long next, bool isBySubject)
    {
        var config = new ConsumerConfig
        {
            // Without a name, the client makes one of the filter's words, which then is another's consumer.
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

    /// <param name="prefetch">The most events that the server sends ahead.</param>
    /// <param name="lost">Cancelled when the server stays silent, or does not know the consumer.</param>
    internal static NatsJSConsumeOpts ToConsume(int prefetch, CancellationTokenSource lost) => new()
    {
        MaxMsgs = prefetch,
        IdleHeartbeat = _heartbeat,
        NotificationHandler = (notification, _) =>
            notification is NatsJSTimeoutNotification or NatsJSNoRespondersNotification ? lost.CancelAsync() : Task.CompletedTask,
    };
}
