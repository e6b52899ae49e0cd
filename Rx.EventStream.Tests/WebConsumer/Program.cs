using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using Rx;
using Rx.AspNetCore;
using Rx.Hosting;
using Rx.Tests.Consumer;
using Rx.Tests.WebConsumer;

// Uses the packages for applications as a user would, and checks the results. Compiled ahead of time or trimmed, the program must do the same.
var claims = new Claims();
WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(
    ["--environment=Development", "--urls=http://127.0.0.1:0", "--Streams:Ticks:Retention=Count(10)", "--Logging:LogLevel:Default=Warning"]);
builder.Services.AddSingleton<Sum>();
builder.Services.AddEventStream<Tick>(settings => settings.Read(builder.Configuration.GetSection("Streams:Ticks")));
builder.Services.AddKeyedEventStream<int>("numbers");
builder.Services.AddEventHandler<Tick, Adder>(new() { MaxConcurrency = 2, PartitionKey = tick => tick.Symbol });
builder.Services.AddHealthChecks().AddEventStream<Tick>(maxLag: 10, maxStandstill: TimeSpan.FromMinutes(1));
builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, ConsumerJson.Default));

await using WebApplication app = builder.Build();
EventStream<Tick> ticks = app.Services.GetRequiredService<EventStream<Tick>>();
using EventProjection<int, Tick> sum = ticks.ToProjection(0, (total, tick) => total + tick.Price);
app.MapEventStream<Tick>("/ticks");
app.MapEventStream("/sum", ticks, sum, new EventStreamEndpointOptions<Tick> { Json = ConsumerJson.Default.Tick });
app.MapHealthChecks("/health");
app.MapEventStreamDashboard("/streams");
await app.StartAsync();
using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
ticks.OnNextRange([new Tick("a", 1), new Tick("b", 2), new Tick("a", 3)]);

await claims.CheckAsync("a handler has its own scope and gets every event", async () =>
{
    await ticks.WhenCaughtUpAsync();
    return $"{app.Services.GetRequiredService<Sum>().Total}";
}, "6");

await claims.CheckAsync("options come from the configuration", () => Task.FromResult($"{ticks.OldestSequence} {ticks.NextSequence}"), "0 3");

await claims.CheckAsync("a client resumes after an event", async () => await FirstAsync("/ticks?lastEventId=1"), """message {"symbol":"a","price":3}""");

await claims.CheckAsync("a new client gets a snapshot", async () => await FirstAsync("/sum"), "snapshot 6");

await claims.CheckAsync("the service is healthy", async () => await http.GetStringAsync("/health"), "Healthy");

await claims.CheckAsync(
    "the dashboard has its page",
    async () => (await http.GetStringAsync("/streams")).Contains("<title>Streams, live</title>", StringComparison.Ordinal) ? "yes" : "no",
    "yes");

await claims.CheckAsync(
    "the dashboard has the streams",
    async () => await FirstAsync("/streams/events") is { } frame
        ? $"{frame.Contains("\"name\":\"Tick\",\"published\":3", StringComparison.Ordinal)} {frame.Contains("\"name\":\"numbers\"", StringComparison.Ordinal)}"
        : "none",
    "True True");

await claims.CheckAsync("the host stops", async () =>
{
    await app.StopAsync();
    return "stopped";
}, "stopped");

Console.WriteLine($"{claims.Held} hold, {claims.Broken} do not; {(RuntimeFeature.IsDynamicCodeSupported ? "just in time" : "ahead of time")}");
return claims.Broken == 0 ? 0 : 1;

async Task<string> FirstAsync(string path)
{
    using HttpResponseMessage response = await http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
    await foreach (SseItem<string> item in SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync())
    {
        return $"{item.EventType} {item.Data}";
    }

    return "none";
}

namespace Rx.Tests.WebConsumer
{
    internal sealed record Tick(string Symbol, int Price);

    internal sealed class Sum
    {
        private int _total;

        public int Total => Volatile.Read(ref _total);

        public void Add(int price) => Interlocked.Add(ref _total, price);
    }

    internal sealed class Adder(Sum sum) : IEventHandler<Tick>
    {
        public ValueTask HandleAsync(Tick tick, CancellationToken cancellationToken)
        {
            sum.Add(tick.Price);
            return ValueTask.CompletedTask;
        }
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    [JsonSerializable(typeof(Tick))]
    [JsonSerializable(typeof(int))]
    internal sealed partial class ConsumerJson : JsonSerializerContext;
}
