using NATS.Client.Core;
using NATS.Client.JetStream.Models;
using Rx.Nats;
using Rx.Tests.Contract;

namespace Rx.Tests.Nats;

internal sealed class NatsPublishTests : NatsFixture
{
    private static readonly TimeSpan _short = TimeSpan.FromSeconds(2);

    [Test]
    public async Task PublishAsync_Stored_GivesServersSequence()
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
    public async Task PublishAsync_ExpectedLastSequence_StoredOnlyIfEqual()
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
    public async Task PublishAsync_RetryWithExpectedSequence_StoredOnce()
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
    public async Task PublishAllAsync_AnswersHeld_AtMostMaxInFlightSent()
    {
        TcpProxy proxy = OpenProxy();
        NatsEventStream<Reading> stream = await OpenAsync(Options(maxInFlight: 8), proxy.Url);
        await stream.PublishAsync(new Reading("a", 0));

        proxy.HoldAnswers();
        Task<long> publishing = stream.PublishAllAsync(Readings("a", 100, first: 1));
        await WaitUntilStoredAsync(2);
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
        await WaitUntilStoredAsync(1);
        proxy.Cut();
        proxy.ReleaseAnswers();
        proxy.Mend();

        Assert.That(await Eventually.Ends(publishing), Is.EqualTo(1));
        Assert.That((await StateAsync()).Messages, Is.EqualTo(1));
    }

    [Test]
    public async Task PublishAsync_ServerDown_TimesOutAsNotStored()
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
    public async Task PublishAsync_NoAnswer_TimesOutAsUnknownAndCanBeRepeated()
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
    public async Task PublishAllAsync_ServerGoesDown_CountsOutcomes()
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
    public async Task PublishAsync_TooLarge_NamesSizeAndLimit()
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
    public async Task PublishAsync_SubjectNotStored_NamesStoredSubjects()
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
    public async Task PublishAsync_StreamFull_FailsWithServersReason()
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
    public async Task PublishAsync_Canceled_Ends()
    {
        TcpProxy proxy = OpenProxy();
        NatsEventStream<Reading> stream = await OpenAsync(url: proxy.Url);
        proxy.HoldAnswers();
        using var cancellation = new CancellationTokenSource();
        Task<long> publishing = stream.PublishAsync(new Reading("a", 0), cancellationToken: cancellation.Token);

        await cancellation.CancelAsync();

        await Assert.ThatAsync(() => Eventually.Ends(publishing), Throws.InstanceOf<OperationCanceledException>());
        proxy.ReleaseAnswers();
    }

    [Test]
    public async Task PublishAllAsync_SendingExceedsRequestTimeout_EachSentOnce()
    {
        // 6 MB at 1.5 MB/s take 4 s; the connection waits 2 s for an answer.
        const int count = 300;
        TcpProxy proxy = OpenProxy(bytesPerSecond: 1_500_000);
        NatsEventStream<Reading> stream = await OpenAsync(Options(subject: _ => $"{Name}.a"), proxy.Url);
        string text = new('x', 20_000);

        long last = await Eventually.Ends(stream.PublishAllAsync(Readings(text, count)));

        Assert.That(last, Is.EqualTo(count));
        Assert.That(proxy.BytesUp, Is.LessThan(1.5 * count * text.Length));
    }

    /// <summary>A cluster gives this answer when the second attempt comes before the first is stored. A single server never does, so the test plays its part.</summary>
    [Test]
    public async Task PublishAsync_EarlierAttemptInProcess_SentAgain()
    {
        await using NatsConnection answering = Server.Connect();
        await using INatsSub<string> subjects = await answering.SubscribeCoreAsync<string>("answered.*");
        await answering.PingAsync();
        NatsEventStream<Reading> stream = await OpenAsync(Options(subject: _ => "answered.a"));

        Task<long> publishing = stream.PublishAsync(new Reading("a", 0));
        foreach (string answer in new[]
        {
            """{"error":{"code":409,"err_code":10158,"description":"duplicate message id is in process"}}""",
            $$"""{"stream":"{{Name}}","seq":7,"duplicate":true}""",
        })
        {
            NatsMsg<string> message = await subjects.Msgs.ReadAsync().AsTask().WaitAsync(Eventually.Limit);
            await message.ReplyAsync(answer);
        }

        Assert.That(await Eventually.Ends(publishing), Is.EqualTo(7));
    }

    [TestCase("a b")]
    [TestCase("")]
    [TestCase("a.")]
    [TestCase("a\r\nPING")]
    [TestCase("*")]
    public async Task PublishAsync_InvalidSubject_FailsAtOnce(string subject)
    {
        NatsEventStream<Reading> stream = await OpenAsync(Options(subject: _ => subject));

        Task<long> publishing = stream.PublishAsync(new Reading("a", 0));

        Assert.That(publishing.IsCompleted, Is.True, "No request is sent.");
        await Assert.ThatAsync(() => publishing, Throws.TypeOf<NatsEventStreamException>().With.Message.Contains($"'{subject}'").And.Message.Contains("not stored"));
    }

