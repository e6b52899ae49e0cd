using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Rx.AspNetCore;
using Rx.Tests.Contract;

namespace Rx.Tests.AspNetCore;

/// <summary>Clients that read too slowly. The events are long and the buffers small, so that a connection is soon full.</summary>
[TestFixture]
internal sealed class LagTests
{
    private const int Bound = 100;
    private const int Length = 5_000;

    [Test]
    public async Task Fail_SlowClient_IsCutOffAloneAndResumes()
    {
        using EventStream<Long> stream = Retaining();
        await using SseServer server = await SseServer.StartAsync(app => app.MapEventStream(
            "/", stream, new EventStreamEndpointOptions<Long> { LagPolicy = LagPolicy.Fail(Bound) }));
        using HttpClient narrow = WithSmallBuffer(server);
        await using SseClient slow = await SseClient.ConnectAsync(narrow, "/");
        int published = await PublishUntilStuckAsync(stream);

        List<int> numbers = await ReadToEndAsync(slow);
        Assert.That(numbers, Has.Count.LessThan(published));
        await using SseClient resumed = await server.ConnectAsync("/", slow.LastId);
        stream.OnCompleted();
        numbers.AddRange(await ReadToEndAsync(resumed));

        Assert.That(numbers, Is.EqualTo(Enumerable.Range(0, published)));
    }

    [Test]
    public async Task DropOldest_SlowClient_IsToldHowManyItMissed()
    {
        using EventStream<Long> stream = Retaining();
        await using SseServer server = await SseServer.StartAsync(app => app.MapEventStream(
            "/", stream, new EventStreamEndpointOptions<Long> { LagPolicy = LagPolicy.DropOldest(Bound), Epoch = "e" }));
        using HttpClient narrow = WithSmallBuffer(server);
        await using SseClient slow = await SseClient.ConnectAsync(narrow, "/");
        int published = await PublishUntilStuckAsync(stream);
        stream.OnCompleted();

        int next = 0;
        int dropped = 0;
        while (await slow.ReadAsync() is { } item && item.EventType != "completed")
        {
            if (item.EventType == "dropped")
            {
                int count = JsonDocument.Parse(item.Data).RootElement.GetProperty("count").GetInt32();
                next += count;
                dropped += count;
            }
            else
            {
                Assert.That(JsonSerializer.Deserialize<Long>(item.Data, JsonSerializerOptions.Web)!.Number, Is.EqualTo(next));
                next++;
            }

            Assert.That(item.EventId, Is.EqualTo($"{next - 1}-e"));
        }

        Assert.That(next, Is.EqualTo(published));
        Assert.That(dropped, Is.GreaterThan(Bound));
    }

    [Test]
    public async Task DropOldest_SlowClientOfAProjection_GetsANewSnapshot()
    {
        using EventStream<Long> stream = Retaining();
        using EventProjection<long, Long> sum = stream.ToProjection(0L, (total, item) => total + item.Number);
        await using SseServer server = await SseServer.StartAsync(app => app.MapEventStream(
            "/", stream, sum, new EventStreamEndpointOptions<Long> { LagPolicy = LagPolicy.DropOldest(Bound), Epoch = "e" }));
        using HttpClient narrow = WithSmallBuffer(server);
        await using SseClient slow = await SseClient.ConnectAsync(narrow, "/");
        int published = await PublishUntilStuckAsync(stream);
        stream.OnCompleted();

        long state = -1;
        int resets = 0;
        while (await slow.ReadAsync() is { } item && item.EventType != "completed")
        {
            switch (item.EventType)
            {
                case "reset":
                    Assert.That(item.Data, Is.EqualTo("""{"reason":"lagged"}"""));
                    resets++;
                    break;

                case "snapshot":
                    state = long.Parse(item.Data, CultureInfo.InvariantCulture);
                    break;

                default:
                    state += JsonSerializer.Deserialize<Long>(item.Data, JsonSerializerOptions.Web)!.Number;
                    break;
            }
        }

        Assert.That(state, Is.EqualTo(Enumerable.Range(0, published).Sum(n => (long)n)));
        Assert.That(resets, Is.GreaterThan(0));
    }

    /// <summary>A client that never reads keeps what its bound allows, and the others get everything.</summary>
    [Test]
    public async Task StalledClient_BoundedPolicy_KeepsABoundAndNoOtherClient()
    {
        using var stream = new EventStream<string>();
        await using SseServer server = await SseServer.StartAsync(
            app => app.MapEventStream("/", stream, new EventStreamEndpointOptions<string> { LagPolicy = LagPolicy.Fail(Bound) }),
            builder => builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MinResponseDataRate = null)); // else it is cut off after 5 s
        using StalledClient stalled = await StalledClient.ConnectAsync(server.Address);
        StalledClient.Fill(stream);
        await using SseClient quick = await server.ConnectAsync("/");

        var events = new List<WeakReference>();
        for (int i = 0; i < 2_000; i++)
        {
            Publish(stream, events, i);
            string data = (await quick.ReadAsync())!.Value.Data;
            Assert.That(data.AsSpan(1, data.Length - 2).TrimStart('0').ToString(), Is.EqualTo(i == 0 ? "" : $"{i}"));
        }

        Assert.That(stream.Subscriptions, Has.Count.EqualTo(2));
        Eventually.IsTrue(
            () =>
            {
                GC.Collect();
                return events.Count(e => e.IsAlive) <= Bound + (3 * 32);
            },
            "Its bound, the segment where it stands, and the segments at both ends of the bound.");
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static void Publish(EventStream<string> stream, List<WeakReference> events, int number)
    {
        string value = number.ToString("D1000", CultureInfo.InvariantCulture);
        events.Add(new WeakReference(value));
        stream.OnNext(value);
    }

    private static EventStream<Long> Retaining() => new(new EventStreamOptions { Retention = Retention.All });

    /// <summary>Publishes until the only client's connection is full and its lag is past the bound; returns how many.</summary>
    private static Task<int> PublishUntilStuckAsync(EventStream<Long> stream) => Task.Run(() =>
    {
        string text = new('x', Length);
        int published = 0;
        EventSubscription reader = stream.Subscriptions.Single(s => s.Name == "/");
        Eventually.IsTrue(
            () =>
            {
                stream.OnNext(new Long(published++, text));
                return published - reader.Sequence > 4 * Bound;
            },
            "It is stuck.");
        return published;
    });

    private static async Task<List<int>> ReadToEndAsync(SseClient client)
    {
        var numbers = new List<int>();
        while (await client.ReadAsync() is { } item)
        {
            if (item.EventType == "message")
            {
                numbers.Add(JsonSerializer.Deserialize<Long>(item.Data, JsonSerializerOptions.Web)!.Number);
            }
        }

        return numbers;
    }

    private static HttpClient WithSmallBuffer(SseServer server) =>
        new(new SocketsHttpHandler
        {
            ConnectCallback = static async (context, token) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4_096 };
                await socket.ConnectAsync(context.DnsEndPoint, token);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        { BaseAddress = server.Address };

    private sealed record Long(int Number, string Text);
}
