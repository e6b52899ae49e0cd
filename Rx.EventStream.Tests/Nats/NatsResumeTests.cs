using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Rx.Nats;
using Rx.Nats.Reading;
using Rx.Nats.Server;
using Rx.Tests.Contract;

namespace Rx.Tests.Nats;

/// <summary>After each kind of failure, reading continues without loss or repetition, or reports what is missing.</summary>
internal sealed class NatsResumeTests : NatsFixture
{
    private const int Count = 20_000;

    [Test]
    public async Task Events_ThreeMachinesTwoPublish_AllSeeOneOrder()
    {
        NatsEventStream<Reading>[] machines = [await OpenAsync(), await OpenAsync(), await OpenAsync()];
        Received[] received = [.. machines.Select(m => Observe(m.Events))];

        await Task.WhenAll(
            machines[0].PublishAllAsync(Readings("a", 50_000)),
            machines[1].PublishAllAsync(Readings("b", 50_000)));

        foreach (Received each in received)
        {
            each.WaitFor(100_000);
            Assert.That(each.Sequences, Is.EqualTo(Enumerable.Range(1, 100_000)));
            Assert.That(each.Events, Is.EqualTo(received[0].Events));
        }

        Assert.That(NumbersOf(received[0], "a"), Is.EqualTo(Enumerable.Range(0, 50_000)));
        Assert.That(NumbersOf(received[0], "b"), Is.EqualTo(Enumerable.Range(0, 50_000)));
    }

    [Test]
    public async Task Events_ServerKilledAndRestarted_NothingLostOrRepeated()
    {
        NatsEventStream<Reading>[] machines = [await OpenAsync(), await OpenAsync(), await OpenAsync()];
        Received[] received = [.. machines.Select(m => Observe(m.Events))];

        Task<long>[] publishing =
        [
            machines[0].PublishAllAsync(Readings("a", Count)),
            machines[1].PublishAllAsync(Readings("b", Count)),
        ];
        received[2].WaitFor(Count / 4);
        Server.Kill();
        await Task.Delay(TimeSpan.FromSeconds(3));
        await Server.StartAgainAsync();
        await Task.WhenAll(publishing);

        foreach (Received each in received)
        {
            each.WaitFor(2 * Count);
            Assert.That(each.Sequences, Is.EqualTo(Enumerable.Range(1, 2 * Count)));
            Assert.That(each.Events, Is.EqualTo(received[0].Events));
            // Events that were in flight when the connection broke can be stored in another order.
            Assert.That(NumbersOf(each, "a").Order(), Is.EqualTo(Enumerable.Range(0, Count)));
            Assert.That(NumbersOf(each, "b").Order(), Is.EqualTo(Enumerable.Range(0, Count)));
        }
    }

    [Test]
    public async Task Events_ConnectionCutBriefly_ContinueWithNext()
    {
        TcpProxy proxy = OpenProxy();
        Received received = Observe((await OpenAsync(url: proxy.Url)).Events);
        await StoreAsync("a", 0, 10);
        received.WaitFor(10);

        proxy.Cut();
        await StoreAsync("a", 10, 10);
        await Task.Delay(TimeSpan.FromSeconds(2));
        proxy.Mend();

        received.WaitFor(20);
        await StoreAsync("a", 20, 10);
        received.WaitFor(30);
        Assert.That(received.Sequences, Is.EqualTo(Enumerable.Range(1, 30)));
    }

    /// <summary>The server deletes a consumer after a minute without its reader. The test deletes it instead of waiting that long.</summary>
    [Test]
    public async Task Events_ConsumerExpiredDuringCut_ContinueWithNext()
    {
        TcpProxy proxy = OpenProxy();
        Received received = Observe((await OpenAsync(url: proxy.Url)).Events);
        await StoreAsync("a", 0, 10);
        received.WaitFor(10);

        proxy.Cut();
        await DeleteConsumersAsync();
        await StoreAsync("a", 10, 10);
        proxy.Mend();

        received.WaitFor(20);
        Assert.That(received.Sequences, Is.EqualTo(Enumerable.Range(1, 20)));
    }

