// Plays another machine, as a separate process, in the tests of streams that several processes share:
//   publish URL STREAM FIRST COUNT     stores COUNT numbers from FIRST on, and prints the sequence number of the last
//   read URL STREAM SEQUENCE COUNT     prints "sequence value" for COUNT events from SEQUENCE on
//   since URL STREAM TIME COUNT        prints the same for COUNT events stored since TIME
//   observe URL STREAM                 subscribes an observer that throws at the first event
//   handle URL STREAM STREAM           handles events as one of several instances, with an effect in another stream, until it is killed
//   handle-db URL STREAM FILE          the same, with an effect and the checkpoint in a database
//   sum URL STREAM FILE SEQUENCE       adds up the numbers through SEQUENCE, starting with the snapshot in FILE if there is one, and saves the result there
using System.Globalization;
using System.Text.Json;
using NATS.Client.Core;
using Rx;
using Rx.Nats;
using Rx.Tests.NatsProcess;

string[] words = args;
await using var connection = new NatsConnection(
    new NatsOpts { Url = words[1], ReconnectWaitMin = TimeSpan.FromMilliseconds(50), ReconnectWaitMax = TimeSpan.FromMilliseconds(500), RequestTimeout = TimeSpan.FromSeconds(2) });
if (words[0].StartsWith("handle", StringComparison.Ordinal))
{
    var texts = new NatsEventStreamOptions<string>(ProcessJson.Default.String) { Stream = words[2], Subject = _ => $"{words[2]}.event" };
    await using NatsEventStream<string> events = await Worker.OpenAsync(connection, texts);
    await (words[0] == "handle" ? Worker.RunAsync(connection, events, words[3]) : Worker.RunAsync(events, words[3]));
    return 0;
}

var options = new NatsEventStreamOptions<int>(ProcessJson.Default.Int32) { Stream = words[2], Subject = _ => $"{words[2]}.number" };
await using NatsEventStream<int> stream = await NatsEventStream<int>.OpenAsync(connection, options);
switch (words[0])
{
    case "publish":
        Console.WriteLine(await stream.PublishAllAsync(Enumerable.Range(Number(3), Number(4))));
        break;
    case "read" or "since":
        int left = Number(4);
        NatsStart start = words[0] == "read" ? NatsStart.At(Number(3)) : NatsStart.Since(DateTimeOffset.Parse(words[3], CultureInfo.InvariantCulture));
        await foreach (Sequenced<int> e in stream.ReadAllAsync(start))
        {
            Console.WriteLine($"{e.Sequence} {e.Value}");
            if (--left == 0)
            {
                break;
            }
        }

        break;
    case "observe":
        stream.From(NatsStart.Oldest).Subscribe(_ => throw new NotSupportedException("thrown by the observer"));
        await Task.Delay(TimeSpan.FromSeconds(20)); // the exception ends the process before
        break;
    case "sum":
        var saved = new NatsSnapshot<long>(0, 0);
        if (File.Exists(words[3]))
        {
            saved = JsonSerializer.Deserialize(await File.ReadAllTextAsync(words[3]), ProcessJson.Default.NatsSnapshotInt64)!;
        }

        long end = Number(4);
        await using (NatsProjection<long, int> sum = stream.ToProjection(saved, (total, number) => total + number))
        {
            while (sum.Current.Sequence < end && !sum.Completion.IsCompleted)
            {
                await Task.Delay(10);
            }

            await File.WriteAllTextAsync(words[3], JsonSerializer.Serialize(sum.Current, ProcessJson.Default.NatsSnapshotInt64));
            Console.WriteLine($"{saved.Sequence} to {sum.Current.Sequence}: {sum.Current.State}");
        }

        break;
    default:
        Console.Error.WriteLine($"'{words[0]}' is not a command. The commands are publish, read, since, observe, handle, handle-db and sum.");
        return 2;
}

return 0;

int Number(int index) => int.Parse(words[index], CultureInfo.InvariantCulture);
