using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Playwright;
using Rx.AspNetCore;
using Rx.Tests.Samples.Dashboard;

namespace Rx.Tests.AspNetCore;

/// <summary>A browser's <c>EventSource</c>, in Chromium.</summary>
[TestFixture]
internal sealed class EventSourceTests
{
    private const string Page =
        """
        <!doctype html><title>events</title><link rel="icon" href="data:,"><script>
        const log = [];
        const source = new EventSource('/events');
        for (const name of ['message', 'snapshot', 'reset', 'completed', 'fault']) {
            source.addEventListener(name, e => log.push(`${name} ${e.data} ${e.lastEventId}`));
        }
        </script>
        """;

    private static readonly EventStreamEndpointOptions<int> _options = new()
    {
        Epoch = "e",
        Filter = _ => n => n >= 0,
        ReconnectionInterval = TimeSpan.FromMilliseconds(50),
        Heartbeat = TimeSpan.FromMilliseconds(50),
    };

    /// <summary>The header of each request to the endpoint.</summary>
    private readonly ConcurrentQueue<string> _lastIds = new();

    private EventStream<int> _stream = null!;
    private Browser _browser = null!;
    private IBrowserContext _context = null!;
    private IPage _page = null!;
    private SseServer? _server;

    [OneTimeSetUp]
    public async Task StartBrowser() => _browser = await Browser.StartAsync();

    [OneTimeTearDown]
    public async Task EndBrowser()
    {
        // Null if the tests are ignored because no browser is installed.
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }
    }

    [SetUp]
    public async Task Open()
    {
        _lastIds.Clear();
        _stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.Count(10) });
        await StartAsync(app => app.MapEventStream("/events", _stream, _options));
        _context = await _browser.NewContextAsync(new());
        _page = await _context.NewPageAsync();
        await _page.GotoAsync(_server!.Address.AbsoluteUri);
        await UntilAsync("source.readyState === EventSource.OPEN");
    }

    [TearDown]
    public async Task Close()
    {
        await _context.DisposeAsync();
        await _server!.DisposeAsync();
        _stream.Dispose();
    }

    [Test]
    public async Task EventSource_ServerIsAway_ResumesWithoutGapOrRepetition()
    {
        _stream.OnNextRange([0, 1]);
        await UntilAsync("log.length === 2");
        await RestartAsync(app => app.MapEventStream("/events", _stream, _options), () => _stream.OnNextRange([2, 3]));
        _stream.OnNext(4);
        await UntilAsync("log.length === 5");

        Assert.That(
            await LogAsync(), Is.EqualTo(new[] { "message 0 0-e", "message 1 1-e", "message 2 2-e", "message 3 3-e", "message 4 4-e" }));
        Assert.That(_lastIds.Last(), Is.EqualTo("1-e"));
    }

    [Test]
    public async Task EventSource_ServerRestarted_IsReset()
    {
        _stream.OnNextRange([0, 1]);
        await UntilAsync("log.length === 2");
        using var other = new EventStream<int>(new EventStreamOptions { Retention = Retention.All });
        using EventProjection<int, int> sum = other.ToProjection(0, (total, n) => total + n);
        await RestartAsync(app => app.MapEventStream("/events", other, sum, new EventStreamEndpointOptions<int> { Epoch = "f" }), () => other.OnNext(7));
        await UntilAsync("log.length === 4");
        other.OnNext(8);
        await UntilAsync("log.length === 5");

        Assert.That(
            (await LogAsync())[2..], Is.EqualTo(new[] { """reset {"reason":"other-epoch"} 1-e""", "snapshot 7 0-f", "message 8 1-f" }));
    }

    /// <summary>A heart-beat's id counts, though it raises no event.</summary>
    [Test]
    public async Task EventSource_EventsWereFiltered_ResumesAfterThem()
    {
        _stream.OnNextRange([0, -1, -1]);
        await UntilAsync("log.length === 1");
        await _stream.Subscriptions.Single().WhenCaughtUpAsync();
        while (_lastIds.Last() != "2-e")
        {
            await Task.Delay(4 * _options.Heartbeat); // the page cannot see heart-beats: a server that stops before one is sent is tried again
            await RestartAsync(app => app.MapEventStream("/events", _stream, _options), () => { });
            await UntilAsync("source.readyState === EventSource.OPEN");
        }

        Assert.That(await LogAsync(), Is.EqualTo(new[] { "message 0 0-e" }));
    }

    [TestCase(false, "completed {} 1-e")]
    [TestCase(true, "fault {} 1-e")]
    public async Task EventSource_StreamEnds_StopsReconnecting(bool fails, string end)
    {
        _stream.OnNext(0);
        if (fails)
        {
            _stream.OnError(new InvalidOperationException());
        }
        else
        {
            _stream.OnCompleted();
        }

        await UntilAsync("source.readyState === EventSource.CLOSED");

        Assert.That(await LogAsync(), Is.EqualTo(new[] { "message 0 0-e", end }));
        Assert.That(_lastIds, Is.EqualTo(new[] { "", "1-e" }));
    }

    private async Task StartAsync(Action<WebApplication> map, string url = "http://127.0.0.1:0") =>
        _server = await SseServer.StartAsync(
            app =>
            {
                app.Use((context, next) =>
                {
                    if (context.Request.Path == "/events")
                    {
                        _lastIds.Enqueue(context.Request.Headers["Last-Event-ID"].ToString());
                    }

                    return next(context);
                });
                app.MapGet("/", () => Results.Content(Page, "text/html"));
                map(app);
            },
            url: url);

    /// <summary>Stops the server, does something, and starts a server at the same address.</summary>
    private async Task RestartAsync(Action<WebApplication> map, Action whileStopped)
    {
        string url = _server!.Address.GetLeftPart(UriPartial.Authority);
        await _server.StopAsync();
        await _server.DisposeAsync();
        await UntilAsync("source.readyState === EventSource.CONNECTING");
        whileStopped();
        await StartAsync(map, url);
    }

    private Task UntilAsync(string condition) => _page.WaitForFunctionAsync($"() => {condition}");

    private Task<string[]> LogAsync() => _page.EvaluateAsync<string[]>("() => log");
}
