using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Rx.AspNetCore;

namespace Rx.Tests.AspNetCore;

/// <summary>The JSON and the names of the events.</summary>
[TestFixture]
internal sealed partial class FormatTests
{
    [Test]
    public async Task Json_OfTheApplication_IsUsed()
    {
        using var stream = new EventStream<Reading>();
        await using SseServer server = await SseServer.StartAsync(
            app => app.MapEventStream("/", stream),
            builder => builder.Services.ConfigureHttpJsonOptions(
                json => json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower));
        await using SseClient client = await server.ConnectAsync("/");
        stream.OnNext(new Reading("a\r\nb", 1.5));

        Assert.That(await client.ReadAsync(1), Is.EqualTo(new[] { """message {"sensor_name":"a\r\nb","value":1.5}""" }));
    }

    [Test]
    public async Task Json_OfTheEndpoint_ComesFirst()
    {
        using var stream = new EventStream<Reading>();
        using EventProjection<Reading, Reading> newest = stream.ToProjection(new Reading("none", 0), (_, reading) => reading);
        await using SseServer server = await SseServer.StartAsync(app => app.MapEventStream(
            "/",
            stream,
            newest,
            new EventStreamEndpointOptions<Reading> { Json = FormatJson.Default.Reading },
            new EventStreamSnapshotOptions<Reading> { Json = FormatJson.Default.Reading }));
        await using SseClient client = await server.ConnectAsync("/");
        stream.OnNext(new Reading("a", 1));

        Assert.That(
            await client.ReadAsync(2),
            Is.EqualTo(new[] { """snapshot {"SensorName":"none","Value":0}""", """message {"SensorName":"a","Value":1}""" }));
    }

    /// <summary>Each line has a field of its own, so that no line of the data is read as another field.</summary>
    [TestCase("\n")]
    [TestCase("\r\n")]
    public async Task Json_WithLineBreaks_ArrivesWhole(string newLine)
    {
        using var stream = new EventStream<Reading>();
        await using SseServer server = await SseServer.StartAsync(
            app => app.MapEventStream("/", stream),
            builder => builder.Services.ConfigureHttpJsonOptions(json =>
            {
                json.SerializerOptions.WriteIndented = true;
                json.SerializerOptions.NewLine = newLine;
            }));
        await using SseClient client = await server.ConnectAsync("/");
        stream.OnNextRange([new Reading("a", 1), new Reading("b", 2)]);

        Assert.That(
            await client.ReadAsync(2),
            Is.EqualTo(new[] { "message {\n  \"sensorName\": \"a\",\n  \"value\": 1\n}", "message {\n  \"sensorName\": \"b\",\n  \"value\": 2\n}" }));
    }

    [Test]
    public async Task Json_EventOfAMegabyte_ArrivesWhole()
    {
        using var stream = new EventStream<string>();
        await using SseServer server = await SseServer.StartAsync(app => app.MapEventStream("/", stream));
        await using SseClient client = await server.ConnectAsync("/");
        string text = new('x', 1 << 20);
        stream.OnNextRange([text, "end"]);

        Assert.That(await client.ReadAsync(2), Is.EqualTo(new[] { $"message \"{text}\"", "message \"end\"" }));
    }

    [Test]
    public async Task EventName_Given_IsWritten()
    {
        using var stream = new EventStream<int>();
        await using SseServer server = await SseServer.StartAsync(app => app.MapEventStream(
            "/", stream, new EventStreamEndpointOptions<int> { EventName = n => n == 0 ? null : n == 1 ? "" : $"größer-{n}" }));
        await using SseClient client = await server.ConnectAsync("/");
        stream.OnNextRange([0, 1, 2]);

        Assert.That(await client.ReadAsync(3), Is.EqualTo(new[] { "message 0", "message 1", "größer-2 2" }));
    }

    /// <summary>Text in a name must not become a field of its own.</summary>
    [TestCase("a\nid: 7")]
    [TestCase("a\rdata: forged")]
    public async Task EventName_WithALineBreak_CutsTheResponse(string name)
    {
        using var stream = new EventStream<int>();
        await using SseServer server = await SseServer.StartAsync(app => app.MapEventStream(
            "/", stream, new EventStreamEndpointOptions<int> { EventName = _ => name }));
        await using SseClient client = await server.ConnectAsync("/");
        stream.OnNext(1);

        Assert.That(client.ReadToEndAsync, Throws.InstanceOf<IOException>());
    }

    [Test]
    public async Task ReconnectionInterval_Given_IsSent()
    {
        using var stream = new EventStream<int>();
        await using SseServer server = await SseServer.StartAsync(app => app.MapEventStream(
            "/", stream, new EventStreamEndpointOptions<int> { ReconnectionInterval = TimeSpan.FromMilliseconds(250) }));
        await using SseClient client = await server.ConnectAsync("/");
        stream.OnNext(1);
        await client.ReadAsync(1);

        Assert.That(client.ReconnectionInterval, Is.EqualTo(TimeSpan.FromMilliseconds(250)));
    }

    internal sealed record Reading(string SensorName, double Value);

    [JsonSerializable(typeof(Reading))]
    internal sealed partial class FormatJson : JsonSerializerContext;
}
