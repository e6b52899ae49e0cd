using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Rx.Nats;
using Rx.Tests.Contract;

namespace Rx.Tests.Nats.Handling;

/// <summary>Events that a handler cannot handle, and where they are stored.</summary>
internal sealed class DeadLetterTests : HandlerFixture
{
    private string Letters => $"{Name}-dead";

    [Test]
    public async Task DeadLetters_HandlerThrows_StoresEventWithReasonAndHeaders()
    {
        await CreateLettersAsync();
        byte[] payload = """{ "Number": 7, "Source": "a", "Extra": "kept" }"""u8.ToArray();
        PubAckResponse answer = await JetStream.PublishAsync(
            $"{Name}.a", payload, NatsRawSerializer<byte[]>.Default, new NatsJSPubOpts { MsgId = "id-7" }, new NatsHeaders { ["Tenant"] = "t1" });
        answer.EnsureSuccess();
        await StoreAsync("a", 8, 1);
        NatsEventStream<Reading> stream = await OpenAsync();

        await using NatsSubscription running = stream.SubscribeAwait(
            static (e, _) => e.Value.Number == 7 ? throw new InvalidOperationException("first line\nsecond line") : ValueTask.CompletedTask,
            HandlerOptions(deadLetters: Letters));
        await Eventually.Ends(running.WhenCaughtUpAsync());

        NatsJSMsg<byte[]> letter = (await LettersAsync(1)).Single();
        Assert.That(letter.Data, Is.EqualTo(payload), "byte by byte");
        Assert.That(
            letter.Headers!.Where(header => !header.Key.StartsWith("Nats-", StringComparison.Ordinal)).ToDictionary(header => header.Key, header => header.Value.ToString()),
            Is.EquivalentTo(new Dictionary<string, string>
            {
                ["Tenant"] = "t1",
                ["Dead-Letter-Message-Id"] = "id-7",
                ["Dead-Letter-Handler"] = "handler",
                ["Dead-Letter-Stream"] = Name,
                ["Dead-Letter-Sequence"] = "1",
                ["Dead-Letter-Subject"] = $"{Name}.a",
                ["Dead-Letter-Error"] = "System.InvalidOperationException",
                ["Dead-Letter-Reason"] = "first line second line",
            }));
        Assert.That((running.Handled, running.Faults, running.Position), Is.EqualTo((2, 1, 3)));
    }

    [Test]
    public async Task DeadLetters_UnreadableEvent_StoresItAsItIs()
    {
        await CreateLettersAsync();
        await JetStream.PublishAsync($"{Name}.a", "no json"u8.ToArray(), NatsRawSerializer<byte[]>.Default);
        await StoreAsync("a", 1, 1);
        NatsEventStream<Reading> stream = await OpenAsync();
        (var handled, Func<NatsEvent<Reading>, CancellationToken, ValueTask> handler) = Note();

        await using NatsSubscription running = stream.SubscribeAwait(handler, HandlerOptions(deadLetters: Letters));
        await Eventually.Ends(running.WhenCaughtUpAsync());

        NatsJSMsg<byte[]> letter = (await LettersAsync(1)).Single();
        Assert.That(letter.Data, Is.EqualTo("no json"u8.ToArray()));
        Assert.That(letter.Headers!["Dead-Letter-Error"].ToString(), Is.EqualTo(typeof(UnreadableEventException).FullName));
        Assert.That(Sequences(handled), Is.EqualTo([2]));
    }

    [Test]
    public async Task UnreadableEvent_NoDeadLetters_EndsHandler()
    {
        await JetStream.PublishAsync($"{Name}.a", "no json"u8.ToArray(), NatsRawSerializer<byte[]>.Default);
        NatsEventStream<Reading> stream = await OpenAsync();
        await using NatsSubscription running = stream.SubscribeAwait(static (_, _) => ValueTask.CompletedTask, HandlerOptions());

        await Ends<UnreadableEventException>(running);
    }

    /// <summary>The event is handled again after the restart, and the letter with its id is already there.</summary>
    [Test]
    public async Task DeadLetters_EventRepeated_StoredOnce()
    {
        await CreateLettersAsync();
        NatsEventStream<Reading> stream = await OpenAsync();
        await stream.PublishAsync(new Reading("a", 0));
        for (int round = 0; round < 2; round++)
        {
            await using NatsSubscription running = stream.SubscribeAwait(
                static (_, _) => throw new NotSupportedException(), HandlerOptions(deadLetters: Letters, checkpoints: new NatsCheckpointStore(Connection, $"round{round}")));
            await Eventually.Ends(running.WhenCaughtUpAsync());
            Assert.That(running.Faults, Is.EqualTo(1));
        }

        Assert.That(await LettersAsync(1), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task DeadLetters_EventTrimmedMeanwhile_StoresItFromItsValue()
    {
        await CreateLettersAsync();
        NatsEventStream<Reading> stream = await OpenAsync();
        await stream.PublishAsync(new Reading("a", 5));

        await using NatsSubscription running = stream.SubscribeAwait(
            async (_, token) =>
            {
                await JetStream.PurgeStreamAsync(Name, new StreamPurgeRequest(), token);
                throw new NotSupportedException();
            },
            HandlerOptions(deadLetters: Letters));

        NatsJSMsg<byte[]> letter = (await LettersAsync(1)).Single();
        Assert.That(System.Text.Encoding.UTF8.GetString(letter.Data!), Is.EqualTo("""{"Source":"a","Number":5}"""));
    }

    [Test]
    public async Task DeadLetters_NoStream_EndsWithClearError()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await using NatsSubscription running = stream.SubscribeAwait(static (_, _) => ValueTask.CompletedTask, HandlerOptions(deadLetters: "nowhere"));

        await Assert.ThatAsync(
            () => Eventually.Ends(running.Completion), Throws.TypeOf<NatsEventStreamException>().With.Message.Contains("No stream stores 'nowhere'"));
    }

    [Test]
    public async Task DeadLetters_InStreamThatIsRead_EndsWithClearError()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await using NatsSubscription running = stream.SubscribeAwait(static (_, _) => ValueTask.CompletedTask, HandlerOptions(deadLetters: $"{Name}.dead"));

        await Assert.ThatAsync(
            () => Eventually.Ends(running.Completion), Throws.TypeOf<NatsEventStreamException>().With.Message.Contains("its own dead letters"));
    }

    private async Task CreateLettersAsync() => await JetStream.CreateStreamAsync(new StreamConfig(Letters, [Letters]));

    private async Task<IReadOnlyList<NatsJSMsg<byte[]>>> LettersAsync(int count)
    {
        await Becomes(async () => (int)(await JetStream.GetStreamAsync(Letters)).Info.State.Messages >= count);
        INatsJSConsumer consumer = await JetStream.CreateOrderedConsumerAsync(Letters);
        var letters = new List<NatsJSMsg<byte[]>>();
        await foreach (INatsJSMsg<byte[]> letter in consumer.FetchNoWaitAsync<byte[]>(new NatsJSFetchOpts { MaxMsgs = 100 }, NatsRawSerializer<byte[]>.Default))
        {
            letters.Add((NatsJSMsg<byte[]>)letter);
        }

        return letters;
    }
}
