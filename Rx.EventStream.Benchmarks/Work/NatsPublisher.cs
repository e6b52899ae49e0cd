using System.Globalization;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace Rx.Benchmarks.Work;

/// <summary>Publishes with the NATS client alone: each event has a message id, and each answer is checked.</summary>
internal sealed class NatsPublisher(NatsStreams streams, string stream)
{
    public const int MaxInFlight = 512;

    private readonly string _subject = NatsStreams.SubjectOf(stream);
    private readonly string _idPrefix = $"{Guid.NewGuid():N}-";

    /// <summary>Publishes one event at a time.</summary>
    public async Task PublishEachAsync(int events)
    {
        foreach (Tick tick in NatsStreams.Ticks(events))
        {
            PubAckResponse answer = await streams.JetStream.PublishAsync(_subject, tick, streams.Serializer, OptionsOf(tick)).ConfigureAwait(false);
            answer.EnsureSuccess();
        }
    }

    /// <summary>Publishes with a bounded number of answers outstanding. The next event is sent as soon as the oldest answer has arrived.</summary>
    public async Task PublishAllAsync(int events)
    {
        var inFlight = new Queue<NatsJSPublishConcurrentFuture>(MaxInFlight);
        foreach (Tick tick in NatsStreams.Ticks(events))
        {
            if (inFlight.Count == MaxInFlight)
            {
                await CheckAnswerAsync(inFlight.Dequeue()).ConfigureAwait(false);
            }

            inFlight.Enqueue(await streams.JetStream.PublishConcurrentAsync(_subject, tick, streams.Serializer, OptionsOf(tick)).ConfigureAwait(false));
        }

        while (inFlight.TryDequeue(out NatsJSPublishConcurrentFuture answer))
        {
            await CheckAnswerAsync(answer).ConfigureAwait(false);
        }
    }

    private static async ValueTask CheckAnswerAsync(NatsJSPublishConcurrentFuture future)
    {
        await using (future.ConfigureAwait(false))
        {
            PubAckResponse answer = await future.GetResponseAsync().ConfigureAwait(false);
            answer.EnsureSuccess();
        }
    }

    private NatsJSPubOpts OptionsOf(Tick tick) => new() { MsgId = _idPrefix + tick.Number.ToString(CultureInfo.InvariantCulture) };
}
