using System.Reactive.Concurrency;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Rx.Nats;
using Rx.Tests.Contract;

namespace Rx.Tests.Nats;

/// <summary>Callers that wait until a projection, or the local stream, has what the server has.</summary>
internal sealed class NatsWaitingTests : NatsFixture
{
    [Test]
    public async Task WhenReachedAsync_OwnWrite_IsInState()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await using NatsProjection<int, Reading> sum = Sum(stream);

        for (int i = 1; i <= 200; i++)
        {
            long sequence = await stream.PublishAsync(new Reading("a", 1));
            await Eventually.Ends(sum.WhenReachedAsync(sequence));
            Assert.That(sum.Current, Is.EqualTo(new NatsSnapshot<int>(i, i)));
        }
    }

    [Test]
    public async Task WhenReachedAsync_WriteOfOtherConnection_IsInState()
    {
        await using NatsProjection<int, Reading> sum = Sum(await OpenAsync());
        NatsEventStream<Reading> other = await OpenAsync();

        long sequence = await other.PublishAllAsync(Readings("a", 5_000).Select(r => r with { Number = 1 }));
        await Eventually.Ends(sum.WhenReachedAsync(sequence));

        Assert.That(sum.Current, Is.EqualTo(new NatsSnapshot<int>(5_000, 5_000)));
    }

    [Test]
    public async Task WhenReachedAsync_NotStoredYet_CompletesWithEvent()
    {
        await using NatsProjection<int, Reading> sum = Sum(await OpenAsync());
        Task third = sum.WhenReachedAsync(3);
        Task later = sum.WhenReachedAsync(4);

        await StoreAsync("a", 1, 2);
        await Eventually.Ends(sum.WhenCaughtUpAsync());
        Assert.That(third.IsCompleted, Is.False);
        await StoreAsync("a", 3, 1);

        await Eventually.Ends(third);
        Assert.That(sum.Current, Is.EqualTo(new NatsSnapshot<int>(6, 3)));
        Assert.That(later.IsCompleted, Is.False);
    }

    [Test]
    public async Task WhenReachedAsync_Zero_CompletesAtOnce()
    {
        await using NatsProjection<int, Reading> sum = Sum(await OpenAsync());

        Assert.That(sum.WhenReachedAsync(0).IsCompletedSuccessfully, Is.True);
    }

    [Test]
    public async Task WhenReachedAsync_Negative_NamesValueAndRange()
    {
        await using NatsProjection<int, Reading> sum = Sum(await OpenAsync());

        Assert.That(
            () => sum.WhenReachedAsync(-1),
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("sequence").And.Property("ActualValue").EqualTo(-1)
                .And.Message.Contains("at least 1"));
    }

    [Test]
    public async Task WhenCaughtUpAsync_EmptyStream_Completes()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await using NatsProjection<int, Reading> sum = Sum(stream);

        await Eventually.Ends(sum.WhenCaughtUpAsync());
        await Eventually.Ends(stream.WhenCaughtUpAsync());

        Assert.That(sum.Current, Is.EqualTo(new NatsSnapshot<int>(0, 0)));
    }

    [Test]
    public async Task WhenCaughtUpAsync_ManyEventsOnServer_AllInState()
    {
        const int count = 20_000;
        await (await OpenAsync()).PublishAllAsync(Readings("a", count).Select(r => r with { Number = 1 }));
        await using NatsProjection<int, Reading> sum = Sum(await OpenAsync(Options(local: new EventStreamOptions())));

        await Eventually.Ends(sum.WhenCaughtUpAsync());

        Assert.That(sum.Current, Is.EqualTo(new NatsSnapshot<int>(count, count)));
    }

    /// <summary>The reader learns seconds later that it has passed events of other subjects. The server tells at once that the filter's last event is an earlier
    /// one.</summary>
    [Test]
    public async Task Filter_LastEventsOfOtherSubject_ServerTellsAtOnce()
    {
        NatsEventStream<Reading> stream = await OpenAsync(Options(filter: $"{Name}.b.*", subject: r => $"{Name}.{r.Source}"));
        await using NatsProjection<int, Reading> sum = Sum(stream);
        await StoreAsync("b.x", 7, 1);
        await Eventually.Ends(sum.WhenReachedAsync(1));
        await using INatsSub<string> questions = await Connection.SubscribeCoreAsync<string>($"$JS.API.STREAM.MSG.GET.{Name}");
        await Connection.PingAsync();
        await StoreAsync("a", 0, 20);

        await Eventually.Ends(sum.WhenCaughtUpAsync());
        await Eventually.Ends(sum.WhenReachedAsync(21));
        await Eventually.Ends(stream.WhenCaughtUpAsync());

        Assert.That(sum.Current, Is.EqualTo(new NatsSnapshot<int>(7, 1)));
        await Connection.PingAsync();
        Assert.That(questions.Msgs.TryRead(out NatsMsg<string> question), Is.True, "The wait has asked the server.");
        Assert.That(question.Data, Does.Contain($"{Name}.b.*"));
    }

    /// <summary>Nothing asks the server here: the reader itself notices that it has passed the others, and tells reads that have joined the local stream.</summary>
    [TestCase(true)]
    [TestCase(false)] // the local stream starts too late for the projection to join it
    public async Task Filter_OnlyOtherSubjects_ReaderPassesThem(bool joinsLocalStream)
    {
        NatsStart start = joinsLocalStream ? NatsStart.Now : NatsStart.Since(DateTimeOffset.UtcNow.AddHours(1));
        await using NatsProjection<int, Reading> sum = Sum(await OpenAsync(Options(start, filter: $"{Name}.b")));
        await StoreAsync("b", 7, 1);
        await Eventually.Ends(sum.WhenReachedAsync(1));

        await StoreAsync("a", 0, 20);

        await Eventually.Ends(sum.Passed.Add(21).Ended);
        Assert.That(sum.Current, Is.EqualTo(new NatsSnapshot<int>(7, 1)));
    }

    [Test]
    public async Task Filter_NoEventYet_CompletesAndWaitsForOne()
    {
        await StoreAsync("a", 0, 5);
        NatsEventStream<Reading> stream = await OpenAsync(Options(filter: $"{Name}.b"));
        await using NatsProjection<int, Reading> sum = Sum(stream);

        await Eventually.Ends(sum.WhenCaughtUpAsync());
        await Eventually.Ends(sum.WhenReachedAsync(5));
        await Eventually.Ends(sum.WhenReachedAsync(await stream.PublishAsync(new Reading("b", 3))));

        Assert.That(sum.Current, Is.EqualTo(new NatsSnapshot<int>(3, 6)));
    }

    [Test]
    public async Task Filter_MayNotLookAtEvents_ReadersProgressDecides()
    {
        await using NatsServer guarded = await NatsServer.StartAsync("""
            authorization { users = [
                { user: admin, password: s3cret }
                { user: blind, password: s3cret, permissions: { publish: { deny: ["$JS.API.STREAM.MSG.GET.>"] } } } ] }
            """);
        await using NatsConnection admin = NatsServer.ConnectTo($"nats://admin:s3cret@127.0.0.1:{guarded.Port}");
        var jetStream = new NatsJSContext(admin);
        await jetStream.CreateStreamAsync(new StreamConfig(Name, [$"{Name}.>"]));
        await using NatsConnection blind = NatsServer.ConnectTo($"nats://blind:s3cret@127.0.0.1:{guarded.Port}");
        await using var stream = await NatsEventStream<Reading>.OpenAsync(blind, Options(filter: $"{Name}.b"));
        await stream.PublishAsync(new Reading("b", 7));
        await stream.PublishAsync(new Reading("a", 0));
        await using NatsProjection<int, Reading> sum = Sum(stream);

        await Eventually.Ends(sum.WhenCaughtUpAsync());

        Assert.That(sum.Current, Is.EqualTo(new NatsSnapshot<int>(7, 1)));
        Assert.That(sum.Passed.Reached, Is.EqualTo(2));
    }

    [Test]
    public async Task LastEventsDeleted_Waits_DoNotWaitForThem()
    {
        await StoreAsync("a", 1, 4);
        await JetStream.DeleteMessageAsync(Name, new StreamMsgDeleteRequest { Seq = 3 });
        await JetStream.DeleteMessageAsync(Name, new StreamMsgDeleteRequest { Seq = 4 });
        await using NatsProjection<int, Reading> sum = Sum(await OpenAsync());

        await Eventually.Ends(sum.WhenCaughtUpAsync());
        await Eventually.Ends(sum.WhenReachedAsync(4));

        Assert.That(sum.Current, Is.EqualTo(new NatsSnapshot<int>(3, 2)));
    }

    [Test]
    public async Task LastEventUnreadable_Skipped_IsReached()
    {
        NatsEventStream<Reading> stream = await OpenAsync(Options(skipUnreadable: _ => { }));
        await using NatsProjection<int, Reading> sum = Sum(stream);
        await StoreAsync("a", 5, 1);
        await Eventually.Ends(sum.WhenReachedAsync(1));

        await JetStream.PublishAsync($"{Name}.a", "{ not json");

        await Eventually.Ends(sum.Passed.Add(2).Ended);
        await Eventually.Ends(stream.WhenCaughtUpAsync());
        Assert.That(sum.Current, Is.EqualTo(new NatsSnapshot<int>(5, 1)));
    }

    [Test]
    public async Task ServerKilledWhileWaiting_Restarted_Completes()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await using NatsProjection<int, Reading> sum = Sum(stream);
        await StoreAsync("a", 1, 3);
        await Eventually.Ends(sum.WhenReachedAsync(3));

        Server.Kill();
        Task[] waits = [sum.WhenReachedAsync(4), sum.WhenCaughtUpAsync(), stream.WhenCaughtUpAsync()];
        Assert.That(waits.Select(w => w.IsCompleted), Has.None.True);
        await Server.StartAgainAsync();
        await Eventually.Ends(stream.PublishAsync(new Reading("a", 4)));

        await Eventually.Ends(Task.WhenAll(waits));
        Assert.That(sum.Current, Is.EqualTo(new NatsSnapshot<int>(10, 4)));
    }

    [Test]
    public async Task ProjectionDisposedWhileWaiting_Waits_FailAsDisposed()
    {
        NatsProjection<int, Reading> sum = Sum(await OpenAsync());
        Task reached = sum.WhenReachedAsync(1);

        await sum.DisposeAsync();

        await Assert.ThatAsync(() => Eventually.Ends(reached), Throws.TypeOf<ObjectDisposedException>());
        await Assert.ThatAsync(() => Eventually.Ends(sum.WhenReachedAsync(2)), Throws.TypeOf<ObjectDisposedException>());
        await Assert.ThatAsync(() => Eventually.Ends(sum.WhenCaughtUpAsync()), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public async Task StreamDisposedWhileWaiting_Waits_FailAsDisposed()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await using NatsProjection<int, Reading> sum = Sum(stream);
        Server.Kill(); // so that the server does not answer
        Task[] waits = [sum.WhenReachedAsync(1), sum.WhenCaughtUpAsync(), stream.WhenCaughtUpAsync()];

        await stream.DisposeAsync();

        foreach (Task wait in waits)
        {
            await Assert.ThatAsync(() => Eventually.Ends(wait), Throws.TypeOf<ObjectDisposedException>());
        }

        await Assert.ThatAsync(() => stream.WhenCaughtUpAsync(), Throws.TypeOf<ObjectDisposedException>());
        await Server.StartAgainAsync();
    }

    [Test]
    public async Task ApplyThrows_Waits_FailWithThat()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await using NatsProjection<int, Reading> projection =
            stream.ToProjection(0, (int sum, Reading r) => r.Number < 3 ? sum + r.Number : throw new NotSupportedException("three"));
        Task reached = projection.WhenReachedAsync(3);

        await StoreAsync("a", 1, 3);

        await Assert.ThatAsync(() => Eventually.Ends(reached), Throws.TypeOf<NotSupportedException>());
        await Assert.ThatAsync(() => Eventually.Ends(projection.WhenCaughtUpAsync()), Throws.TypeOf<NotSupportedException>());
        await Eventually.Ends(projection.WhenReachedAsync(2)); // it is in the state that stays
    }

    [Test]
    public async Task StreamTrimmed_Waits_FailWithGap()
    {
        await StoreAsync("a", 0, 5);
        NatsEventStream<Reading> stream = await OpenAsync();
        await JetStream.PurgeStreamAsync(Name, new StreamPurgeRequest { Seq = 4 });
        await using NatsProjection<int, Reading> projection = stream.ToProjection(new NatsSnapshot<int>(0, 1), static (sum, r) => sum + r.Number);

        await Assert.ThatAsync(() => Eventually.Ends(projection.WhenCaughtUpAsync()), Throws.TypeOf<EventStreamGapException>());
    }

    [Test]
    public async Task Canceled_Wait_EndsAndIsForgotten()
    {
        await using NatsProjection<int, Reading> sum = Sum(await OpenAsync());
        using var cancellation = new CancellationTokenSource();
        Task reached = sum.WhenReachedAsync(1, cancellation.Token);
        Assert.That(sum.Passed.Count, Is.EqualTo(1));

        await cancellation.CancelAsync();

        OperationCanceledException? error = await Assert.CatchAsync<OperationCanceledException>(() => Eventually.Ends(reached));
        Assert.That(error!.CancellationToken, Is.EqualTo(cancellation.Token));
        Assert.That(sum.Passed.Count, Is.Zero);
        Assert.That(sum.WhenReachedAsync(0, cancellation.Token).IsCanceled, Is.True);
        Assert.That(sum.WhenCaughtUpAsync(cancellation.Token).IsCanceled, Is.True);
    }

    [Test]
    public async Task Events_SubscriberStillBusy_CaughtUpWaitsForIt()
    {
        NatsEventStream<Reading> stream = await OpenAsync(Options(local: new EventStreamOptions { Retention = Retention.All, Scheduler = TaskPoolScheduler.Default }));
        using var mayReturn = new ManualResetEventSlim();
        int consumed = 0;
        using EventSubscription subscription = stream.Events.Subscribe(new System.Reactive.AnonymousObserver<Sequenced<Reading>>(_ =>
        {
            mayReturn.Wait();
            consumed++;
        }));
        await StoreAsync("a", 0, 10);

        Task<int> consumedThen = stream.WhenCaughtUpAsync().ContinueWith(
            caughtUp => caughtUp.IsCompletedSuccessfully ? Volatile.Read(ref consumed) : -1, TaskScheduler.Default);
        Eventually.IsTrue(() => stream.Local.NextSequence == 10, "The local stream has all events.");
        await using NatsProjection<int, Reading> sum = Sum(stream);
        await Eventually.Ends(sum.WhenCaughtUpAsync()); // the server has answered a later question
        mayReturn.Set();

        Assert.That(await Eventually.Ends(consumedThen), Is.EqualTo(10));
    }

    private static NatsProjection<int, Reading> Sum(NatsEventStream<Reading> stream) =>
        stream.ToProjection(0, static (int sum, Reading reading) => sum + reading.Number);
}
