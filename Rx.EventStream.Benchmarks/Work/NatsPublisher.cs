using System.Globalization;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace Rx.Benchmarks.Work;

/// <summary>Publishes as one does with the client alone: each event under a message id, each answer looked at.</summary>
internal sealed class NatsPublisher(NatsStreams streams, string stream)
{
    public const int MaxInFlight = 512;

    private readonly string _subject = NatsStreams.SubjectOf(stream);
    private readonly string _idPrefix = $"{Guid.NewGuid():N}-";

    /// <summary>Publishes one by one.</summary>
    public async Task PublishEachAsync(int events)
    {
        foreach (Tick tick in NatsStreams.Ticks(events))
        {
            PubAckResponse answer = await streams.JetStream.PublishAsync(_subject, tick, streams.Serializer, OptionsOf(tick)).ConfigureAwait(false);
            answer.EnsureSuccess();
        }
    }

    /// <summary>Publishes with a bounded number of answers outstanding; the next is sent as soon as the oldest is there.</summary>
    public async Task PublishAllAsync(int events)
    {
        var inFlight = new Queue<NatsJSPublishConcurrentFuture>(MaxInFlight);
        foreach (Tick tick in NatsStreams.Ticks(events))
        {
            if (inFlight.Count == MaxInFlight)
            {
                await SettleAsync(inFlight.Dequeue()).ConfigureAwait(false);
            }

            inFlight.Enqueue(await streams.JetStream.PublishConcurrentAsync(_subject, tick, streams.Serializer, OptionsOf(tick)).ConfigureAwait(false));
        }

        while (inFlight.TryDequeue(out NatsJSPublishConcurrentFuture answer))
        {
            await SettleAsync(answer).ConfigureAwait(false);
        }
    }

    private static async ValueTask SettleAsync(NatsJSPublishConcurrentFuture future)
    {
        await using (future.ConfigureAwait(false))
        {
            PubAckResponse answer = await future.GetResponseAsync().ConfigureAwait(false);
            answer.EnsureSuccess();
        }
    }

    private NatsJSPubOpts OptionsOf(Tick tick) => new() { MsgId = _idPrefix + tick.Number.ToString(CultureInfo.InvariantCulture) };
}
