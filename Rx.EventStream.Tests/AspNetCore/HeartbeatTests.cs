using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Rx.AspNetCore;
using Rx.Tests.Contract;

namespace Rx.Tests.AspNetCore;

/// <summary>What is written while there is no event for a client.</summary>
[TestFixture]
internal sealed class HeartbeatTests
{
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(15);

    private readonly ManualTime _time = new();
    private EventStream<int> _stream = null!;
    private SseServer _server = null!;
    private HttpResponseMessage _response = null!;
    private StreamReader _lines = null!;

    [SetUp]
    public async Task Start()
    {
        _stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.Count(2) });
        _server = await SseServer.StartAsync(
            app => app.MapEventStream(
                "/", _stream, new EventStreamEndpointOptions<int> { Epoch = "e", Filter = _ => n => n > 0 }),
            builder => builder.Services.AddSingleton<TimeProvider>(_time));
        _response = await SseClient.SendAsync(_server.Http, "/");
        _lines = new StreamReader(await _response.Content.ReadAsStreamAsync());
        Assert.That(await ReadAsync(2), Is.EqualTo(new[] { "id: -1-e", "" }));
    }

    [TearDown]
    public async Task Stop()
    {
        _lines.Dispose();
        _response.Dispose();
        await _server.DisposeAsync();
        _stream.Dispose();
    }

    [Test]
    public async Task Silence_ForTheInterval_IsBrokenAtEachTick()
    {
        for (int i = 0; i < 3; i++)
        {
            _time.Advance(_interval);
            Assert.That(await ReadAsync(2), Is.EqualTo(new[] { ":", "" }));
        }
    }

    [Test]
    public async Task Silence_ShorterThanTheInterval_IsNot()
    {
        for (int i = 1; i <= 10; i++)
        {
            _time.Advance(i % 2 == 1 ? _interval * 2 / 3 : _interval / 3);
            _stream.OnNext(i);
            Assert.That(await ReadAsync(3), Is.EqualTo(new[] { $"data: {i}", $"id: {i - 1}-e", "" }));
        }

        _time.Advance(_interval);
        Assert.That(await ReadAsync(2), Is.EqualTo(new[] { ":", "" }));
    }

    /// <summary>Its client would resume at an event that the stream no longer retains, and be reset.</summary>
    [Test]
    public async Task Silence_WhileEventsAreFiltered_MovesTheId()
    {
        _stream.OnNextRange([0, 0, 0]);
        await _stream.Subscriptions.Single().WhenCaughtUpAsync();
        string[] beat = [];
        while (beat is not [":", "id: 2-e"])
        {
            // The first may come before the client has taken the last event.
            _time.Advance(_interval);
            beat = await ReadAsync(2);
        }

        await using SseClient resumed = await _server.ConnectAsync("/", "2-e");
        _stream.OnNextRange([0, 7]);

        Assert.That(await resumed.ReadAsync(1), Is.EqualTo(new[] { "message 7" }));
    }

    /// <summary>A stream that never runs dry, of which the client gets nothing.</summary>
    [Test]
    public async Task Silence_WhileManyEventsAreFiltered_IsBrokenToo()
    {
        using var stop = new CancellationTokenSource();
        Task publishing = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                _stream.OnNextRange(new int[64]);
            }
        });
        try
        {
            Task<string[]> beat = ReadAsync(1);
            while (!beat.IsCompleted)
            {
                _time.Advance(_interval);
                await Task.Yield();
            }

            Assert.That(await beat, Is.EqualTo(new[] { ":" }));
        }
        finally
        {
            await stop.CancelAsync();
            await publishing;
        }
    }

    [Test]
    public void Client_Disconnects_ItsTimerIsFreed()
    {
        Assert.That(_time.TimerCount, Is.EqualTo(1));

        _response.Dispose();

        Eventually.IsTrue(() => _time.TimerCount == 0, "The timer is freed.");
    }

    private async Task<string[]> ReadAsync(int count)
    {
        string[] lines = new string[count];
        for (int i = 0; i < count; i++)
        {
            lines[i] = await Eventually.Ends(_lines.ReadLineAsync()) ?? "(end)";
        }

        return lines;
    }
}
