using System.Reactive.Concurrency;
using Rx.Nats;
using Rx.Tests.Contract;

namespace Rx.Tests.Nats;

/// <summary>Reads that start before the events that the local stream holds.</summary>
internal sealed class NatsJoinTests : NatsFixture
{
    private static readonly EventStreamOptions[] _local = [new(), new() { Retention = Retention.Count(100) }, new() { Retention = Retention.All }];

    [TestCaseSource(nameof(_local))]
    public async Task From_OlderThanRetained_CompleteWhileOthersPublish(EventStreamOptions local)
    {
        const int before = 5_000;
        const int later = 10_000;
        NatsEventStream<Reading> other = await OpenAsync();
        await other.PublishAllAsync(Readings("a", before));
        NatsEventStream<Reading> stream = await OpenAsync(Options(local: local));
        Received live = Observe(stream.Events);

        Task<long> publishing = other.PublishAllAsync(Readings("a", later, first: before));
        var joined = new List<Received>();
        for (int i = 0; i < 20; i++)
        {
            live.WaitFor(i * later / 25);
            joined.Add(Observe(stream.From(NatsStart.At(1 + (i * 100)))));
        }

        await publishing;
        for (int i = 0; i < joined.Count; i++)
        {
            int first = 1 + (i * 100);
            joined[i].WaitFor(before + later - first + 1);
            Assert.That(joined[i].Sequences, Is.EqualTo(Enumerable.Range(first, before + later - first + 1)));
        }

        Eventually.IsTrue(() => ConsumersAsync().Result.Length == 2, "The consumers of reads that have joined the local stream are deleted.");
    }

    [Test]
    public async Task From_QuietStream_HistoryThenLaterEvents()
    {
        await StoreAsync("a", 0, 10);
        NatsEventStream<Reading> stream = await OpenAsync(Options(local: new EventStreamOptions()));
        Received received = Observe(stream.From(NatsStart.Oldest));
        received.WaitFor(10);
        Eventually.IsTrue(() => ConsumersAsync().Result.Length == 1, "The read has joined the local stream.");

        await StoreAsync("a", 10, 5);

        received.WaitFor(15);
        Assert.That(received.Sequences, Is.EqualTo(Enumerable.Range(1, 15)));
    }

    [Test]
    public async Task From_FilterAndOtherSubjectsLast_JoinsLocalStream()
    {
        await StoreAsync("a", 0, 3);
        await StoreAsync("b", 0, 3);
        NatsEventStream<Reading> stream = await OpenAsync(Options(filter: $"{Name}.a", local: new EventStreamOptions()));
        Received received = Observe(stream.From(NatsStart.Oldest));
        received.WaitFor(3);
        Eventually.IsTrue(() => ConsumersAsync().Result.Length == 1, "The read has joined the local stream.");

        await StoreAsync("b", 3, 3);
        await StoreAsync("a", 3, 1);

        received.WaitFor(4);
        Assert.That(received.Sequences, Is.EqualTo(new[] { 1, 2, 3, 10 }));
    }

    [Test]
    public async Task From_RetainedLocally_ReadsNothingFromServer()
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
    public async Task From_AheadOfLocalStreamOnly_WaitsForIt()
    {
        TcpProxy proxy = OpenProxy();
        NatsEventStream<Reading> stream = await OpenAsync(url: proxy.Url);
        proxy.HoldAnswers();
        await StoreAsync("a", 0, 6);

        Received received = Observe(stream.From(NatsStart.At(5)));
        proxy.ReleaseAnswers();

        received.WaitFor(2);
        Assert.That(received.Sequences, Is.EqualTo(new[] { 5, 6 }));
    }

    [Test]
    public async Task From_OneAfterLast_WaitsForNextEvent()
    {
        await StoreAsync("a", 0, 2);
        NatsEventStream<Reading> stream = await OpenAsync();
        Received received = Observe(stream.From(NatsStart.At(3)));

        await StoreAsync("a", 2, 1);

        received.WaitFor(1);
        Assert.That(received.Sequences, Is.EqualTo(new[] { 3 }));
    }