    [TestCase("")]
    [TestCase(" ")]
    [TestCase("a\r\nb")]
    [TestCase("größe")]
    public async Task PublishAsync_MessageIdNotFitForHeader_Throws(string id)
    {
        NatsEventStream<Reading> stream = await OpenAsync();

        Assert.That(() => stream.PublishAsync(new Reading("a", 0), messageId: id), Throws.ArgumentException.With.Property("ParamName").EqualTo("messageId"));
    }

    [Test]
    public async Task PublishAllAsync_ValuesThrow_WaitsAndCountsOutcomes()
    {
        TcpProxy proxy = OpenProxy();
        NatsEventStream<Reading> stream = await OpenAsync(url: proxy.Url);
        proxy.HoldAnswers();

        Task<long> publishing = stream.PublishAllAsync(Readings("a", 3).Concat(Throwing()));
        await WaitUntilStoredAsync(1); // the others can be in the next batch
        Assert.That(publishing.IsCompleted, Is.False);
        proxy.ReleaseAnswers();

        NatsPublishException? error = await Assert.ThrowsAsync<NatsPublishException>(() => Eventually.Ends(publishing));
        Assert.That((error!.Stored, error.Unknown, error.NotStored), Is.EqualTo((3, 0, 0)));
        Assert.That(error.InnerException, Is.TypeOf<NotSupportedException>());

        static IEnumerable<Reading> Throwing()
        {
            yield return Throw();
        }

        static Reading Throw() => throw new NotSupportedException("no more");
    }

    [Test]
    public async Task PublishAllAsync_OneRefused_StopsAndCountsOutcomes()
    {
        NatsEventStream<Reading> stream = await OpenAsync(Options(subject: r => r.Number == 5 ? "no subject" : $"{Name}.a"));
        int taken = 0;

        NatsPublishException? error = await Assert.ThrowsAsync<NatsPublishException>(() => stream.PublishAllAsync(Readings("a", 1000).Select(r =>
        {
            taken++;
            return r;
        })));

        Assert.That(taken, Is.EqualTo(6));
        Assert.That((error!.Stored, error.Unknown, error.NotStored), Is.EqualTo((5, 0, 1)));
        Assert.That(error.InnerException, Is.TypeOf<NatsEventStreamException>().With.Message.Contains("no subject"));
        Assert.That(error.Message, Does.Contain("5 stored, 0 sent and unknown, 1 not stored").And.Contain("no subject"));
    }

    [Test]
    public async Task PublishAllAsync_Canceled_EventsInFlightAreUnknown()
    {
        TcpProxy proxy = OpenProxy();
        NatsEventStream<Reading> stream = await OpenAsync(Options(maxInFlight: 8), proxy.Url);
        proxy.HoldAnswers();
        using var cancellation = new CancellationTokenSource();
        Task<long> publishing = stream.PublishAllAsync(Readings("a", 3).Concat(Cancelling()), cancellation.Token);

        OperationCanceledException? error = await Assert.ThrowsAsync<OperationCanceledException>(() => Eventually.Ends(publishing));
        proxy.ReleaseAnswers();

        var outcome = (NatsPublishException)error!.InnerException!;
        Assert.That((outcome.Stored, outcome.Unknown, outcome.NotStored), Is.EqualTo((0, 4, 0)));
        Assert.That(outcome.UnknownMessageIds, Is.Unique);
        Assert.That(error.Message, Does.Contain("4 sent and unknown"));
        Assert.That(error.CancellationToken, Is.EqualTo(cancellation.Token));

        IEnumerable<Reading> Cancelling()
        {
            cancellation.Cancel();
            yield return new Reading("a", 3);
        }
    }

    [Test]
    public async Task PublishAllAsync_StreamDisposedDuringCall_CountsOutcomes()
    {
        NatsEventStream<Reading> stream = await OpenAsync(Options(maxInFlight: 16));
        Task<long> publishing = Task.Run(() => stream.PublishAllAsync(Readings("a", int.MaxValue)));
        await WaitUntilStoredAsync(100);

        await stream.DisposeAsync();

        NatsPublishException? error = await Assert.ThrowsAsync<NatsPublishException>(() => Eventually.Ends(publishing));
        Assert.That((long)(await StateAsync()).Messages, Is.EqualTo(error!.Stored));
        Assert.That(error.InnerException, Is.TypeOf<ObjectDisposedException>());
    }

    private async Task WaitUntilStoredAsync(int count)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        while ((await StateAsync()).Messages < count)
        {
            await Task.Delay(10, limit.Token);
        }
    }
}
