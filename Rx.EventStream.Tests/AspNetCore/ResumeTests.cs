using System.Net;
using Microsoft.AspNetCore.Builder;
using Rx.AspNetCore;

namespace Rx.Tests.AspNetCore;

/// <summary>A client that reconnects with the last id that it saw.</summary>
[TestFixture]
internal sealed class ResumeTests
{
    private EventStream<int> _stream = null!;
    private SseServer _server = null!;

    [SetUp]
    public async Task Start()
    {
        _stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.Count(5) });
        _server = await SseServer.StartAsync(app =>
        {
            app.MapEventStream("/numbers", _stream, new EventStreamEndpointOptions<int> { Epoch = "now" });
            app.MapEventStream("/oldest", _stream, new EventStreamEndpointOptions<int> { Epoch = "now", Start = EventStreamStart.Oldest });
            app.MapEventStream("/bare", _stream, new EventStreamEndpointOptions<int> { Epoch = null });
        });
    }

    [TearDown]
    public async Task Stop()
    {
        await _server.DisposeAsync();
        _stream.Dispose();
    }

    [Test]
    public async Task LastEventId_Retained_MissesAndRepeatsNothing()
    {
        SseClient first = await _server.ConnectAsync("/numbers");
        _stream.OnNextRange([10, 11, 12]);
        Assert.That(await first.ReadAsync(2), Is.EqualTo(new[] { "message 10", "message 11" }));
        string id = first.LastId;
        await first.DisposeAsync();
        _stream.OnNextRange([13, 14]);

        await using SseClient second = await _server.ConnectAsync("/numbers", id);
        _stream.OnNext(15);

        Assert.That(id, Is.EqualTo("1-now"));
        Assert.That(await second.ReadAsync(4), Is.EqualTo(new[] { "message 12", "message 13", "message 14", "message 15" }));
        Assert.That(second.LastId, Is.EqualTo("5-now"));
    }

    [Test]
    public async Task LastEventId_BeforeTheFirstEvent_MissesNothing()
    {
        SseClient first = await _server.ConnectAsync("/numbers");
        using HttpResponseMessage response = first.Response;
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.That(await reader.ReadLineAsync(), Is.EqualTo("id: -1-now"));
        _stream.OnNextRange([10, 11]);

        await using SseClient second = await _server.ConnectAsync("/numbers", "-1-now");

        Assert.That(await second.ReadAsync(2), Is.EqualTo(new[] { "message 10", "message 11" }));
    }

    [TestCase("2", TestName = "LastEventId_NumberAlone_IsOfThisRun")]
    [TestCase("2-now", TestName = "LastEventId_NewestEvent_GoesOn")]
    public async Task LastEventId_Newest(string id)
    {
        _stream.OnNextRange([10, 11, 12]);
        await using SseClient client = await _server.ConnectAsync("/numbers", id);
        _stream.OnNext(13);

        Assert.That(await client.ReadAsync(1), Is.EqualTo(new[] { "message 13" }));
    }

    [Test]
    public async Task LastEventId_InTheQuery_Resumes()
    {
        _stream.OnNextRange([10, 11, 12]);
        await using SseClient client = await _server.ConnectAsync("/numbers?lastEventId=0-now");

        Assert.That(await client.ReadAsync(2), Is.EqualTo(new[] { "message 11", "message 12" }));
    }

    [Test]
    public async Task LastEventId_InTheQueryAndTheHeader_TheHeaderIsNewer()
    {
        _stream.OnNextRange([10, 11, 12]);
        await using SseClient client = await _server.ConnectAsync("/numbers?lastEventId=0-now", "1-now");

        Assert.That(await client.ReadAsync(1), Is.EqualTo(new[] { "message 12" }));
    }

    [TestCase("3-now", "expired")]
    [TestCase("-1-now", "expired")]
    [TestCase("5-then", "other-epoch")]
    [TestCase("5-", "other-epoch")]
    [TestCase("5-NOW", "other-epoch")]
    [TestCase("10-now", "ahead")]
    [TestCase("9223372036854775807-now", "ahead")]
    [TestCase("9223372036854775806", "ahead")]
    [TestCase("9223372036854775808-now", "malformed")]
    [TestCase("-2-now", "malformed")]
    [TestCase("+5", "malformed")]
    [TestCase("5 ; drop", "malformed")]
    [TestCase("x", "malformed")]
    [TestCase("-", "malformed")]
    [TestCase("--now", "malformed")]
    [TestCase("5\u00e4", "malformed")]
    [TestCase("5,6", "malformed")]
    public async Task LastEventId_CannotBeResumed_ResetSaysWhy(string id, string reason)
    {
        _stream.OnNextRange([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        await using SseClient now = await _server.ConnectAsync($"/numbers?lastEventId={Uri.EscapeDataString(id)}");
        await using SseClient oldest = await _server.ConnectAsync($"/oldest?lastEventId={Uri.EscapeDataString(id)}");
        _stream.OnNext(10);

        string reset = $$"""reset {"reason":"{{reason}}"}""";
        Assert.That(await now.ReadAsync(2), Is.EqualTo(new[] { reset, "message 10" }));
        Assert.That(
            await oldest.ReadAsync(7),
            Is.EqualTo(new[] { reset, "message 5", "message 6", "message 7", "message 8", "message 9", "message 10" }));
        Assert.That(now.LastId, Is.EqualTo("10-now"));
    }

    [Test]
    public async Task LastEventId_Giant_IsRefusedUnread()
    {
        using HttpResponseMessage refused = await SseClient.SendAsync(_server.Http, "/numbers", new string('7', 100_000));
        await using SseClient client = await _server.ConnectAsync("/numbers", new string('7', 5_000));

        Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.RequestHeaderFieldsTooLarge));
        Assert.That(await client.ReadAsync(1), Is.EqualTo(new[] { """reset {"reason":"malformed"}""" }));
    }

    [Test]
    public async Task LastEventId_Twice_IsNone()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/numbers");
        request.Headers.Add("Last-Event-ID", ["1-now", "2-now"]);
        using HttpResponseMessage response = await _server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());

        Assert.That(await reader.ReadLineAsync(), Is.EqualTo("event: reset"));
        Assert.That(await reader.ReadLineAsync(), Is.EqualTo("""data: {"reason":"other-epoch"}"""));
    }

    [Test]
    public async Task Reset_Now_ItsIdResumesThere()
    {
        SseClient first = await _server.ConnectAsync("/numbers", "5-then");
        await first.ReadAsync(1);
        string id = first.LastId;
        await first.DisposeAsync();
        _stream.OnNext(10);

        await using SseClient second = await _server.ConnectAsync("/numbers", id);

        Assert.That(await second.ReadAsync(1), Is.EqualTo(new[] { "message 10" }));
    }

    [Test]
    public async Task Epoch_None_IdsAreNumbers()
    {
        _stream.OnNextRange([10, 11]);
        await using SseClient client = await _server.ConnectAsync("/bare", "0");
        await using SseClient other = await _server.ConnectAsync("/bare", "0-now");

        Assert.That(await client.ReadAsync(1), Is.EqualTo(new[] { "message 11" }));
        Assert.That(client.LastId, Is.EqualTo("1"));
        Assert.That(await other.ReadAsync(1), Is.EqualTo(new[] { """reset {"reason":"other-epoch"}""" }));
    }

    [Test]
    public async Task Server_Restarted_ResetsItsClients()
    {
        var clients = new List<string>();
        string? id = null;
        for (int run = 0; run < 2; run++)
        {
            using var stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.All });
            await using SseServer server = await SseServer.StartAsync(app => app.MapEventStream("/", stream));
            stream.OnNextRange([1, 2, 3]);
            await using SseClient client = await server.ConnectAsync("/", id ?? "0");
            clients.AddRange(await client.ReadAsync(1));
            id = client.LastId;
        }

        Assert.That(clients, Is.EqualTo(new[] { "message 2", """reset {"reason":"other-epoch"}""" }));
    }

    [Test]
    public async Task Resume_WithoutRetention_OnlyIfNothingWasMissed()
    {
        using var stream = new EventStream<string>();
        await using SseServer server = await SseServer.StartAsync(app => app.MapEventStream("/", stream));
        for (int i = 0; i < 100; i++)
        {
            stream.OnNext("old");
        }

        await using SseClient current = await server.ConnectAsync("/", "99");
        await using SseClient late = await server.ConnectAsync("/", "1");
        stream.OnNext("new");

        Assert.That(await current.ReadAsync(1), Is.EqualTo(new[] { "message \"new\"" }));
        Assert.That(await late.ReadAsync(2), Is.EqualTo(new[] { """reset {"reason":"expired"}""", "message \"new\"" }));
    }
}