    /// <summary>A position of a stream that was deleted and recreated. The read would otherwise wait until the new stream reaches that sequence number.</summary>
    [Test]
    public async Task From_BeyondEndOfServersStream_Fails()
    {
        await StoreAsync("a", 0, 2);
        NatsEventStream<Reading> stream = await OpenAsync();

        await using NatsProjection<int, Reading> projection = stream.ToProjection(new NatsSnapshot<int>(45, 10), (int sum, Reading r) => sum + r.Number);
        Received received = Observe(stream.From(NatsStart.At(4)));

        Eventually.IsTrue(() => received.Error is not null, "The error arrives.");
        Assert.That(received.Error, Is.TypeOf<NatsEventStreamException>().With.Message.Contains("2").And.Message.Contains("4"));
        await Assert.ThatAsync(() => Eventually.Ends(projection.Completion), Throws.TypeOf<NatsEventStreamException>().With.Message.Contains("11"));
    }

    [Test]
    public async Task From_LocalStreamStartedBySubject_NothingLeftOut()
    {
        await StoreAsync("a", 0, 3);
        await StoreAsync("b", 10, 3);
        NatsEventStream<Reading> stream = await OpenAsync(Options(NatsStart.LastPerSubject));
        Observe(stream.Events).WaitFor(2);

        Received oldest = Observe(stream.From(NatsStart.Oldest));
        Received fourth = Observe(stream.From(NatsStart.At(4)));
        await StoreAsync("c", 0, 1);

        oldest.WaitFor(7);
        fourth.WaitFor(4);
        Assert.That(oldest.Sequences, Is.EqualTo(Enumerable.Range(1, 7)));
        Assert.That(fourth.Sequences, Is.EqualTo(Enumerable.Range(4, 4)));
        Eventually.IsTrue(() => ConsumersAsync().Result.Length == 1, "The read has joined the local stream.");
    }

    [Test]
    public async Task ReadAllAsync_LocalStreamDropsOldest_NothingLeftOut()
    {
        NatsEventStream<Reading> stream = await OpenAsync(Options(local: new EventStreamOptions { LagPolicy = LagPolicy.DropOldest(10), Scheduler = TaskPoolScheduler.Default }));
        await StoreAsync("a", 0, 5);
        long next = 1;
        using var limit = new CancellationTokenSource(Eventually.Limit);

        await foreach (Sequenced<Reading> e in stream.ReadAllAsync(NatsStart.Oldest, limit.Token))
        {
            Assert.That(e.Sequence, Is.EqualTo(next++));
            if (e.Sequence == 5)
            {
                await stream.PublishAllAsync(Readings("a", 500));
                Eventually.IsTrue(() => stream.Local.GetNextPosition().Sequence >= 500, "The events are in the local stream.");
            }
            else if (e.Sequence == 505)
            {
                break;
            }
        }
    }

    [Test]
    public async Task From_ObserverBlocks_SubscribeReturnsAtOnce()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        Received live = Observe(stream.Events);
        await StoreAsync("a", 0, 5);
        live.WaitFor(5);
        var mayContinue = new ManualResetEventSlim();
        var called = new ManualResetEventSlim();

        Task<IDisposable> subscribing = Task.Run(() => stream.From(NatsStart.At(1)).Subscribe(_ =>
        {
            called.Set();
            mayContinue.Wait();
        }));

