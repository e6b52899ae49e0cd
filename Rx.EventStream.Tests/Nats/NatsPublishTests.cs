using NATS.Client.Core;
using NATS.Client.JetStream.Models;
using Rx.Nats;
using Rx.Tests.Contract;

namespace Rx.Tests.Nats;

internal sealed class NatsPublishTests : NatsFixture
{
    private static readonly TimeSpan _short = TimeSpan.FromSeconds(2);

    [Test]
    public async Task PublishAsync_Stored_TheServersSequence()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        await StoreAsync("a", 0, 4);

        Assert.That(await stream.PublishAsync(new Reading("a", 4)), Is.EqualTo(5));
        Assert.That((await StateAsync()).Messages, Is.EqualTo(5));
    }

    [Test]
    public async Task PublishAsync_SameMessageId_StoredOnce()
    {
        NatsEventStream<Reading> stream = await OpenAsync();

        long first = await stream.PublishAsync(new Reading("a", 0), messageId: "order-1");
        long again = await stream.PublishAsync(new Reading("a", 0), messageId: "order-1");

        Assert.That((first, again), Is.EqualTo((1, 1)));
        Assert.That((await StateAsync()).Messages, Is.EqualTo(1));
    }

    [Test]
    public async Task PublishAsync_ExpectedLastSequence_StoredOnlyIfItIs()
    {
        NatsEventStream<Reading> stream = await OpenAsync();

        Assert.That(await stream.PublishAsync(new Reading("a", 0), expectedLastSequence: 0), Is.EqualTo(1));
        Assert.That(await stream.PublishAsync(new Reading("a", 1), expectedLastSequence: 1), Is.EqualTo(2));
        foreach (long wrong in new[] { 0, 1, 7 })
        {
            WrongSequenceException? error = await Assert.ThrowsAsync<WrongSequenceException>(
                () => stream.PublishAsync(new Reading("a", 2), expectedLastSequence: wrong));
            Assert.That((error!.Expected, error.Actual), Is.EqualTo((wrong, 2)));
        }

        Assert.That((await StateAsync()).Messages, Is.EqualTo(2));
    }

    [Test]
    public async Task PublishAsync_RetryOfAnExpectedSequence_StoredOnce()
    {
        NatsEventStream<Reading> stream = await OpenAsync();

        long first = await stream.PublishAsync(new Reading("a", 0), expectedLastSequence: 0, messageId: "x");
        long again = await stream.PublishAsync(new Reading("a", 0), expectedLastSequence: 0, messageId: "x");

        Assert.That((first, again), Is.EqualTo((1, 1)));
    }

    [Test]
    public async Task PublishAsync_NegativeExpectedSequence_Throws()
    {
        NatsEventStream<Reading> stream = await OpenAsync();

        Assert.That(() => stream.PublishAsync(new Reading("a", 0), expectedLastSequence: -1), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public async Task PublishAsync_NotAwaitedOneByOne_StoredInOrder()
    {
        NatsEventStream<Reading> stream = await OpenAsync();

        long[] sequences = await Task.WhenAll(Readings("a", 5_000).Select(r => stream.PublishAsync(r)));

        Assert.That(sequences, Is.EqualTo(Enumerable.Range(1, 5_000)));
    }

    [Test]
    public async Task PublishAllAsync_AnswersAreHeld_NoMoreInFlightThanAllowed()
    {
        TcpProxy proxy = OpenProxy();
        NatsEventStream<Reading> stream = await OpenAsync(Options(maxInFlight: 8), proxy.Url);
        await stream.PublishAsync(new Reading("a", 0));

        proxy.HoldAnswers();
        Task<long> publishing = stream.PublishAllAsync(Readings("a", 100, first: 1));
        while ((await StateAsync()).Messages < 9)
        {
            await Task.Delay(10);
        }

        await Task.Delay(200);
        Assert.That((await StateAsync()).Messages, Is.InRange(1 + 1, 1 + 8));
        proxy.ReleaseAnswers();
        Assert.That(await publishing, Is.EqualTo(101));
    }

    [Test]
    public async Task PublishAsync_AnswerLost_SentAgainAndStoredOnce()
    {
        TcpProxy proxy = OpenProxy();
        NatsEventStream<Reading> stream = await OpenAsync(url: proxy.Url);
        proxy.HoldAnswers();
        Task<long> publishing = stream.PublishAsync(new Reading("a", 0));
        while ((await StateAsync()).Messages < 1)
        {
            await Task.Delay(10);
        }

        proxy.Cut();
        proxy.ReleaseAnswers();
        proxy.Mend();

        Assert.That(await Eventually.Ends(publishing), Is.EqualTo(1));
        Assert.That((await StateAsync()).Messages, Is.EqualTo(1));
    }

    [Test]
    public async Task PublishAsync_ServerDown_FailsAfterItsBoundAsNotStored()
    {
        await using NatsConnection connection = Server.Connect();
        await using var stream = await NatsEventStream<Reading>.OpenAsync(connection, Options(publishTimeout: _short));
        Server.Kill();
        Eventually.IsTrue(() => connection.ConnectionState is not NatsConnectionState.Open, "The connection is lost.");

        NatsPublishException? error = await Assert.ThrowsAsync<NatsPublishException>(() => stream.PublishAsync(new Reading("a", 0)));

        Assert.That((error!.Stored, error.Unknown, error.NotStored), Is.EqualTo((0, 0, 1)));
        Assert.That(error.Message, Does.Contain(Name).And.Contain("1 not stored"));
        await Server.StartAgainAsync();
    }

    [Test]
    public async Task PublishAsync_NoAnswer_FailsAfterItsBoundAsUnknownAndMayBeRepeated()
    {
        TcpProxy proxy = OpenProxy();
        NatsEventStream<Reading> stream = await OpenAsync(Options(publishTimeout: _short), proxy.Url);
        proxy.HoldAnswers();

        NatsPublishException? error = await Assert.ThrowsAsync<NatsPublishException>(() => stream.PublishAsync(new Reading("a", 0)));
        proxy.ReleaseAnswers();

        Assert.That((error!.Stored, error.Unknown, error.NotStored), Is.EqualTo((0, 1, 0)));
        Assert.That(await stream.PublishAsync(new Reading("a", 0), messageId: error.UnknownMessageIds.Single()), Is.EqualTo(1));
        Assert.That((await StateAsync()).Messages, Is.EqualTo(1));
    }

    [Test]
    public async Task PublishAllAsync_ServerGoesDown_SaysWhatWasStored()
    {
        NatsEventStream<Reading> stream = await OpenAsync(Options(publishTimeout: _short, maxInFlight: 16));
        Received received = Observe(stream.Events);
        int taken = 0;
        Task<long> publishing = stream.PublishAllAsync(Readings("a", int.MaxValue).Select(r =>
        {
            taken++;
            return r;
        }));
        received.WaitFor(1000);

        Server.Kill();
        NatsPublishException? error = await Assert.ThrowsAsync<NatsPublishException>(() => publishing);
        await Server.StartAgainAsync();

        Assert.That(error!.Stored + error.Unknown + error.NotStored, Is.EqualTo(taken));
        Assert.That(error.Unknown + error.NotStored, Is.InRange(1, 2 * 16));
        Assert.That((long)(await StateAsync()).Messages, Is.InRange(error.Stored, error.Stored + error.Unknown));
    }

    [Test]
    public async Task PublishAsync_TooLarge_SaysHowLargeAndWhatIsAllowed()
    {
        NatsEventStream<Reading> stream = await OpenAsync(new NatsEventStreamOptions<Reading>(ReadingJson.Default.Reading)
        {
            Stream = Name,
            Subject = _ => $"{Name}.a",
        });

        await Assert.ThatAsync(
            () => stream.PublishAsync(new Reading(new string('x', 2_000_000), 0)),
            Throws.TypeOf<NatsEventStreamException>().With.Message.Contains("1048576").And.Message.Contains("20000"));
    }

    [Test]
    public async Task PublishAsync_SubjectNobodyStores_SaysWhichAreStored()
    {
        NatsEventStream<Reading> stream = await OpenAsync(new NatsEventStreamOptions<Reading>(ReadingJson.Default.Reading)
        {
            Stream = Name,
            Subject = _ => "elsewhere",
        });

        await Assert.ThatAsync(
            () => stream.PublishAsync(new Reading("a", 0)),
            Throws.TypeOf<NatsEventStreamException>().With.Message.Contains("'elsewhere'").And.Message.Contains($"'{Name}.>'"));
    }

    [Test]
    public async Task PublishAsync_SubjectOfAnotherStream_NotStoredThere()
    {
        await JetStream.CreateStreamAsync(new StreamConfig("other", ["other.>"]));
        NatsEventStream<Reading> stream = await OpenAsync(new NatsEventStreamOptions<Reading>(ReadingJson.Default.Reading)
        {
            Stream = Name,
            Subject = _ => "other.a",
        });

        await Assert.ThatAsync(
            () => stream.PublishAsync(new Reading("a", 0)),
            Throws.TypeOf<NatsEventStreamException>().With.Message.Contains("other.a").And.Message.Contains("another stream"));
        Assert.That((await JetStream.GetStreamAsync("other")).Info.State.Messages, Is.Zero);
    }

    [Test]
    public async Task PublishAsync_StreamIsFull_FailsWithTheServersReason()
    {
        await JetStream.CreateStreamAsync(new StreamConfig("small", ["small.>"]) { MaxMsgs = 1, Discard = StreamConfigDiscard.New });
        NatsEventStream<Reading> stream = await OpenAsync(new NatsEventStreamOptions<Reading>(ReadingJson.Default.Reading)
        {
            Stream = "small",
            Subject = _ => "small.a",
            PublishTimeout = _short,
        });
        await stream.PublishAsync(new Reading("a", 0));

        NatsPublishException? error = await Assert.ThrowsAsync<NatsPublishException>(() => stream.PublishAsync(new Reading("a", 1)));

        Assert.That(error!.NotStored, Is.EqualTo(1));
        Assert.That(error.Message, Does.Contain("maximum messages exceeded"));
    }

    [Test]
    public async Task PublishAsync_Cancelled_Ends()
    {
        TcpProxy proxy = OpenProxy();
        NatsEventStream<Reading> stream = await OpenAsync(url: proxy.Url);
        proxy.HoldAnswers();
        using var cancellation = new CancellationTokenSource();
        Task<long> publishing = stream.PublishAsync(new Reading("a", 0), ct: cancellation.Token);

        await cancellation.CancelAsync();

        await Assert.ThatAsync(() => Eventually.Ends(publishing), Throws.InstanceOf<OperationCanceledException>());
        proxy.ReleaseAnswers();
    }
}
