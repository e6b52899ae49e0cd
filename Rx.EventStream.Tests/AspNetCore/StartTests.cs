using System.Collections.Immutable;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Rx.AspNetCore;
using Rx.Tests.Contract;

namespace Rx.Tests.AspNetCore;

/// <summary>What a client gets that has no id.</summary>
[TestFixture]
internal sealed class StartTests
{
    [Test]
    public async Task Headers_BeforeTheFirstEvent_AreThoseOfServerSentEvents()
    {
        using var stream = new EventStream<int>();
        await using SseServer server = await SseServer.StartAsync(app => app.MapEventStream("/", stream));
        await using SseClient client = await server.ConnectAsync("/");

        Assert.That(client.Response.Content.Headers.ContentType!.ToString(), Is.EqualTo("text/event-stream"));
        Assert.That(client.Response.Content.Headers.ContentEncoding, Is.EqualTo(new[] { "identity" }));
        Assert.That(client.Response.Headers.CacheControl!.ToString(), Is.EqualTo("no-store, no-cache"));
        Assert.That(client.Response.Headers.GetValues("X-Accel-Buffering"), Is.EqualTo(new[] { "no" }));
    }

    [Test]
    public async Task Start_NowAndOldest_BeginThere()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.Count(2) });
        await using SseServer server = await SseServer.StartAsync(app =>
        {
            app.MapEventStream("/now", stream);
            app.MapEventStream("/oldest", stream, new EventStreamEndpointOptions<int> { Start = EventStreamStart.Oldest });
        });
        stream.OnNextRange([1, 2, 3]);
        await using SseClient now = await server.ConnectAsync("/now");
        await using SseClient oldest = await server.ConnectAsync("/oldest");
        stream.OnNext(4);

        Assert.That(await now.ReadAsync(1), Is.EqualTo(new[] { "message 4" }));
        Assert.That(await oldest.ReadAsync(3), Is.EqualTo(new[] { "message 2", "message 3", "message 4" }));
    }

    [Test]
    public async Task Container_StreamsWithAndWithoutKey_AreFound()
    {
        using var plain = new EventStream<int>();
        using var keyed = new EventStream<int>();
        await using SseServer server = await SseServer.StartAsync(
            app =>
            {
                app.MapEventStream<int>("/plain");
                app.MapEventStream("/keyed", new EventStreamEndpointOptions<int> { ServiceKey = "second" });
            },
            builder => builder.Services.AddSingleton(plain).AddKeyedSingleton("second", keyed));
        await using SseClient first = await server.ConnectAsync("/plain");
        await using SseClient second = await server.ConnectAsync("/keyed");
        plain.OnNext(1);
        keyed.OnNext(2);

        Assert.That(await first.ReadAsync(1), Is.EqualTo(new[] { "message 1" }));
        Assert.That(await second.ReadAsync(1), Is.EqualTo(new[] { "message 2" }));
        Assert.That(plain.Subscriptions.Single().Name, Is.EqualTo("/plain"));
    }

    [Test]
    public async Task Projection_NewClient_GetsTheSnapshotThenWhatFollows()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.Count(10) });
        using EventProjection<int, int> sum = stream.ToProjection(0, (total, value) => total + value);
        await using SseServer server = await SseServer.StartAsync(
            app => app.MapEventStream("/", stream, sum, new EventStreamEndpointOptions<int> { Epoch = "e" }));
        await using SseClient early = await server.ConnectAsync("/");
        Assert.That(await early.ReadAsync(1), Is.EqualTo(new[] { "snapshot 0" }));
        Assert.That(early.LastId, Is.EqualTo("-1-e"));
        stream.OnNextRange([1, 2]);

        await using SseClient late = await server.ConnectAsync("/");
        Assert.That(await late.ReadAsync(1), Is.EqualTo(new[] { "snapshot 3" }));
        string id = late.LastId;
        stream.OnNext(4);
        await using SseClient returned = await server.ConnectAsync("/", id);

        Assert.That(id, Is.EqualTo("1-e"));
        Assert.That(await late.ReadAsync(1), Is.EqualTo(new[] { "message 4" }));
        Assert.That(await returned.ReadAsync(1), Is.EqualTo(new[] { "message 4" }));
        Assert.That(await early.ReadAsync(3), Is.EqualTo(new[] { "message 1", "message 2", "message 4" }));
    }

    /// <summary>A reset has no id: a client that is cut off before the snapshot must not resume without it.</summary>
    [Test]
    public async Task Projection_IdCannotBeResumed_GetsResetThenSnapshot()
    {
        using var stream = new EventStream<int>();
        using EventProjection<int, int> sum = stream.ToProjection(0, (total, value) => total + value);
        await using SseServer server = await SseServer.StartAsync(
            app => app.MapEventStream("/", stream, sum, new EventStreamEndpointOptions<int> { Epoch = "e" }));
        stream.OnNextRange([1, 2]);
        await using SseClient client = await server.ConnectAsync("/", "1-other");

        SseItem<string>? reset = await client.ReadAsync();
        Assert.That($"{reset!.Value.EventType} {reset.Value.Data}", Is.EqualTo("""reset {"reason":"other-epoch"}"""));
        Assert.That(client.LastId, Is.Empty);
        Assert.That(await client.ReadAsync(1), Is.EqualTo(new[] { "snapshot 3" }));
        Assert.That(client.LastId, Is.EqualTo("1-e"));
    }

    [Test]
    public async Task Projection_WhileOthersPublish_NothingIsMissedOrRepeated()
    {
        const int Total = 4_000;
        using var stream = new EventStream<int>();
        using EventProjection<ImmutableDictionary<int, int>, int> counts = stream.ToProjection(
            ImmutableDictionary<int, int>.Empty, (state, value) => state.SetItem(value, state.GetValueOrDefault(value) + 1));
        await using SseServer server = await SseServer.StartAsync(app => app.MapEventStream(
            "/", stream, counts, new EventStreamEndpointOptions<int> { LagPolicy = LagPolicy.Unbounded }));
        Task publishing = Task.WhenAll(Enumerable.Range(0, 4).Select(writer => Task.Run(async () =>
        {
            for (int i = 0; i < Total / 4; i++)
            {
                stream.OnNext(writer);
                if (i % 16 == 0)
                {
                    await Task.Yield();
                }
            }
        })));
        int[][] totals = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            await using SseClient client = await server.ConnectAsync("/");
            var state = JsonSerializer.Deserialize<Dictionary<int, int>>((await client.ReadAsync())!.Value.Data)!;
            while (state.Values.Sum() < Total)
            {
                int writer = int.Parse((await client.ReadAsync())!.Value.Data, null);
                state[writer] = state.GetValueOrDefault(writer) + 1;
            }

            return new[] { state[0], state[1], state[2], state[3] };
        }));
        await Eventually.Ends(publishing);

        Assert.That(totals, Has.All.EqualTo(new[] { Total / 4, Total / 4, Total / 4, Total / 4 }));
    }

    [Test]
    public async Task Projection_HasFailed_AnswersWithAnError()
    {
        using var stream = new EventStream<int>();
        using EventProjection<int, int> failing = stream.ToProjection(0, (_, value) => value == 0 ? throw new InvalidOperationException("zero") : value);
        await using SseServer server = await SseServer.StartAsync(app => app.MapEventStream("/", stream, failing));
        stream.OnNext(0);

        using HttpResponseMessage response = await SseClient.SendAsync(server.Http, "/");

        Assert.That((int)response.StatusCode, Is.EqualTo(500));
    }
}