    [Test]
    public async Task Events_ConsumerDeletedBeforeFirstEvent_KeepTheirStart()
    {
        await StoreAsync("a", 0, 5);
        Received received = Observe((await OpenAsync()).Events);

        await DeleteConsumersAsync();
        await StoreAsync("a", 5, 5);

        received.WaitFor(5);
        Assert.That(received.Sequences, Is.EqualTo(Enumerable.Range(6, 5)));
    }

    [Test]
    public async Task Events_ConsumerDeletedRepeatedly_NothingLostOrRepeated()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        Received received = Observe(stream.Events);

        Task<long> publishing = stream.PublishAllAsync(Readings("a", Count));
        for (int i = 1; i <= 5; i++)
        {
            received.WaitFor(i * Count / 10);
            await DeleteConsumersAsync();
        }

        await publishing;
        received.WaitFor(Count);
        Assert.That(received.Numbers, Is.EqualTo(Enumerable.Range(0, Count)));
    }

    [Test]
    public async Task Events_TrimmedDuringCut_Gap()
    {
        TcpProxy proxy = OpenProxy();
        Received received = Observe((await OpenAsync(url: proxy.Url)).Events);
        await StoreAsync("a", 0, 10);
        received.WaitFor(10);

        proxy.Cut();
        await StoreAsync("a", 10, 20);
        await JetStream.PurgeStreamAsync(Name, new StreamPurgeRequest { Seq = 26 });
        proxy.Mend();

        Eventually.IsTrue(() => received.Error is not null, "The gap is reported.");
        Assert.That(received.Error, Is.TypeOf<EventStreamGapException>()
            .With.Property("From").EqualTo(11).And.Property("To").EqualTo(25).And.Message.Contains("11 to 25"));
        Assert.That(received.Count, Is.EqualTo(10));
    }

    [Test]
    public async Task Events_AllTrimmedDuringCut_Gap()
    {
        TcpProxy proxy = OpenProxy();
        Received received = Observe((await OpenAsync(url: proxy.Url)).Events);

        proxy.Cut();
        await StoreAsync("a", 0, 20);
        await JetStream.PurgeStreamAsync(Name, new());
        proxy.Mend();

        Eventually.IsTrue(() => received.Error is not null, "The gap is reported.");
        Assert.That(received.Error, Is.TypeOf<EventStreamGapException>().With.Property("From").EqualTo(1).And.Property("To").EqualTo(20));
    }

    [Test]
    public async Task Filter_OtherSubjectsTrimmedThenCut_NoGap()
    {
        TcpProxy proxy = OpenProxy();
        Received received = Observe((await OpenAsync(Options(filter: $"{Name}.b"), proxy.Url)).Events);
        await StoreAsync("b", 0, 1);
        received.WaitFor(1);
        await StoreAsync("a", 0, 20);
        await WaitUntilPassedAsync(21);
        await JetStream.PurgeStreamAsync(Name, new StreamPurgeRequest { Seq = 15 });
        string before = (await ConsumersAsync()).Single();

        proxy.Cut();
        proxy.Mend();

        // Only now: an event on its way to a reader that is cut off would hide how far the consumer has come.
        await WaitUntilReplacedAsync(before);
        await StoreAsync("b", 1, 1);

        received.WaitFor(2);
        Assert.That(received.Error, Is.Null);
        Assert.That(received.Sequences, Is.EqualTo(new[] { 1, 22 }));
    }

    /// <summary>Only the old consumer knows how far it has come. The reader asks until the server answers, and does not give up after one try.</summary>
    [Test]
    public async Task Filter_OtherSubjectsTrimmedAndNoAnswerAtFirst_NoGap()
    {
        TcpProxy proxy = OpenProxy();
        await using NatsConnection connection = NatsServer.ConnectTo(proxy.Url);
        using var api = new StreamApi(connection, Name, maxInFlight: 1);
        await using var reader = new ServerReader<Reading>(api, Options(filter: $"{Name}.b"), NatsStart.Now, CancellationToken.None);
        await reader.OpenAsync(CancellationToken.None);
        await StoreAsync("b", 0, 1);
        while (!(await Eventually.Ends(reader.ReadAsync().AsTask())).IsEvent)
        {
        }

        await StoreAsync("a", 0, 20);
        await WaitUntilPassedAsync(21);
        await JetStream.PurgeStreamAsync(Name, new StreamPurgeRequest { Seq = 15 });

        proxy.HoldAnswers();
        Assert.That(() => reader.OpenAsync(CancellationToken.None), Throws.InstanceOf<NatsException>());
        proxy.ReleaseAnswers();
        await reader.OpenAsync(CancellationToken.None);

        Assert.That(reader.Progress.Next, Is.EqualTo(22));
    }

    [Test]
    public async Task Filter_OwnEventsTrimmedDuringCut_Gap()
    {
        TcpProxy proxy = OpenProxy();
        Received received = Observe((await OpenAsync(Options(filter: $"{Name}.b"), proxy.Url)).Events);
        await StoreAsync("b", 0, 1);
        received.WaitFor(1);

        proxy.Cut();
        await StoreAsync("b", 1, 5);
        await JetStream.PurgeStreamAsync(Name, new StreamPurgeRequest { Seq = 5 });
        proxy.Mend();

        Eventually.IsTrue(() => received.Error is not null, "The gap is reported.");
        Assert.That(received.Error, Is.TypeOf<EventStreamGapException>().With.Property("From").EqualTo(2).And.Property("To").EqualTo(4));
    }

    /// <summary>A restarted server no longer knows the consumer, so the reader itself must have moved on.</summary>
    [Test]
    public async Task Filter_OnlyOtherSubjectsThenServerRestarts_NoGap()
    {
        await using NatsConnection connection = Server.Connect();
        using var api = new StreamApi(connection, Name, maxInFlight: 1);
        await using var reader = new ServerReader<Reading>(api, Options(filter: $"{Name}.rare"), NatsStart.Now, CancellationToken.None);
        await reader.OpenAsync(CancellationToken.None);
        await StoreAsync("busy", 0, 30);
        using var limit = new CancellationTokenSource(Eventually.Limit);
        while (reader.Progress.Next < 31)
        {
            limit.Token.ThrowIfCancellationRequested();
            Assert.That((await Eventually.Ends(reader.ReadAsync().AsTask())).IsEvent, Is.False);
        }

        await JetStream.PurgeStreamAsync(Name, new StreamPurgeRequest { Seq = 20 });
        Server.Kill();
        await Server.StartAgainAsync();
        Task<Arrival<Reading>> read = reader.ReadAsync().AsTask();
        Eventually.IsTrue(() => Connection.ConnectionState is NatsConnectionState.Open, "The test's own connection is open again.");
        await StoreAsync("rare", 0, 1);

        Arrival<Reading> arrival = await Eventually.Ends(read);
        while (!arrival.IsEvent)
        {
            arrival = await Eventually.Ends(reader.ReadAsync().AsTask());
        }

        Assert.That(arrival.Event.Sequence, Is.EqualTo(31));
    }

    [Test]
    public async Task Oldest_TrimmedBeforeFirstRead_StartsWithOldestLeft()
    {
        await StoreAsync("a", 0, 10);
        using var api = new StreamApi(Connection, Name, maxInFlight: 1);
        await using var reader = new ServerReader<Reading>(api, Options(), NatsStart.Oldest, CancellationToken.None);
        await reader.OpenAsync(CancellationToken.None);
        await JetStream.PurgeStreamAsync(Name, new StreamPurgeRequest { Seq = 6 });

        Assert.That((await Eventually.Ends(reader.ReadAsync().AsTask())).Event.Sequence, Is.EqualTo(6));
    }

    [Test]
    public async Task Oldest_StreamTrimmedAllTheTime_NoGapAtStart()
    {
        await JetStream.CreateStreamAsync(new StreamConfig("busy", ["busy.>"]) { MaxMsgs = 500 });
        NatsEventStreamOptions<Reading> Busy(NatsStart start) => new(ReadingJson.Default.Reading) { Stream = "busy", Subject = _ => "busy.a", Start = start };
        await using NatsConnection connection = Server.Connect();
        await using var publisher = await NatsEventStream<Reading>.OpenAsync(connection, Busy(NatsStart.Now));
        using var end = new CancellationTokenSource();
        Task publishing = Task.Run(() => publisher.PublishAllAsync(Readings("a", int.MaxValue), end.Token));
        Received all = Observe(publisher.Events);
        all.WaitFor(1000);

        for (int i = 0; i < 10; i++)
        {
            await using NatsEventStream<Reading> stream = await NatsEventStream<Reading>.OpenAsync(connection, Busy(NatsStart.Oldest));
        }

        await end.CancelAsync();
        await Assert.ThatAsync(() => Eventually.Ends(publishing), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task Events_ManySingleEventsDeleted_ServerIsAskedRarely()
    {
        const int count = 400;
        await StoreAsync("a", 0, count);
        for (uint sequence = 2; sequence < count; sequence += 4)
        {
            await JetStream.DeleteMessageAsync(Name, new StreamMsgDeleteRequest { Seq = sequence });
        }

        await using INatsSub<string> requests = await Connection.SubscribeCoreAsync<string>($"$JS.API.STREAM.INFO.{Name}");
        await Connection.PingAsync();
        Received received = Observe((await OpenAsync(Options(NatsStart.Oldest))).Events);
        received.WaitFor(count * 3 / 4);

        Assert.That(received.Error, Is.Null);
        await Connection.PingAsync();
        int asked = 0;
        while (requests.Msgs.TryRead(out _))
        {
            asked++;
        }

        Assert.That(asked, Is.InRange(1, 10));
    }

    [Test]
    public async Task Events_StreamAllowsOneConsumer_LostOneIsReplaced()
    {
        await JetStream.CreateStreamAsync(new StreamConfig("few", ["few.>"]) { MaxConsumers = 1 });
        TcpProxy proxy = OpenProxy();
        await using NatsConnection connection = NatsServer.ConnectTo(proxy.Url);
        await using var stream = await NatsEventStream<Reading>.OpenAsync(
            connection, new NatsEventStreamOptions<Reading>(ReadingJson.Default.Reading) { Stream = "few", Subject = _ => "few.a" });
        Received received = Observe(stream.Events);

        proxy.Cut();
        proxy.Mend();
        await stream.PublishAsync(new Reading("a", 0));

        received.WaitFor(1);
        Assert.That(received.Error, Is.Null);
        Received another = Observe(stream.From(NatsStart.Oldest));
        Eventually.IsTrue(() => another.Error is not null, "A read that has no consumer to replace fails.");
        Assert.That(another.Error, Is.TypeOf<NatsEventStreamException>().With.Message.Contains("maximum consumers"));
    }

    [Test]
    public async Task Events_SingleEventsDeletedDuringCut_NoGap()
    {
        TcpProxy proxy = OpenProxy();
        Received received = Observe((await OpenAsync(url: proxy.Url)).Events);
        await StoreAsync("a", 0, 2);
        received.WaitFor(2);

        proxy.Cut();
        await StoreAsync("a", 2, 5);
        await JetStream.DeleteMessageAsync(Name, new StreamMsgDeleteRequest { Seq = 4 });
        proxy.Mend();

        received.WaitFor(6);
        Assert.That(received.Sequences, Is.EqualTo(new[] { 1, 2, 3, 5, 6, 7 }));
        Assert.That(received.Error, Is.Null);
    }

    [Test]
    public async Task Events_StreamRecreatedDuringCut_EndWithError()
    {
        TcpProxy proxy = OpenProxy();
        Received received = Observe((await OpenAsync(url: proxy.Url)).Events);
        await StoreAsync("a", 0, 3);
        received.WaitFor(3);

        proxy.Cut();
        await JetStream.DeleteStreamAsync(Name);
        await JetStream.CreateStreamAsync(new StreamConfig(Name, [$"{Name}.>"]));
        await StoreAsync("a", 0, 10);
        proxy.Mend();

        Eventually.IsTrue(() => received.Error is not null, "The error arrives.");
        Assert.That(received.Error, Is.TypeOf<NatsEventStreamException>().With.Message.Contains("recreated"));
    }

    [Test]
    public async Task Events_ConnectionDisposed_EndWithError()
    {
        await using NatsConnection connection = Server.Connect();
        await using NatsEventStream<Reading> stream = await NatsEventStream<Reading>.OpenAsync(connection, Options());
        Received received = Observe(stream.Events);

        await connection.DisposeAsync();

        Eventually.IsTrue(() => received.Error is not null, "The error arrives.");
        Assert.That(received.Error, Is.TypeOf<NatsEventStreamException>().With.Message.Contains("disposed"));
    }

    [Test]
    public async Task Events_SixteenObservers_OneConsumerOnServer()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        Received[] received = [.. Enumerable.Range(0, 16).Select(_ => Observe(stream.Events))];

        await StoreAsync("a", 0, 10);

        foreach (Received each in received)
        {
            each.WaitFor(10);
        }

        string[] consumers = await ConsumersAsync();
        Assert.That(consumers, Has.Length.EqualTo(1));
        INatsJSConsumer consumer = await JetStream.GetConsumerAsync(Name, consumers[0]);
        Assert.That(consumer.Info.Delivered.ConsumerSeq, Is.EqualTo(10), "The consumer has sent each event once.");
    }

    [Test]
    public async Task Events_Unreadable_EndWithErrorNamingEvent()
    {
        Received received = Observe((await OpenAsync()).Events);

        await StoreAsync("a", 0, 2);
        await JetStream.PublishAsync($"{Name}.poison", "{ not json");

        Eventually.IsTrue(() => received.Error is not null, "The error arrives.");
        Assert.That(received.Error, Is.TypeOf<UnreadableEventException>()
            .With.Property("Sequence").EqualTo(3).And.Property("Subject").EqualTo($"{Name}.poison").And.Message.Contains("3"));
        Assert.That(received.Sequences, Is.EqualTo(new[] { 1, 2 }));
    }

    [Test]
    public async Task Events_UnreadableSkipped_ReportedAndLaterOnesCome()
    {
        var skipped = new List<UnreadableEventException>();
        Received received = Observe((await OpenAsync(Options(skipUnreadable: skipped.Add))).Events);

        await JetStream.PublishAsync($"{Name}.poison", "{ not json");
        await JetStream.PublishAsync($"{Name}.poison", "");
        await StoreAsync("a", 0, 2);

        received.WaitFor(2);
        Assert.That(received.Sequences, Is.EqualTo(new[] { 3, 4 }));
        Assert.That(skipped.Select(e => e.Sequence), Is.EqualTo(new[] { 1, 2 }));
    }

    [Test]
    public async Task DisposeAsync_Open_DeletesConsumerAndDisposesEvents()
    {
        NatsEventStream<Reading> stream = await OpenAsync();

        await stream.DisposeAsync();
        await stream.DisposeAsync();

        Assert.That(await ConsumersAsync(), Is.Empty);
        Assert.That(stream.Local.IsDisposed, Is.True);
        Assert.That(() => stream.PublishAsync(new Reading("a", 0)), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => stream.Events.Subscribe(new Received()), Throws.TypeOf<ObjectDisposedException>());
    }

    private async Task DeleteConsumersAsync()
    {
        foreach (string consumer in await ConsumersAsync())
        {
            await JetStream.DeleteConsumerAsync(Name, consumer);
        }
    }

    private async Task WaitUntilReplacedAsync(string consumer)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        string[] now = [consumer];
        while (now.Length == 0 || now.Contains(consumer))
        {
            limit.Token.ThrowIfCancellationRequested();
            now = await ConsumersAsync();
        }
    }

    private static IEnumerable<int> NumbersOf(Received received, string source) =>
        received.Events.Where(e => e.Value.Source == source).Select(e => e.Value.Number);

    /// <summary>Waits until the only consumer has passed an event of another subject. The server advances it every few seconds.</summary>
    private async Task WaitUntilPassedAsync(ulong sequence)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        ulong passed = 0;
        while (passed < sequence)
        {
            await foreach (INatsJSConsumer consumer in JetStream.ListConsumersAsync(Name, limit.Token))
            {
                passed = consumer.Info.Delivered.StreamSeq;
            }
        }
    }
}
