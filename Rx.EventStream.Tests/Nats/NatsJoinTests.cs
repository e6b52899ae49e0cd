using Rx.Nats;
using Rx.Tests.Contract;

namespace Rx.Tests.Nats;

/// <summary>Joining further back than the local stream goes.</summary>
internal sealed class NatsJoinTests : NatsFixture
{
    private static readonly EventStreamOptions[] _local = [new(), new() { Retention = Retention.Count(100) }, new() { Retention = Retention.All }];

    [TestCaseSource(nameof(_local))]
    public async Task From_FurtherBackThanHeld_NoGapAndNoRepetitionWhileOthersPublish(EventStreamOptions local)
    {
        const int before = 5_000;
        const int meanwhile = 10_000;
        NatsEventStream<Reading> other = await OpenAsync();
        await other.PublishAllAsync(Readings("a", before));
        NatsEventStream<Reading> stream = await OpenAsync(Options(local: local));
        Received live = Observe(stream.Events);

        Task<long> publishing = other.PublishAllAsync(Readings("a", meanwhile, first: before));
        var joined = new List<Received>();
        for (int i = 0; i < 20; i++)
        {
            live.WaitFor(i * meanwhile / 25);
            joined.Add(Observe(stream.From(NatsStart.At(1 + (i * 100)))));
        }

        await publishing;
        for (int i = 0; i < joined.Count; i++)
        {
            int first = 1 + (i * 100);
            joined[i].WaitFor(before + meanwhile - first + 1);
            Assert.That(joined[i].Sequences, Is.EqualTo(Enumerable.Range(first, before + meanwhile - first + 1)));
        }

        Eventually.IsTrue(() => ConsumersAsync().Result.Length == 2, "Joined readers have given their consumers back.");
    }

    [Test]
    public async Task From_QuietStream_HistoryThenWhatFollows()
    {
        await StoreAsync("a", 0, 10);
        NatsEventStream<Reading> stream = await OpenAsync(Options(local: new EventStreamOptions()));
        Received received = Observe(stream.From(NatsStart.Oldest));
        received.WaitFor(10);
        Eventually.IsTrue(() => ConsumersAsync().Result.Length == 1, "Nothing is left to read from the server.");

        await StoreAsync("a", 10, 5);

        received.WaitFor(15);
        Assert.That(received.Sequences, Is.EqualTo(Enumerable.Range(1, 15)));
    }

    [Test]
    public async Task From_FilteredAndOthersCameLast_GoesOverToTheLocalStream()
    {
        await StoreAsync("a", 0, 3);
        await StoreAsync("b", 0, 3);
        NatsEventStream<Reading> stream = await OpenAsync(Options(filter: $"{Name}.a", local: new EventStreamOptions()));
        Received received = Observe(stream.From(NatsStart.Oldest));
        received.WaitFor(3);
        Eventually.IsTrue(() => ConsumersAsync().Result.Length == 1, "Nothing is left to read from the server.");

        await StoreAsync("b", 3, 3);
        await StoreAsync("a", 3, 1);

        received.WaitFor(4);
        Assert.That(received.Sequences, Is.EqualTo(new[] { 1, 2, 3, 10 }));
    }

    [Test]
    public async Task From_HeldLocally_ReadsNothingFromTheServer()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        Received live = Observe(stream.Events);
        await StoreAsync("a", 0, 10);
        live.WaitFor(10);
        await JetStream.PurgeStreamAsync(Name, new());

        Received received = Observe(stream.From(NatsStart.At(4)));

        received.WaitFor(7);
        Assert.That(received.Sequences, Is.EqualTo(Enumerable.Range(4, 7)));
    }

    [Test]
    public async Task From_SavedInAProcessThatIsAhead_WaitsForIt()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await StoreAsync("a", 0, 2);
        Received received = Observe(stream.From(NatsStart.At(5)));

        await StoreAsync("a", 2, 4);

        received.WaitFor(2);
        Assert.That(received.Sequences, Is.EqualTo(new[] { 5, 6 }));
    }

    [Test]
    public async Task From_Now_OnlyWhatFollows()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        Received live = Observe(stream.Events);
        await StoreAsync("a", 0, 3);
        live.WaitFor(3);
        await using IAsyncEnumerator<Sequenced<Reading>> reading = stream.ReadAllAsync(NatsStart.Now).GetAsyncEnumerator();
        ValueTask<bool> next = reading.MoveNextAsync();

        await StoreAsync("a", 3, 1);

        Assert.That(await Eventually.Ends(next), Is.True);
        Assert.That(reading.Current.Sequence, Is.EqualTo(4));
    }

    [Test]
    public async Task From_LastPerSubject_NewestOfEachThenAll()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        Received live = Observe(stream.Events);
        await StoreAsync("a", 0, 3);
        await StoreAsync("b", 10, 3);
        live.WaitFor(6);
        Received received = Observe(stream.From(NatsStart.LastPerSubject));
        received.WaitFor(2);

        await StoreAsync("a", 3, 2);

        received.WaitFor(4);
        Assert.That(received.Sequences, Is.EqualTo(new[] { 3, 6, 7, 8 }));
    }

    [Test]
    public async Task From_TrimmedAway_Gap()
    {
        await StoreAsync("a", 0, 10);
        await JetStream.PurgeStreamAsync(Name, new() { Seq = 6 });
        NatsEventStream<Reading> stream = await OpenAsync();

        Received received = Observe(stream.From(NatsStart.At(2)));

        Eventually.IsTrue(() => received.Error is not null, "The gap is reported.");
        Assert.That(received.Error, Is.TypeOf<EventStreamGapException>().With.Property("From").EqualTo(2).And.Property("To").EqualTo(5));
    }

    [Test]
    public async Task From_ServerKilledMeanwhile_NoGapAndNoRepetition()
    {
        const int count = 20_000;
        NatsEventStream<Reading> stream = await OpenAsync(Options(local: new EventStreamOptions()));
        await stream.PublishAllAsync(Readings("a", count));
        Received received = Observe(stream.From(NatsStart.Oldest));
        received.WaitFor(count / 20);

        Server.Kill();
        await Server.StartAgainAsync();

        received.WaitFor(count);
        Assert.That(received.Sequences, Is.EqualTo(Enumerable.Range(1, count)));
    }
}
