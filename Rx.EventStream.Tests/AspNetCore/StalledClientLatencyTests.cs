using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Rx.AspNetCore;
using Rx.Tests.Contract;

namespace Rx.Tests.AspNetCore;

/// <summary>A client that does not read costs the others no time.</summary>
[TestFixture]
[Category("Soak")]
internal sealed class StalledClientLatencyTests
{
    private const int ClientCount = 20;
    private const int EventCount = 200;
    private const int Rounds = 7;

    /// <summary>Each round measures with the stalled client and without, one after the other, on the same machine: so the median of the ratios is that
    /// of the server.</summary>
    [Test]
    public async Task OneClientStalled_OthersHaveTheSameP99()
    {
        using var quick = new EventStream<string>();
        using var stuck = new EventStream<string>();
        var options = new EventStreamEndpointOptions<string> { LagPolicy = LagPolicy.DropOldest(100) };
        await using SseServer withoutStalled = await SseServer.StartAsync(app => app.MapEventStream("/", quick, options));
        await using SseServer withStalled = await SseServer.StartAsync(
            app => app.MapEventStream("/", stuck, options),
            builder => builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MinResponseDataRate = null)); // else it is cut off after 5 s
        var ratios = new List<double>();
        for (int round = -1; round < Rounds; round++)
        {
            double without = await MeasureAsync(quick, withoutStalled);

            Eventually.IsTrue(() => stuck.Subscriptions.Count == 0, "The clients of the round before have left.");
            using StalledClient stalled = await StalledClient.ConnectAsync(withStalled.Address);
            StalledClient.Fill(stuck);
            EventSubscription reader = stuck.Subscriptions[^1];
            double with = await MeasureAsync(stuck, withStalled);
            Assert.That(reader.Lag, Is.GreaterThan(100), "It is still stalled.");
            if (round >= 0)
            {
                ratios.Add(with / without); // the first round warms up
            }
        }

        ratios.Sort();
        TestContext.Out.WriteLine($"p99 with a stalled client, of that without: {ratios[Rounds / 2]:F2} ({ratios[0]:F2} to {ratios[^1]:F2})");
        Assert.That(ratios[Rounds / 2], Is.LessThan(2));
    }

    /// <summary>The 99th percentile of the time from publishing an event until a client has it.</summary>
    private static async Task<double> MeasureAsync(EventStream<string> stream, SseServer server)
    {
        var reading = new List<Task<List<double>>>();
        for (int i = 0; i < ClientCount; i++)
        {
            SseClient client = await server.ConnectAsync("/");
            reading.Add(Task.Run(() => ReadAsync(client)));
        }

        for (int i = 0; i < EventCount; i++)
        {
            stream.OnNext(Stopwatch.GetTimestamp().ToString(CultureInfo.InvariantCulture));
            await Task.Delay(1);
        }

        List<double> times = [.. (await Eventually.Ends(Task.WhenAll(reading))).SelectMany(ofClient => ofClient).Order()];
        Assert.That(times, Has.Count.EqualTo(ClientCount * EventCount));
        return times[times.Count * 99 / 100];
    }

    private static async Task<List<double>> ReadAsync(SseClient client)
    {
        await using SseClient ended = client;
        var times = new List<double>();
        while (times.Count < EventCount && await client.ReadAsync() is { } item)
        {
            Assert.That(item.EventType, Is.EqualTo("message"), "Nothing is dropped for a client that reads.");
            times.Add(Stopwatch.GetElapsedTime(long.Parse(item.Data.Trim('"'), CultureInfo.InvariantCulture)).TotalMilliseconds);
        }

        return times;
    }
}
