using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace Rx.Samples.Cluster;

/// <summary>Shows and replays the lines that no worker could moderate.</summary>
internal static class DeadLetters
{
    /// <summary>One line of text for each letter.</summary>
    public static async Task<IReadOnlyList<string>> ShowAsync(string logUrl, CancellationToken ct)
    {
        var lines = new List<string>();
        await ForEachAsync(logUrl, (_, letter, _) =>
        {
            lines.Add($"line {letter.Headers!["Dead-Letter-Sequence"]}: '{letter.Data}', {letter.Headers["Dead-Letter-Reason"]}");
            return Task.CompletedTask;
        }, ct);
        return lines;
    }

    /// <summary>Publishes each letter again where it came from, and deletes it.</summary>
    /// <returns>The number of letters.</returns>
    public static async Task<int> ReplayAsync(string logUrl, CancellationToken ct)
    {
        int count = 0;
        await ForEachAsync(logUrl, async (jetStream, letter, sequence) =>
        {
            // The id tells the server that it has this replay already, if this program ends before the letter is deleted.
            string subject = letter.Headers!["Dead-Letter-Subject"].ToString();
            PubAckResponse answer = await jetStream.PublishAsync(subject, letter.Data, opts: new NatsJSPubOpts { MsgId = $"replay-{sequence}" }, cancellationToken: ct);
            answer.EnsureSuccess();
            await jetStream.DeleteMessageAsync(Moderation.Letters, new StreamMsgDeleteRequest { Seq = sequence }, ct);
            count++;
        }, ct);
        return count;
    }

    private static async Task ForEachAsync(string logUrl, Func<NatsJSContext, INatsJSMsg<string>, ulong, Task> action, CancellationToken ct)
    {
        await using var connection = new NatsConnection(new NatsOpts { Url = logUrl });
        var jetStream = new NatsJSContext(connection);
        INatsJSConsumer consumer = await jetStream.CreateOrderedConsumerAsync(Moderation.Letters, cancellationToken: ct);
        await foreach (INatsJSMsg<string> letter in consumer.FetchNoWaitAsync<string>(new NatsJSFetchOpts { MaxMsgs = 1000 }, cancellationToken: ct))
        {
            await action(jetStream, letter, letter.Metadata!.Value.Sequence.Stream);
        }
    }
}
