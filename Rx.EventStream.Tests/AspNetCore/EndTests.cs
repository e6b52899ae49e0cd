using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Rx.AspNetCore;
using Rx.Tests.Contract;

namespace Rx.Tests.AspNetCore;

/// <summary>How a response ends.</summary>
[TestFixture]
internal sealed class EndTests
{
    private EventStream<int> _stream = null!;
    private SseServer _server = null!;

    [SetUp]
    public async Task Start()
    {
        _stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.Count(5) });
        _server = await SseServer.StartAsync(app => app.MapEventStream("/", _stream, new EventStreamEndpointOptions<int> { Epoch = "e" }));
    }

    [TearDown]
    public async Task Stop()
    {
        await _server.DisposeAsync();
        _stream.Dispose();
    }

    [TestCase(false, "completed {}")]
    [TestCase(true, "fault {}")]
    public async Task Stream_Ends_TheResponseEndsAndItsClientIsToldToStop(bool fails, string end)
    {
        await using SseClient client = await _server.ConnectAsync("/");
        _stream.OnNextRange([1, 2]);
        End(fails);

        Assert.That(await client.ReadToEndAsync(), Is.EqualTo(new[] { "message 1", "message 2", end }));
        Assert.That(client.LastId, Is.EqualTo("2-e"));

        using HttpResponseMessage again = await SseClient.SendAsync(_server.Http, "/", client.LastId);
        Assert.That(again.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
    }

    [TestCase(false, "completed {}")]
    [TestCase(true, "fault {}")]
    public async Task Stream_HasEnded_ClientsStillLearnIt(bool fails, string end)
    {
        _stream.OnNextRange([1, 2, 3]);
        End(fails);

        await using SseClient fresh = await _server.ConnectAsync("/");
        await using SseClient behind = await _server.ConnectAsync("/", "1-e");
        await using SseClient atTheEnd = await _server.ConnectAsync("/", "2-e");
        await using SseClient other = await _server.ConnectAsync("/", "3-other");

        Assert.That(await fresh.ReadToEndAsync(), Is.EqualTo(new[] { end }));
        Assert.That(await behind.ReadToEndAsync(), Is.EqualTo(new[] { "message 3", end }));
        Assert.That(await atTheEnd.ReadToEndAsync(), Is.EqualTo(new[] { end }));
        Assert.That(await other.ReadToEndAsync(), Is.EqualTo(new[] { """reset {"reason":"other-epoch"}""", end }));
        Assert.That(new[] { fresh, behind, atTheEnd, other }.Select(c => c.LastId), Has.All.EqualTo("3-e"));
    }

    /// <summary>What an error says is not for clients.</summary>
    [Test]
    public async Task Stream_FailsWithASecret_SendsNothingOfIt()
    {
        using HttpResponseMessage response = await SseClient.SendAsync(_server.Http, "/");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        _stream.OnError(new InvalidOperationException("Password=secret"));

        Assert.That(await Eventually.Ends(reader.ReadToEndAsync()), Is.EqualTo("id: -1-e\n\nevent: fault\ndata: {}\nid: 0-e\n\n"));
    }

    [Test]
    public async Task Stream_FailsWithCancellationOrLag_IsAFaultToo()
    {
        foreach (Exception error in new Exception[] { new OperationCanceledException(), new ObjectDisposedException("source") })
        {
            using var stream = new EventStream<int>();
            await using SseServer server = await SseServer.StartAsync(app => app.MapEventStream("/", stream));
            await using SseClient client = await server.ConnectAsync("/");
            stream.OnError(error);

            Assert.That(await client.ReadToEndAsync(), Is.EqualTo(new[] { "fault {}" }));
        }
    }

    [Test]
    public async Task Stream_Disposed_EndsResponsesAndRefusesClients()
    {
        await using SseClient client = await _server.ConnectAsync("/");
        _stream.Dispose();

        Assert.That(await client.ReadToEndAsync(), Is.Empty);
        foreach (string? id in new[] { null, "0-e", "x" })
        {
            using HttpResponseMessage refused = await SseClient.SendAsync(_server.Http, "/", id);
            Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable), id);
        }
    }

    [Test]
    public async Task Client_Disconnects_FreesItsReader()
    {
        SseClient client = await _server.ConnectAsync("/");
        Assert.That(_stream.Subscriptions, Has.Count.EqualTo(1));

        await client.DisposeAsync();

        Eventually.IsTrue(() => _stream.Subscriptions.Count == 0, "The reader is freed, though nothing was published.");
    }

    /// <summary>The host's own timeout is longer than the test waits.</summary>
    [Test]
    public async Task Application_Stops_EndsItsResponses()
    {
        await using SseServer server = await SseServer.StartAsync(
            app => app.MapEventStream("/", _stream),
            builder => builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(host => host.ShutdownTimeout = 2 * Eventually.Limit));
        await using SseClient client = await server.ConnectAsync("/");
        _stream.OnNext(1);
        await client.ReadAsync(1);

        await server.StopAsync();

        Assert.That(await client.ReadToEndAsync(), Is.Empty, "The response ends, and is not cut.");
        Assert.That(_stream.Subscriptions, Is.Empty);
    }

    /// <summary>Its clients reconnect to the application's next run: they must not be told that the stream is over.</summary>
    [TestCase(false)]
    [TestCase(true)]
    [Repeat(10)]
    public async Task Application_StopsAndEndsTheStream_ClientsAreNotTold(bool fails)
    {
        await using SseServer server = await SseServer.StartAsync(app =>
        {
            app.MapEventStream("/", _stream);
            app.Lifetime.ApplicationStopping.Register(() => End(fails));
        });
        await using SseClient client = await server.ConnectAsync("/");
        _stream.OnNext(1);

        await server.StopAsync();

        Assert.That(await client.ReadToEndAsync(), Is.EqualTo(new[] { "message 1" }).Or.Empty);
    }

    /// <summary>A client that does not read is not waited for.</summary>
    [Test]
    public async Task Application_StopsWhileAClientDoesNotRead_Stops()
    {
        using var stream = new EventStream<string>();
        await using SseServer server = await SseServer.StartAsync(
            app => app.MapEventStream("/", stream, new EventStreamEndpointOptions<string> { LagPolicy = LagPolicy.DropOldest(4) }),
            builder => builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(host => host.ShutdownTimeout = 2 * Eventually.Limit));
        using StalledClient stalled = await StalledClient.ConnectAsync(server.Address);
        StalledClient.Fill(stream);

        await server.StopAsync();

        Assert.That(stream.Subscriptions, Is.Empty);
    }

    private void End(bool fails)
    {
        if (fails)
        {
            _stream.OnError(new InvalidOperationException("broken"));
        }
        else
        {
            _stream.OnCompleted();
        }
    }
}
