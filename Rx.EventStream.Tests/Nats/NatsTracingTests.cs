using System.Collections.Concurrent;
using System.Diagnostics;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Rx.Nats;
using Rx.Nats.Tracing;
using Rx.Tests.Contract;

namespace Rx.Tests.Nats;

/// <summary>The trace context in the headers of stored events, as a plain NATS.Net consumer reads it.</summary>
internal sealed class NatsTracingTests : NatsFixture
{
    private static readonly string[] _own = ["Nats-Msg-Id", "Nats-Expected-Stream", "Nats-Expected-Last-Sequence"];

    [Test]
    public async Task PublishAsync_UnderActivity_ItsContextIsStored()
    {
        NatsEventStream<Reading> stream = await OpenAsync();
        using Activity activity = Start();

        await stream.PublishAsync(new Reading("a", 0));
        await stream.PublishAllAsync(Readings("a", 2, first: 1));
        await stream.PublishAsync(new Reading("a", 3), expectedLastSequence: 3);

        List<NatsHeaders> stored = await ReadHeadersAsync(4);
        Assert.That(stored.Select(h => h["traceparent"].ToString()), Is.All.EqualTo(activity.Id));
        Assert.That(stored.Select(h => h["tracestate"].ToString()), Is.All.EqualTo("vendor=1"));
    }

    [Test]
    public async Task PublishAsync_TwoActivities_EachEventHasItsOwn()
    {
        NatsEventStream<Reading> stream = await OpenAsync();

        string?[] ids = await Task.WhenAll(Enumerable.Range(0, 50).Select(async i =>
        {
            using Activity activity = Start();
            long sequence = await stream.PublishAsync(new Reading("a", i));
            Assert.That(Activity.Current, Is.SameAs(activity));
            return $"{sequence} {activity.Id}";
        }));

        List<NatsHeaders> stored = await ReadHeadersAsync(50);
        Assert.That(stored.Select((h, i) => $"{i + 1} {h["traceparent"]}"), Is.EquivalentTo(ids));
    }

    /// <summary>The activity under which the stream was opened, and that of an earlier event, belong to other work.</summary>
    [Test]
    public async Task PublishAsync_NoActivity_NoHeader()
    {
        NatsEventStream<Reading> stream;
        using (Start())
        {
            stream = await OpenAsync();
            await stream.PublishAsync(new Reading("a", 0));
        }

        Activity.Current = null;
        await stream.PublishAsync(new Reading("a", 1));

        List<NatsHeaders> stored = await ReadHeadersAsync(2);
        Assert.That(stored[0].Keys.Except(_own), Is.EquivalentTo(new[] { "traceparent", "tracestate" }));
        Assert.That(stored[1].Keys.Except(_own), Is.Empty);
    }

    [Test]
    public async Task PublishAsync_ActivityStoppedBeforeSending_ItsContextIsStored()
    {
        TcpProxy proxy = OpenProxy();
        NatsEventStream<Reading> stream = await OpenAsync(url: proxy.Url);
        proxy.HoldAnswers();
        Task<long> first = stream.PublishAsync(new Reading("a", 0)); // the second one waits for its answer
        string? id;
        Task<long> second;
        using (Activity activity = Start())
        {
            await WaitUntilStoredAsync();
            second = stream.PublishAsync(new Reading("a", 1));
            id = activity.Id;
        }

        proxy.ReleaseAnswers();
        await Eventually.Ends(Task.WhenAll(first, second));

        Assert.That((await ReadHeadersAsync(2))[1]["traceparent"].ToString(), Is.EqualTo(id));
    }

    /// <summary>With a listener, NATS.Net sends each message under an activity of its own, and stores that one's context.</summary>
    [Test]
    public async Task PublishAsync_ClientIsTraced_SameHeadersAsClientsOwnMessage()
    {
        var sending = new ConcurrentQueue<Activity>();
        var contexts = new ConcurrentQueue<string?>();
        var context = new AsyncLocal<string?> { Value = "opener" };
        NatsEventStream<Reading> stream = await OpenAsync();
        context.Value = null;
        using Activity activity = Start();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "NATS.Net",
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.Parent.TraceId == activity.TraceId ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStarted = started =>
            {
                sending.Enqueue(started);
                if (started.Kind is ActivityKind.Producer)
                {
                    contexts.Enqueue(context.Value); // what is received, the connection receives in a context of its own
                }
            },
        };
        ActivitySource.AddActivityListener(listener);

        await stream.PublishAsync(new Reading("a", 0));
        await JetStream.PublishAsync($"{Name}.a", "{}", headers: new NatsHeaders { ["Nats-Msg-Id"] = "x" });

        NatsHeaders[] stored = [.. await ReadHeadersAsync(2)];
        Assert.That(stored[0].Keys.Except(_own), Is.EquivalentTo(stored[1].Keys.Except(_own)));
        Assert.That(stored[0]["tracestate"], Is.EqualTo(stored[1]["tracestate"]));
        foreach (NatsHeaders headers in stored)
        {
            Assert.That(TraceContext.TryRead(headers, out ActivityContext read), Is.True);
            Activity sent = sending.Single(a => a.SpanId == read.SpanId);
            Assert.That(read.TraceId, Is.EqualTo(activity.TraceId));
            Assert.That(sent.OperationName, Does.EndWith("publish"));
            Assert.That(sent.RootId, Is.EqualTo(activity.RootId));
        }

        Assert.That(contexts, Is.All.Null, "No event is sent in the context of the caller that opened the stream.");
        Assert.That(TraceContext.TryRead(stored[0], out ActivityContext own), Is.True);
        Assert.That(sending.Single(a => a.SpanId == own.SpanId).ParentSpanId, Is.EqualTo(activity.SpanId));
    }

    private static Activity Start() => new Activity("test") { TraceStateString = "vendor=1" }.SetIdFormat(ActivityIdFormat.W3C).Start();

    /// <summary>The headers of the first events of the stream.</summary>
    private async Task<List<NatsHeaders>> ReadHeadersAsync(int count)
    {
        INatsJSConsumer consumer = await JetStream.CreateConsumerAsync(Name, new ConsumerConfig { AckPolicy = ConsumerConfigAckPolicy.None });
        var headers = new List<NatsHeaders>();
        using var limit = new CancellationTokenSource(Eventually.Limit);
        await foreach (INatsJSMsg<string> message in consumer.ConsumeAsync<string>(cancellationToken: limit.Token))
        {
            headers.Add(message.Headers!);
            if (headers.Count == count)
            {
                break;
            }
        }

        return headers;
    }

    private async Task WaitUntilStoredAsync()
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        while ((await StateAsync()).Messages == 0)
        {
            await Task.Delay(10, limit.Token);
        }
    }
}
