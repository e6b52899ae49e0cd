using System.Collections.Concurrent;
using Rx.Nats;
using Rx.Tests.Contract;

namespace Rx.Tests.Nats.Handling;

/// <summary>Handlers with a checkpoint, in one process.</summary>
internal sealed class HandlerTests : HandlerFixture
{
    [Test]
    public async Task SubscribeAwait_NoCheckpoint_HandlesEachEventInOrder()
    {
        await StoreAsync("a", 0, 100);
        NatsEventStream<Reading> stream = await OpenAsync();
        (ConcurrentQueue<NatsEvent<Reading>> handled, Func<NatsEvent<Reading>, CancellationToken, ValueTask> handler) = Note();

        await using NatsSubscription running = stream.SubscribeAwait(handler, HandlerOptions());
        await stream.PublishAllAsync(Readings("b", 50));
        await Eventually.Ends(running.WhenCaughtUpAsync());

        Assert.That(Sequences(handled), Is.EqualTo(Range(1, 150)));
        Assert.That(handled.Select(e => e.Value), Is.EqualTo(Readings("a", 100).Concat(Readings("b", 50))));
        Assert.That(handled.First().Subject, Is.EqualTo($"{Name}.a"));
        Assert.That((running.Name, running.Position, running.Handled, running.Faults), Is.EqualTo(("handler", 151L, 150L, 0L)));
        Assert.That(running.Partitions, Is.EqualTo([0]));
    }

    [Test]
    public async Task SubscribeAwait_Checkpoint_ContinuesThere()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await stream.PublishAllAsync(Readings("a", 100));
        (ConcurrentQueue<NatsEvent<Reading>> first, Func<NatsEvent<Reading>, CancellationToken, ValueTask> handler) = Note();
        await using (NatsSubscription running = stream.SubscribeAwait(handler, HandlerOptions(saveInterval: TimeSpan.FromHours(1))))
        {
            await Eventually.Ends(running.WhenCaughtUpAsync());
        }

        Assert.That(await SavedAsync(), Is.EqualTo(101), "saved at the end");
        await stream.PublishAllAsync(Readings("a", 50, first: 100));
        (ConcurrentQueue<NatsEvent<Reading>> second, handler) = Note();
        await using NatsSubscription again = stream.SubscribeAwait(handler, HandlerOptions());
        await Eventually.Ends(again.WhenCaughtUpAsync());

