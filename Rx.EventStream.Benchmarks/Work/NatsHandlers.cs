using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Rx.Benchmarks.Measuring;
using Rx.Nats;

namespace Rx.Benchmarks.Work;

/// <summary>Handles stored events once, with a saved place: our handlers, and the NATS client with a durable consumer.</summary>
internal static class NatsHandlers
{
    /// <summary>Instances of one handler. They are measured from the moment when each has its partitions and its first events.</summary>
    /// <remarks>The events are stored when the instances have divided the partitions: a call that waits would keep its partition from another instance.</remarks>
    /// <param name="streams">The server.</param>
    /// <param name="instances">The number of instances. A single one has no partitions.</param>
    /// <param name="events">The number of events.</param>
    public static async Task<Session> PrepareAsync(NatsStreams streams, int instances, int events)
    {
        string stream = await streams.MakeAsync().ConfigureAwait(false);
        var opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int left = events;
        var sources = new List<NatsEventStream<Tick>>();
        var handlers = new List<NatsSubscription>();
        string name = $"bench-{Guid.NewGuid():N}";
        for (int i = 0; i < instances; i++)
        {
            NatsEventStream<Tick> source = await NatsEventStream<Tick>.OpenAsync(
                streams.Connection,
                new NatsEventStreamOptions<Tick>(streams.Serializer) { Stream = stream, Subject = _ => NatsStreams.SubjectOf(stream) }).ConfigureAwait(false);
            sources.Add(source);
            handlers.Add(source.SubscribeAwait(
                (_, _) => opened.Task.IsCompleted ? Count() : CountLaterAsync(),
                new NatsHandlerOptions<Tick>
                {
                    Name = name,
                    Checkpoints = new NatsCheckpointStore(streams.Connection),
                    PartitionKey = static e => $"{e.Value.Number % 1000}",
                    Partitions = instances == 1 ? null : new NatsPartitions(),
                }));
        }

        while (handlers.Any(handler => handler.Partitions.Count == 0) || handlers.Sum(handler => handler.Partitions.Count) is not (1 or 64))
        {
            await Task.Delay(20).ConfigureAwait(false);
        }

        await new NatsPublisher(streams, stream).PublishAllAsync(events).ConfigureAwait(false);

        return Session.Of(
            () =>
            {
                opened.SetResult();
                return done.Task;
            },
            async () =>
            {
                foreach (NatsEventStream<Tick> source in sources)
                {
                    await source.DisposeAsync().ConfigureAwait(false);
                }

                await streams.RemoveAsync(stream).ConfigureAwait(false);
            });

        ValueTask Count()
        {
            if (Interlocked.Decrement(ref left) == 0)
            {
                done.TrySetResult();
            }

            return ValueTask.CompletedTask;
        }

        async ValueTask CountLaterAsync()
        {
            await opened.Task.ConfigureAwait(false);
            await Count().ConfigureAwait(false);
        }
    }

    /// <summary>One durable consumer. Each event is acknowledged when it is handled, and the next one waits for that, as an ordered handler must.</summary>
    public static async Task<Session> PrepareRawAsync(NatsStreams streams, string stream, int events)
    {
        string name = $"bench-{Guid.NewGuid():N}";
        INatsJSConsumer consumer = await streams.JetStream.CreateConsumerAsync(
            stream, new ConsumerConfig(name) { AckPolicy = ConsumerConfigAckPolicy.Explicit, MaxAckPending = 1000 }).ConfigureAwait(false);
        return Session.Of(
            async () =>
            {
                int left = events;
                await foreach (INatsJSMsg<Tick> message in consumer.ConsumeAsync(streams.Serializer, new NatsJSConsumeOpts { MaxMsgs = 1000 }).ConfigureAwait(false))
                {
                    await message.AckAsync().ConfigureAwait(false);
                    if (--left == 0)
                    {
                        break;
                    }
                }
            },
            async () => await streams.JetStream.DeleteConsumerAsync(stream, name).ConfigureAwait(false));
    }
}
