using Rx.Benchmarks.Measuring;
using Rx.Benchmarks.Work;
using Rx.Nats;

namespace Rx.Benchmarks.Scenarios;

/// <summary>A stream on NATS JetStream against the client that it uses, on one server.</summary>
internal static class NatsScenarios
{
    private const int Observers = 16;
    private const int Instances = 3;

    /// <summary>Reading takes less than this, unless events are lost.</summary>
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(1);

    /// <summary>The client, the sockets and the library are much code, which takes long to compile with optimizations.</summary>
    private static readonly TimeSpan _warmUp = TimeSpan.FromSeconds(2);

    public static IReadOnlyList<Scenario> Of(NatsStreams streams) => [.. All(streams).Select(static s => s with { WarmUp = _warmUp })];

    private static Scenario[] All(NatsStreams streams) =>
    [
        new(
            "nats-publish-1",
            "publish one at a time, each stored before the next",
            4_000,
            Peers.Nats,
            Limits.None,
            Publishing(streams, PublishEachAsync),
            PublishingRaw(streams, static (publisher, count) => publisher.PublishEachAsync(count))),
        new(
            "nats-publish-pipelined",
            $"publish with {NatsPublisher.MaxInFlight} in flight, until all are stored",
            50_000,
            Peers.Nats,
            Limits.None,
            Publishing(streams, static (stream, count) => stream.PublishAllAsync(NatsStreams.Ticks(count))),
            PublishingRaw(streams, static (publisher, count) => publisher.PublishAllAsync(count))),
        new(
            "nats-deliver-1",
            "read stored events to one observer",
            100_000,
            Peers.Nats,
            Limits.Ratio(1.1),
            Contender.Timed(Contender.Shared, count => ReadingAsync(streams, 1, count)),
            Contender.Timed(Peers.Nats, count => ReadingRawAsync(streams, 1, count))),
        new(
            20_000,
            [
                new($"nats-deliver-{Observers}", $"read stored events to {Observers} observers", Quantity.Time, Peers.Nats, Limits.Ratio(0.2)),
                new($"nats-deliver-{Observers}-local", "the same, against one observer", Quantity.Time, Peers.OursToOne, Limits.Ratio(1.5)),
            ],
            [
                Contender.Timed(Contender.Shared, count => ReadingAsync(streams, Observers, count)),
                Contender.Timed(Peers.OursToOne, count => ReadingAsync(streams, 1, count)),
                Contender.Timed(Peers.Nats, count => ReadingRawAsync(streams, Observers, count)),
            ]),
        new(
            "nats-handle-1",
            "handle stored events, one at a time, with a saved place",
            20_000,
            Peers.Nats,
            Limits.None,
            Contender.Timed(Contender.Shared, count => NatsHandlers.PrepareAsync(streams, 1, count)),
            Contender.Timed(Peers.Nats, count => HandlingRawAsync(streams, count))),
        new(
            $"nats-handle-{Instances}",
            $"the same, with {Instances} instances that share 64 partitions, against one consumer",
            20_000,
            Peers.Nats,
            Limits.None,
            Contender.Timed(Contender.Shared, count => NatsHandlers.PrepareAsync(streams, Instances, count)),
            Contender.Timed(Peers.Nats, count => HandlingRawAsync(streams, count))),
        new(
            20_000,
            [new($"nats-sent-{Observers}", $"what the server sends to {Observers} observers", Quantity.Bytes, Peers.OursToOne, Limits.Ratio(1.01))],
            [
                Sent(Contender.Shared, streams, count => ReadingAsync(streams, Observers, count)),
                Sent(Peers.OursToOne, streams, count => ReadingAsync(streams, 1, count)),
                Sent(Peers.Nats, streams, count => ReadingRawAsync(streams, Observers, count)),
            ]),
    ];

    private static async Task PublishEachAsync(NatsEventStream<Tick> stream, int count)
    {
        foreach (Tick tick in NatsStreams.Ticks(count))
        {
            await stream.PublishAsync(tick).ConfigureAwait(false);
        }
    }