        try
        {
            Eventually.IsSet(called, "The observer is called.");
            using IDisposable subscription = await Eventually.Ends(subscribing);
        }
        finally
        {
            mayContinue.Set();
        }
    }

    [Test]
    public async Task DisposeAsync_OpenReaders_EndsThemAndDeletesConsumers()
    {
        await StoreAsync("a", 0, 3000);
        NatsEventStream<Reading> stream = await OpenAsync();
        await using IAsyncEnumerator<Sequenced<Reading>> paused = stream.ReadAllAsync(NatsStart.Oldest).GetAsyncEnumerator();
        Assert.That(await Eventually.Ends(paused.MoveNextAsync()), Is.True);
        await using IAsyncEnumerator<Sequenced<Reading>> waiting = stream.ReadAllAsync(NatsStart.Now).GetAsyncEnumerator();
        ValueTask<bool> next = waiting.MoveNextAsync();
        var notified = new TaskCompletionSource();
        Received from = Observe(stream.From(NatsStart.Now));
        using IDisposable slow = stream.From(NatsStart.Oldest).Subscribe(_ => { }, _ => notified.TrySetResult(), () => notified.TrySetResult());
        Assert.That(await ConsumersAsync(), Has.Length.InRange(2, 3));

        await stream.DisposeAsync();

        Eventually.IsTrue(() => ConsumersAsync().Result.Length == 0, "The consumers are deleted.");
        await Assert.ThatAsync(() => Eventually.Ends(next), Throws.TypeOf<ObjectDisposedException>());
        await Assert.ThatAsync(() => Eventually.Ends(paused.MoveNextAsync()), Throws.TypeOf<ObjectDisposedException>());
        await Assert.ThatAsync(
            () => Eventually.Ends(stream.ReadAllAsync(NatsStart.Oldest).GetAsyncEnumerator().MoveNextAsync()), Throws.TypeOf<ObjectDisposedException>());
        Assert.That((from.Error, notified.Task.IsCompleted), Is.EqualTo(((Exception?)null, false)), "Observers are not notified.");
    }

    [Test]
    public async Task From_Now_OnlyLaterEvents()
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
    public async Task From_LastPerSubjectCutDuringRead_LaterEventsComplete()
    {
        const int subjects = 3000;
        NatsEventStream<Reading> other = await OpenAsync();
        await other.PublishAllAsync(Enumerable.Range(0, subjects).Select(i => new Reading($"s{i}", 0)));
        TcpProxy proxy = OpenProxy();
        NatsEventStream<Reading> stream = await OpenAsync(Options(local: new EventStreamOptions()), proxy.Url);
        var sequences = new List<long>();
        using var limit = new CancellationTokenSource(Eventually.Limit);

        await foreach (Sequenced<Reading> e in stream.ReadAllAsync(NatsStart.LastPerSubject, limit.Token))
        {
            sequences.Add(e.Sequence);
            if (sequences.Count == 10)
            {
                proxy.Cut();
                await other.PublishAllAsync(Readings("s1", 3, first: 1));
                await other.PublishAsync(new Reading("end", 0));
                proxy.Mend();
            }

            if (e.Value.Source == "end")
            {
                break;
            }
        }

        Assert.That(sequences, Is.EqualTo(Enumerable.Range(1, subjects + 4)));
    }

    [Test]
    public async Task From_SinceFutureTime_OnlyEventsStoredThen()
    {
        await StoreAsync("a", 0, 1);
        NatsEventStream<Reading> stream = await OpenAsync();
        DateTimeOffset time = DateTimeOffset.UtcNow.AddSeconds(1.5);
        Received received = Observe(stream.From(NatsStart.Since(time)));
        Received oldest = Observe((await OpenAsync(Options(NatsStart.Since(time)))).From(NatsStart.Oldest));
        await StoreAsync("a", 1, 3);
        oldest.WaitFor(4);

        await Task.Delay(time - DateTimeOffset.UtcNow + TimeSpan.FromMilliseconds(100));
        await StoreAsync("a", 4, 3);

        received.WaitFor(3);
        oldest.WaitFor(7);
        Assert.That(received.Sequences, Is.EqualTo(new[] { 5, 6, 7 }));
        Assert.That(oldest.Sequences, Is.EqualTo(Enumerable.Range(1, 7)));
        Eventually.IsTrue(() => ConsumersAsync().Result.Length == 2, "Both reads have joined the local streams.");
    }

    [Test]
    public async Task From_Trimmed_Gap()
    {
        await StoreAsync("a", 0, 10);
        await JetStream.PurgeStreamAsync(Name, new() { Seq = 6 });
        NatsEventStream<Reading> stream = await OpenAsync();

        Received received = Observe(stream.From(NatsStart.At(2)));

        Eventually.IsTrue(() => received.Error is not null, "The gap is reported.");
        Assert.That(received.Error, Is.TypeOf<EventStreamGapException>().With.Property("From").EqualTo(2).And.Property("To").EqualTo(5));
    }

    [Test]
    public async Task From_ServerKilledDuringRead_NoGapAndNoRepetition()
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
