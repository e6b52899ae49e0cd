using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Microsoft.AspNetCore.SignalR.Client;
using Rx.Tests.AspNetCore;
using Rx.Tests.AspNetCore.Dashboard;
using Rx.Tests.Contract;

namespace Rx.Tests.Samples.Web;

/// <summary>Uses the service of the sample <c>web</c>, which is also the one of docs/web.md.</summary>
internal static class WebServiceClient
{
    private static readonly JsonSerializerOptions _web = new(JsonSerializerDefaults.Web);

    /// <summary>Uses each endpoint, as a client that meets the others' readings and alarms too.</summary>
    public static async Task UseEveryEndpointAsync(Uri address)
    {
        using var http = new HttpClient(new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero }) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        await PostAsync(http, 40);
        await WaitForAsync(http, "/archive/pump", "40");

        // A browser starts with the newest values.
        await using SseClient readings = await SseClient.ConnectAsync(http, "/readings");
        SseItem<string> snapshot = (await readings.ReadAsync())!.Value;
        Assert.That(snapshot.EventType, Is.EqualTo("snapshot"));
        Assert.That(JsonSerializer.Deserialize<Dictionary<string, double>>(snapshot.Data)!["pump"], Is.EqualTo(40));

        await using HubConnection alarms = new HubConnectionBuilder().WithUrl(new Uri(address, "alarms")).Build();
        var told = new TaskCompletionSource<Alarm>(TaskCreationOptions.RunContinuationsAsynchronously);
        alarms.On<Alarm>("alarm", alarm =>
        {
            if (alarm.Sensor == "pump")
            {
                told.TrySetResult(alarm);
            }
        });
        await alarms.StartAsync();
        await PostAsync(http, 101);
        await PostAsync(http, 1);

        Assert.That(await NextOfPumpAsync(readings), Is.EqualTo(101));
        Assert.That(await NextOfPumpAsync(readings), Is.EqualTo(1));
        await WaitForAsync(http, "/archive/pump", "142");
        var expected = new Alarm("pump", "101.0 is too high");
        Assert.That(await Eventually.Ends(told.Task), Is.EqualTo(expected));
        Assert.That(await Eventually.Ends(FirstOfPumpAsync(alarms)), Is.EqualTo(expected), "Alarms of before are there too.");
        Assert.That(await http.GetStringAsync("/health"), Is.EqualTo("Healthy"));

        Assert.That(await http.GetStringAsync("/streams/"), Does.Contain("<title>Streams, live</title>"));
        await using SseClient dashboard = await SseClient.ConnectAsync(http, "/streams/events");
        Rx.AspNetCore.Dashboard.DashboardFrame frame = await dashboard.WaitForAsync(f => f.Streams.Count > 0);
        Assert.That(frame.Streams.Select(s => s.Name), Is.EqualTo(new[] { "Reading", "Alarm" }));
        Assert.That(
            frame.Streams[0].Subscribers.Select(s => s.Name), Is.EquivalentTo(new[] { "newest", "Archivist", "Watchman", "/readings" }));
        Assert.That(frame.Streams[1].Subscribers.Select(s => s.Name), Does.Contain("Siren"));
    }

    private static async Task PostAsync(HttpClient http, double value)
    {
        using HttpResponseMessage response = await http.PostAsJsonAsync("/readings", new Reading("pump", value));
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
    }

    private static async Task<double> NextOfPumpAsync(SseClient client)
    {
        Reading reading;
        do
        {
            reading = JsonSerializer.Deserialize<Reading>((await client.ReadAsync())!.Value.Data, _web)!;
        }
        while (reading.Sensor != "pump");

        return reading.Value;
    }

    private static async Task<Alarm> FirstOfPumpAsync(HubConnection connection) =>
        await connection.StreamAsync<Alarm>("Follow").FirstAsync(alarm => alarm.Sensor == "pump");

    private static async Task WaitForAsync(HttpClient http, string path, string text)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        while (await http.GetStringAsync(path, limit.Token) != text)
        {
        }
    }

    private sealed record Reading(string Sensor, double Value);

    private sealed record Alarm(string Sensor, string Text);
}