    private static Contender Publishing(NatsStreams streams, Func<NatsEventStream<Tick>, int, Task> publish) =>
        Contender.Timed(Contender.Shared, async count =>
        {
            string name = await streams.MakeAsync().ConfigureAwait(false);
            // The stream reads nothing, because the peer does not read either.
            NatsEventStream<Tick> stream = await OpenAsync(streams, name, NatsStart.Now, filter: NatsStreams.UnusedSubjectOf(name)).ConfigureAwait(false);
            return Session.Of(() => publish(stream, count), async () =>
            {
                await stream.DisposeAsync().ConfigureAwait(false);
                await streams.RemoveAsync(name).ConfigureAwait(false);
            });
        });

    private static Contender PublishingRaw(NatsStreams streams, Func<NatsPublisher, int, Task> publish) =>
        Contender.Timed(Peers.Nats, async count =>
        {
            string name = await streams.MakeAsync().ConfigureAwait(false);
            var publisher = new NatsPublisher(streams, name);
            return Session.Of(() => publish(publisher, count), () => streams.RemoveAsync(name));
        });

    private static async Task<Session> ReadingAsync(NatsStreams streams, int observers, int count)
    {
        string name = await streams.FilledAsync(count).ConfigureAwait(false);
        NatsEventStream<Tick> stream = null!;
        return Session.Of(
            async () =>
            {
                TickCounter[] counters;
                while (true)
                {
                    stream = await OpenAsync(streams, name, NatsStart.Oldest).ConfigureAwait(false);
                    counters = [.. Enumerable.Range(0, observers).Select(_ => new TickCounter(count))];
                    Array.ForEach(counters, counter => stream.Events.Subscribe(counter));
                    if (stream.Local.GetOldestPosition().Sequence == 0)
                    {
                        break;
                    }

                    // This thread was delayed, and the first events are no longer retained. The repetition counts in our time.
                    await stream.DisposeAsync().ConfigureAwait(false);
                }

                await Task.WhenAll(counters.Select(c => c.All)).WaitAsync(_limit).ConfigureAwait(false);
            },
            async () => await stream.DisposeAsync().ConfigureAwait(false));
    }

    private static async Task<Session> ReadingRawAsync(NatsStreams streams, int consumers, int count)
    {
        string name = await streams.FilledAsync(count).ConfigureAwait(false);
        NatsReader[] readers = [.. Enumerable.Range(0, consumers).Select(_ => new NatsReader(streams, name))];
        return Session.Of(
            () => Task.WhenAll(readers.Select(r => Task.Run(() => r.ReadAsync(count)))).WaitAsync(_limit),
            () => Task.WhenAll(readers.Select(r => r.CloseAsync())));
    }

    private static async Task<Session> HandlingRawAsync(NatsStreams streams, int count) =>
        await NatsHandlers.PrepareRawAsync(streams, await streams.FilledAsync(count).ConfigureAwait(false), count).ConfigureAwait(false);

    private static Contender Sent(string name, NatsStreams streams, Func<int, Task<Session>> prepare) => new(name, count =>
    {
        Session session = prepare(count).GetAwaiter().GetResult();
        long before = streams.SentBytesAsync().GetAwaiter().GetResult();
        session.Run();
        long sent = streams.SentBytesAsync().GetAwaiter().GetResult() - before;
        session.Close?.Invoke();
        return new Sample(0, (double)sent / count);
    });

    private static Task<NatsEventStream<Tick>> OpenAsync(NatsStreams streams, string name, NatsStart start, string? filter = null) =>
        NatsEventStream<Tick>.OpenAsync(streams.Connection, new NatsEventStreamOptions<Tick>(streams.Serializer)
        {
            Stream = name,
            Subject = _ => NatsStreams.SubjectOf(name),
            Filter = filter,
            Start = start,
            MaxInFlight = NatsPublisher.MaxInFlight,
        });
}
