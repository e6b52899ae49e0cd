using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Rx.AspNetCore;

namespace Rx.Tests.AspNetCore;

/// <summary>What is wrong is told when the endpoint is mapped, and not by the first request.</summary>
[TestFixture]
internal sealed partial class OptionsTests
{
    [TestCase("")]
    [TestCase("a b")]
    [TestCase("a\n")]
    [TestCase("ä")]
    [TestCase("a/b")]
    public void Epoch_NotAPlainText_Throws(string epoch) =>
        Assert.That(() => new EventStreamEndpointOptions<int> { Epoch = epoch }, Throws.ArgumentException.With.Message.Contains("Epoch must have"));

    [Test]
    public void Epoch_TooLong_Throws() =>
        Assert.That(() => new EventStreamEndpointOptions<int> { Epoch = new string('a', 65) }, Throws.ArgumentException);

    [Test]
    public void Epoch_Default_IsAnotherTextEachTime() =>
        Assert.That(
            Enumerable.Range(0, 3).Select(_ => new EventStreamEndpointOptions<int>().Epoch), Is.Unique.And.All.Length.EqualTo(8));

    [TestCase(0)]
    [TestCase(-2)]
    [TestCase(25 * 24 * 3600 * 1000.0)]
    public void Heartbeat_OutOfRange_Throws(double milliseconds) =>
        Assert.That(
            () => new EventStreamEndpointOptions<int> { Heartbeat = TimeSpan.FromMilliseconds(milliseconds) },
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("Heartbeat must be"));

    [TestCase(-1)]
    [TestCase(25 * 24 * 3600 * 1000.0)]
    public void ReconnectionInterval_OutOfRange_Throws(double milliseconds) =>
        Assert.That(
            () => new EventStreamEndpointOptions<int> { ReconnectionInterval = TimeSpan.FromMilliseconds(milliseconds) },
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("ReconnectionInterval must be"));

    [Test]
    public void LagPolicyAndStart_NoneSuch_Throw()
    {
        Assert.That(() => new EventStreamEndpointOptions<int> { LagPolicy = null! }, Throws.ArgumentNullException);
        Assert.That(() => new EventStreamEndpointOptions<int> { Start = (EventStreamStart)7 }, Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public async Task Heartbeat_Infinite_IsValid()
    {
        using var stream = new EventStream<int>();
        await using SseServer server = await SseServer.StartAsync(app => app.MapEventStream(
            "/", stream, new EventStreamEndpointOptions<int> { Heartbeat = Timeout.InfiniteTimeSpan }));
        await using SseClient client = await server.ConnectAsync("/");
        stream.OnNext(1);

        Assert.That(await client.ReadAsync(1), Is.EqualTo(new[] { "message 1" }));
    }

    [Test]
    public void Map_NoSuchStreamInTheContainer_Throws()
    {
        Assert.That(
            () => SseServer.Build(app => app.MapEventStream<int>("/")),
            Throws.InvalidOperationException.With.Message.StartsWith("The container has no EventStream<Int32>. Register it"));
        Assert.That(
            () => SseServer.Build(
                app => app.MapEventStream("/", new EventStreamEndpointOptions<int> { ServiceKey = "k" }),
                builder => builder.Services.AddSingleton(new EventStream<int>())),
            Throws.InvalidOperationException.With.Message.StartsWith("The container has no EventStream<Int32> with the key 'k'."));
    }

    [Test]
    public void Map_TypeWithoutJson_Throws()
    {
        using var stream = new EventStream<int>();
        using EventProjection<Unknown, int> projection = stream.ToProjection(new Unknown(), (state, _) => state);
        Assert.That(
            () => SseServer.Build(
                app => app.MapEventStream("/", stream, projection),
                builder => builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolver = OnlyIntJson.Default)),
            Throws.InvalidOperationException.With.Message.Contains("JSON options cannot write").And.Message.Contains(nameof(Unknown)));
    }

    [Test]
    public void Map_KeyAndStream_Throws()
    {
        using var stream = new EventStream<int>();
        using EventProjection<int, int> projection = stream.ToProjection(0, (_, n) => n);
        var options = new EventStreamEndpointOptions<int> { ServiceKey = "k" };
        Assert.That(() => SseServer.Build(app => app.MapEventStream("/", stream, options)), Refuses("ServiceKey is for a stream of the container"));
        Assert.That(
            () => SseServer.Build(app => app.MapEventStream("/", stream, projection, options)), Refuses("ServiceKey is for a stream of the container"));
    }

    [Test]
    public void Map_ProjectionWithWhatDoesNotFit_Throws()
    {
        using var stream = new EventStream<int>();
        using var other = new EventStream<int>();
        using EventProjection<int, int> projection = stream.ToProjection(0, (_, n) => n);
        Assert.That(() => SseServer.Build(app => app.MapEventStream("/", other, projection)), Refuses("The projection is of another stream."));
        Assert.That(Mapping(new() { Start = EventStreamStart.Now }), Refuses("Start must not be set"));
        Assert.That(Mapping(new() { LagPolicy = LagPolicy.Latest }), Refuses("Use LagPolicy.DropOldest"));
        Assert.That(Mapping(new() { Filter = _ => null }), Refuses("Set the snapshot's Filter"));

        Action Mapping(EventStreamEndpointOptions<int> options) =>
            () => SseServer.Build(app => app.MapEventStream("/", stream, projection, options));
    }

    [Test]
    public void Map_NullArguments_Throw()
    {
        using var stream = new EventStream<int>();
        using EventProjection<int, int> projection = stream.ToProjection(0, (_, n) => n);
        WebApplication app = SseServer.Build(_ => { });
        Assert.That(() => ((WebApplication)null!).MapEventStream<int>("/"), Throws.ArgumentNullException);
        Assert.That(() => app.MapEventStream<int>(null!), Throws.ArgumentNullException);
        Assert.That(() => app.MapEventStream(null!, stream), Throws.ArgumentNullException);
        Assert.That(() => app.MapEventStream("/", (EventStream<int>)null!), Throws.ArgumentNullException);
        Assert.That(() => app.MapEventStream("/", null!, projection), Throws.ArgumentNullException);
        Assert.That(() => app.MapEventStream("/", stream, (EventProjection<int, int>)null!), Throws.ArgumentNullException);
    }

    private static NUnit.Framework.Constraints.Constraint Refuses(string message) => Throws.ArgumentException.With.Message.Contains(message);

    internal sealed record Unknown;

    [JsonSerializable(typeof(int))]
    internal sealed partial class OnlyIntJson : JsonSerializerContext;
}
