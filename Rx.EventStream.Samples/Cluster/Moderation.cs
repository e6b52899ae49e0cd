using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Rx.Nats;
using Rx.Samples.Chatterbox;

namespace Rx.Samples.Cluster;

/// <summary>A worker that looks at the lines of the log. The workers of all servers share the lines, and each line is looked at once.</summary>
/// <remarks>The effect is a verdict in a stream of its own, with an id that the line determines: a verdict that is given twice is stored once.</remarks>
internal sealed class Moderation : IAsyncDisposable
{
    public const string Verdicts = "cluster-verdicts";
    public const string Letters = "cluster-dead";
    private const int Partitions = 16;

    private readonly NatsJSContext _jetStream;
    private readonly NatsSubscription _worker;
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _reporting;

    private Moderation(NatsConnection connection, NatsEventStream<string> log, RoomAddress address)
    {
        _jetStream = new NatsJSContext(connection);
        _worker = log.SubscribeAwait(
            JudgeAsync,
            new NatsHandlerOptions<string>
            {
                Name = "moderation",
                Checkpoints = new NatsCheckpointStore(connection),
                PartitionKey = line => line.Value.Split(' ')[0], // lines that begin with the same word, such as a name, are looked at in order
                Partitions = new NatsPartitions { Count = Partitions, LeaseDuration = TimeSpan.FromSeconds(2) },
                DeadLetterSubject = Letters,
                ReportFault = fault => Console.WriteLine($"{address} cannot moderate line {fault.Event.Sequence}: {fault.Exception.Message} It is a dead letter now."),
            });
        _reporting = ReportAsync(address);
    }

    /// <summary>Whether workers fail at each line, to show what happens then.</summary>
    public static bool IsBroken { get; set; }

    public static async Task<Moderation> StartAsync(NatsConnection connection, NatsEventStream<string> log, RoomAddress address, CancellationToken ct)
    {
        var jetStream = new NatsJSContext(connection);
        await jetStream.CreateOrUpdateStreamAsync(new StreamConfig(Verdicts, [Verdicts]), ct);
        await jetStream.CreateOrUpdateStreamAsync(new StreamConfig(Letters, [Letters]), ct);
        return new Moderation(connection, log, address);
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _reporting;
        await _worker.DisposeAsync();
        _ended.Dispose();
    }

    private async ValueTask JudgeAsync(NatsEvent<string> line, CancellationToken ct)
    {
        if (IsBroken)
        {
            throw new InvalidOperationException("The moderation is broken.");
        }

        string verdict = line.Value.Contains("spam", StringComparison.OrdinalIgnoreCase) ? "hidden" : "shown";
        PubAckResponse answer = await _jetStream.PublishAsync(
            Verdicts, $"{line.Sequence} {verdict}", opts: new NatsJSPubOpts { MsgId = $"verdict-{line.Sequence}" }, cancellationToken: ct);
        if (answer.Error is { } error)
        {
            throw new InvalidOperationException(error.Description);
        }
    }

    /// <summary>Tells when the worker has other partitions than before.</summary>
    private async Task ReportAsync(RoomAddress address)
    {
        int last = 0;
        while (!_ended.IsCancellationRequested)
        {
            int count = _worker.Partitions.Count;
            if (count != last)
            {
                last = count;
                Console.WriteLine($"{address} moderates {count} of {Partitions} partitions.");
            }

            await Task.Delay(100, _ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