        Assert.That(Sequences(first), Is.EqualTo(Range(1, 100)));
        Assert.That(Sequences(second), Is.EqualTo(Range(101, 50)));
    }

    [Test]
    public async Task SaveInterval_EventsHandled_CheckpointSavedWhileRunning()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        (_, Func<NatsEvent<Reading>, CancellationToken, ValueTask> handler) = Note();
        await using NatsSubscription running = stream.SubscribeAwait(handler, HandlerOptions());

        await stream.PublishAllAsync(Readings("a", 10));

        await Becomes(async () => await SavedAsync() == 11);
    }

    [Test]
    public async Task SaveInterval_Zero_CheckpointSavedBeforeNextCall()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await stream.PublishAllAsync(Readings("a", 20));
        var saved = new ConcurrentQueue<(long, long)>();

        await using NatsSubscription running = stream.SubscribeAwait(
            async (e, _) => saved.Enqueue((e.Sequence, await SavedAsync())), HandlerOptions(saveInterval: TimeSpan.Zero));
        await Eventually.Ends(running.WhenCaughtUpAsync());

        Assert.That(saved, Is.EqualTo(Range(1, 20).Select(sequence => (sequence, sequence))));
    }

    /// <summary>The second call of three has not returned: the checkpoint stays before its event, also at the end.</summary>
    [Test]
    public async Task MaxConcurrency_LaterEventsHandled_CheckpointIsFirstUnhandled()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await stream.PublishAllAsync(Readings("a", 3));
        var returned = new ConcurrentQueue<long>();
        await using NatsSubscription running = stream.SubscribeAwait(
            async (e, token) =>
            {
                if (e.Sequence == 2)
                {
                    await Task.Delay(Timeout.Infinite, token);
                }

                returned.Enqueue(e.Sequence);
            },
            HandlerOptions(maxConcurrency: 3));

        await Becomes(() => returned.Count == 2);
        await Becomes(async () => await SavedAsync() == 2);
        Assert.That(running.Position, Is.EqualTo(2));
        await running.DisposeAsync();

        Assert.That(await SavedAsync(), Is.EqualTo(2));
        (ConcurrentQueue<NatsEvent<Reading>> again, Func<NatsEvent<Reading>, CancellationToken, ValueTask> handler) = Note();
        await using NatsSubscription next = stream.SubscribeAwait(handler, HandlerOptions());
        await Eventually.Ends(next.WhenCaughtUpAsync());
        Assert.That(Sequences(again), Is.EqualTo([2, 3]));
    }

    [Test]
    public async Task MaxConcurrency_PartitionKey_CallsOfOneKeyDoNotOverlap()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await stream.PublishAllAsync(Enumerable.Range(0, 200).Select(i => new Reading($"{i % 5}", i)));
        var open = new ConcurrentDictionary<string, int>();
        var order = new ConcurrentQueue<Reading>();

        await using NatsSubscription running = stream.SubscribeAwait(
            async (e, _) =>
            {
                Assert.That(open.AddOrUpdate(e.Value.Source, 1, static (_, count) => count + 1), Is.EqualTo(1));
                await Task.Yield();
                order.Enqueue(e.Value);
                open.AddOrUpdate(e.Value.Source, 0, static (_, count) => count - 1);
            },
            HandlerOptions(maxConcurrency: 8, key: e => e.Value.Source));
        await Eventually.Ends(running.WhenCaughtUpAsync());

        Assert.That(running.Handled, Is.EqualTo(200));
        Assert.That(order.GroupBy(e => e.Source).Select(key => key.Select(e => e.Number)), Is.All.Ordered);
    }

    /// <summary>Without a key of its own, a partitioned handler has the subject as the key, also among the calls of one partition.</summary>
    [Test]
    public async Task MaxConcurrency_PartitionsWithoutKey_CallsOfOneSubjectDoNotOverlap()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await stream.PublishAllAsync(Enumerable.Range(0, 100).Select(i => new Reading($"{i % 2}", i)));
        var open = new ConcurrentDictionary<string, int>();
        var overlaps = new ConcurrentQueue<string>();

        await using NatsSubscription running = stream.SubscribeAwait(
            async (e, _) =>
            {
                if (open.AddOrUpdate(e.Subject, 1, static (_, count) => count + 1) > 1)
                {
                    overlaps.Enqueue(e.Subject);
                }

                await Task.Yield();
                open.AddOrUpdate(e.Subject, 0, static (_, count) => count - 1);
            },
            HandlerOptions(maxConcurrency: 8, partitions: new NatsPartitions { Count = 1, LeaseDuration = TimeSpan.FromSeconds(2) }));
        await Eventually.Ends(running.WhenCaughtUpAsync());

        Assert.That(overlaps, Is.Empty);
        Assert.That(running.Handled, Is.EqualTo(100));
    }

    [TestCase(1)]
    [TestCase(4)]
    public async Task PartitionKey_NullOrThrows_EndsWithClearError(int maxConcurrency)
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await stream.PublishAsync(new Reading("a", 0));
        await using NatsSubscription ofNull = stream.SubscribeAwait(
            static (_, _) => ValueTask.CompletedTask, HandlerOptions(name: "null", maxConcurrency: maxConcurrency, key: static _ => null!));
        await using NatsSubscription ofThrowing = stream.SubscribeAwait(
            static (_, _) => ValueTask.CompletedTask,
            HandlerOptions(name: "throwing", maxConcurrency: maxConcurrency, key: static _ => throw new InvalidTimeZoneException()));

        await Assert.ThatAsync(
            () => Eventually.Ends(ofNull.Completion), Throws.InvalidOperationException.With.Message.Contains("'null' has returned null for event 1"));
        await Ends<InvalidTimeZoneException>(ofThrowing);
    }

    /// <summary>The exception of what a handler has registered with its token must not end the process, or keep the handler from ending.</summary>
    [Test]
    public async Task StopAsync_TokenCallbackThrows_EndsWithItAndSaves()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await stream.PublishAllAsync(Readings("a", 2));
        var begun = new TaskCompletionSource();
        NatsSubscription running = stream.SubscribeAwait(
            async (e, token) =>
            {
                if (e.Sequence == 1)
                {
                    return;
                }

                token.Register(static () => throw new InvalidTimeZoneException());
                begun.TrySetResult();
                await Task.Delay(Timeout.Infinite, token);
            },
            HandlerOptions(saveInterval: TimeSpan.FromHours(1)));
        await Eventually.Ends(begun.Task);

        await Eventually.Ends(running.StopAsync(new CancellationToken(canceled: true)));

        Assert.That(running.Completion.IsFaulted);
        Assert.That(running.Completion.Exception!.ToString(), Does.Contain(nameof(InvalidTimeZoneException)));
        Assert.That(await SavedAsync(), Is.EqualTo(2));
    }

    [Test]
    public async Task SubscribeAwait_SecondOwner_FirstEndsWithCheckpointLost()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await stream.PublishAsync(new Reading("a", 0));
        (ConcurrentQueue<NatsEvent<Reading>> first, Func<NatsEvent<Reading>, CancellationToken, ValueTask> handler) = Note();
        await using NatsSubscription loser = stream.SubscribeAwait(handler, HandlerOptions());
        await Becomes(async () => await SavedAsync() == 2);

        (ConcurrentQueue<NatsEvent<Reading>> second, handler) = Note();
        await using NatsSubscription owner = stream.SubscribeAwait(handler, HandlerOptions());
        await Becomes(() => owner.Partitions.Count == 1);
        await stream.PublishAllAsync(Readings("a", 5, first: 1));

        await Ends<CheckpointLostException>(loser);
        await Eventually.Ends(owner.WhenCaughtUpAsync());
        Assert.That(Sequences(second), Is.EqualTo(Range(2, 5)));
    }

    [Test]
    public async Task Start_Now_BeginsThereAlsoAfterRestart()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await stream.PublishAllAsync(Readings("a", 10));
        await using (NatsSubscription idle = stream.SubscribeAwait(static (_, _) => ValueTask.CompletedTask, HandlerOptions(start: NatsStart.Now)))
        {
            await Becomes(() => idle.Partitions.Count == 1);
        }

        await stream.PublishAllAsync(Readings("a", 10, first: 10));
        (ConcurrentQueue<NatsEvent<Reading>> handled, Func<NatsEvent<Reading>, CancellationToken, ValueTask> handler) = Note();
        await using NatsSubscription running = stream.SubscribeAwait(handler, HandlerOptions(start: NatsStart.Now));
        await Eventually.Ends(running.WhenCaughtUpAsync());

        Assert.That(Sequences(handled), Is.EqualTo(Range(11, 10)));
    }

    [Test]
    public async Task Start_TrimmedBeforeCheckpoint_EndsWithGap()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await stream.PublishAllAsync(Readings("a", 10));
        (_, Func<NatsEvent<Reading>, CancellationToken, ValueTask> handler) = Note();
        await using (NatsSubscription running = stream.SubscribeAwait(handler, HandlerOptions()))
        {
            await Eventually.Ends(running.WhenCaughtUpAsync());
        }

        await stream.PublishAllAsync(Readings("a", 10, first: 10));
        await JetStream.PurgeStreamAsync(Name, new() { Seq = 15 });
        await using NatsSubscription again = stream.SubscribeAwait(handler, HandlerOptions());

        await Assert.ThatAsync(
            () => Eventually.Ends(again.Completion),
            Throws.TypeOf<EventStreamGapException>().With.Property("From").EqualTo(11).And.Property("To").EqualTo(14));
    }

    [Test]
    public async Task Handler_Throws_EndsBeforeTheEvent()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await stream.PublishAllAsync(Readings("a", 10));
        await using NatsSubscription running = stream.SubscribeAwait(
            static (e, _) => e.Sequence == 4 ? throw new NotSupportedException() : ValueTask.CompletedTask, HandlerOptions());

        await Ends<NotSupportedException>(running);
        Assert.That(running.Handled, Is.EqualTo(3));
        Assert.That(await SavedAsync(), Is.EqualTo(4));
    }

    [Test]
    public async Task ReportFault_HandlerThrows_ReportsAndGoesOn()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await stream.PublishAllAsync(Readings("a", 10));
        var faults = new ConcurrentQueue<(long, Type)>();
        await using NatsSubscription running = stream.SubscribeAwait(
            static (e, _) => e.Sequence == 4 ? throw new NotSupportedException() : ValueTask.CompletedTask,
            HandlerOptions(reportFault: fault => faults.Enqueue((fault.Event.Sequence, fault.Exception.GetType()))));
        await Eventually.Ends(running.WhenCaughtUpAsync());

        Assert.That(faults, Is.EqualTo([(4L, typeof(NotSupportedException))]));
        Assert.That((running.Handled, running.Faults), Is.EqualTo((10, 1)));
    }

    [Test]
    public async Task ReportFault_Throws_EndsWithThatException()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await stream.PublishAsync(new Reading("a", 0));
        await using NatsSubscription running = stream.SubscribeAwait(
            static (_, _) => throw new NotSupportedException(), HandlerOptions(reportFault: static _ => throw new InvalidTimeZoneException()));

        await Ends<InvalidTimeZoneException>(running);
        Assert.That(await SavedAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task StopAsync_CallRuns_WaitsAndCountsIt()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await stream.PublishAllAsync(Readings("a", 2));
        var begun = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        await using NatsSubscription running = stream.SubscribeAwait(
            async (_, _) =>
            {
                begun.TrySetResult();
                await release.Task;
            },
            HandlerOptions());
        await Eventually.Ends(begun.Task);

        Task stopping = running.StopAsync();
        release.SetResult();
        await Eventually.Ends(stopping);

        Assert.That((running.Handled, await SavedAsync()), Is.EqualTo((1, 2)));
        Assert.That(running.Completion.IsCanceled);
    }

    [Test]
    public async Task StopAsync_TokenCanceled_CancelsCall()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await stream.PublishAllAsync(Readings("a", 2));
        var begun = new TaskCompletionSource();
        await using NatsSubscription running = stream.SubscribeAwait(
            async (_, token) =>
            {
                begun.TrySetResult();
                await Task.Delay(Timeout.Infinite, token);
            },
            HandlerOptions());
        await Eventually.Ends(begun.Task);
        using var impatient = new CancellationTokenSource();

        Task stopping = running.StopAsync(impatient.Token);
        Assert.That(stopping.IsCompleted, Is.False);
        await impatient.CancelAsync();
        await Eventually.Ends(stopping);

        Assert.That((running.Handled, await SavedAsync()), Is.EqualTo((0, 1)));
    }

    [Test]
    public async Task DisposeAsync_OfStream_EndsHandlersAndSaves()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await stream.PublishAllAsync(Readings("a", 10));
        (_, Func<NatsEvent<Reading>, CancellationToken, ValueTask> handler) = Note();
        NatsSubscription running = stream.SubscribeAwait(handler, HandlerOptions(saveInterval: TimeSpan.FromHours(1)));
        await Eventually.Ends(running.WhenCaughtUpAsync());

        await stream.DisposeAsync();

        Assert.That(running.Completion.IsCanceled);
        Assert.That(await SavedAsync(), Is.EqualTo(11));
        Assert.That(await ConsumersAsync(), Is.Empty);
        Assert.That(() => stream.SubscribeAwait(handler, HandlerOptions()), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public async Task SubscribeAwait_ServerKilledAndStarted_HandlesEachEventOnce()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        (ConcurrentQueue<NatsEvent<Reading>> handled, Func<NatsEvent<Reading>, CancellationToken, ValueTask> handler) = Note();
        await using NatsSubscription running = stream.SubscribeAwait(handler, HandlerOptions(saveInterval: TimeSpan.Zero));
        await stream.PublishAllAsync(Readings("a", 100));
        Server.Kill();
        await Server.StartAgainAsync();
        await stream.PublishAllAsync(Readings("a", 100, first: 100));
        await Becomes(() => handled.Count >= 200);

        Assert.That(handled.Select(e => e.Value), Is.EqualTo(Readings("a", 200)));
        await Becomes(async () => await SavedAsync() == running.Position);
    }

    [Test]
    public async Task SubscribeAwait_SlowHandler_ReadsNoFurtherThanMaxPending()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await stream.PublishAllAsync(Readings("a", 1000));
        var deserialized = new ConcurrentQueue<int>();
        var options = new NatsEventStreamOptions<Reading>(new CountingSerializer(deserialized))
        {
            Stream = Name,
            Subject = _ => $"{Name}.a",
            Prefetch = 10,
        };
        await using NatsEventStream<Reading> counting = await NatsEventStream<Reading>.OpenAsync(Connection, options);
        await using NatsSubscription running = counting.SubscribeAwait(
            static async (_, token) => await Task.Delay(Timeout.Infinite, token), HandlerOptions(maxPending: 20));

        await Becomes(() => deserialized.Count >= 20);
        await Connection.PingAsync();

        Assert.That(deserialized, Has.Count.LessThan(60), "what is pending, what is prefetched, and what is on the way");
    }

    [Test]
    public void Options_Invalid_ThrowWithNameAndValue()
    {
        Assert.That(() => HandlerOptions(name: "a b"), Throws.ArgumentException.With.Message.Contains("'a b'").And.Message.Contains("Name"));
        Assert.That(() => HandlerOptions(name: ""), Throws.ArgumentException);
        Assert.That(() => HandlerOptions(start: NatsStart.LastPerSubject), Throws.ArgumentException.With.Message.Contains("LastPerSubject"));
        Assert.That(() => HandlerOptions(saveInterval: TimeSpan.FromTicks(-1)), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => HandlerOptions(maxConcurrency: 0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => HandlerOptions(maxPending: 0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new NatsPartitions { Count = 0 }, Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new NatsPartitions { Count = 1025 }, Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new NatsPartitions { LeaseDuration = TimeSpan.FromMilliseconds(999) }, Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new NatsPartitions { Bucket = "a.b" }, Throws.ArgumentException);
    }
}
