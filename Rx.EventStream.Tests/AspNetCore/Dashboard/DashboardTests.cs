using System.Net;
using System.Reactive.Concurrency;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Rx.AspNetCore;
using Rx.AspNetCore.Dashboard;
using Rx.Tests.Contract;

namespace Rx.Tests.AspNetCore.Dashboard;

/// <summary>What the dashboard serves.</summary>
[TestFixture]
internal sealed class DashboardTests
{
    private static readonly Dictionary<string, string> _types = new()
    {
        [".html"] = "text/html",
        [".css"] = "text/css",
        [".js"] = "text/javascript",
        [".svg"] = "image/svg+xml",
    };

    [Test]
    public async Task Files_EachOfThem_HasItsTypeAndLinksToNoOtherSite()
    {
        string[] folders = [Path.Combine("Dashboard", "Page"), Path.Combine("Dashboard", "Parts")];
        string[] names =
        [
            .. folders.SelectMany(folder => Directory.GetFiles(Path.Combine(Repository.Root, "Rx.EventStream.AspNetCore", folder))).Select(f => Path.GetFileName(f)),
            "icon.svg",
        ];
        Assert.That(names, Does.Contain("index.html").And.Contain("main.js").And.Contain("charts.js"));
        await using SseServer server = await DashboardService.StartAsync(static _ => { });

        foreach (string name in names)
        {
            using HttpResponseMessage response = await server.Http.GetAsync($"/streams/{(name == "index.html" ? "" : name)}");

            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK), name);
            Assert.That(response.Content.Headers.ContentType?.MediaType, Is.EqualTo(_types[Path.GetExtension(name)]), name);
            string text = (await response.Content.ReadAsStringAsync()).Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal);
            Assert.That(text, Does.Not.Match("https?:|//cdn|@import|style=|onclick"), name);
        }
    }

    /// <summary>The page's links are relative.</summary>
    [TestCase("/streams", "/streams", "/streams/")]
    [TestCase("/", "/", "/")]
    [TestCase("/admin/{tenant}/streams", "/admin/a%3Ab/streams", "/admin/a%3Ab/streams/")]
    [TestCase("/{name}", "/http%3A", "/http:/")]
    [TestCase("/{name}", "/%2F%2Fexample.org", "/%2F%2Fexample.org/")]
    public async Task Page_WithoutSlash_IsRedirectedToTheSameSite(string pattern, string path, string final)
    {
        await using SseServer server = await DashboardService.StartAsync(
            static _ => { }, app => app.MapEventStreamDashboard(pattern), Environments.Development);

        using HttpResponseMessage page = await server.Http.GetAsync(path);
        using HttpResponseMessage script = await server.Http.GetAsync(new Uri(page.RequestMessage!.RequestUri!, "main.js"));

        Assert.That(page.RequestMessage.RequestUri, Is.EqualTo(new Uri(server.Address, final)));
        Assert.That(await page.Content.ReadAsStringAsync(), Does.Contain("<title>Streams, live</title>"));
        Assert.That(script.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task Frame_StreamsOfTheContainerAndOfTheOptions_AreThere()
    {
        using var own = new EventStream<string>();
        using var other = new EventStream<int>(new EventStreamOptions { Name = "other" });
        await using SseServer server = await DashboardService.StartAsync(
            builder => builder.Services.AddEventStream<int>().AddKeyedEventStream<int>("eu").AddSingleton<IEventStream>(other),
            DashboardService.With(own, other));
        await using SseClient page = await server.ConnectAsync("/streams/events");

        DashboardFrame frame = await page.WaitForAsync(_ => true);

        Assert.That(frame.Streams.Select(s => s.Name), Is.EquivalentTo(new[] { "EventStream<String>", "other", "Int32", "eu" }));
    }

    [Test]
    public async Task Frame_Figures_AreThoseOfTheStreamAndItsSubscribers()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { Name = "numbers", Retention = Retention.Count(3) });
        var never = new HistoricalScheduler();
        using IDisposable subscription = stream.WithName("dropping").WithLagPolicy(LagPolicy.DropOldest(2)).ObserveOn(never).Subscribe(_ => { });
        EventSubscription dropping = stream.Subscriptions.Single();
        using EventReader<int> reader = stream.WithName("reader").OpenReader();
        await using SseServer server = await DashboardService.StartAsync(static _ => { }, DashboardService.With(stream));
        await using SseClient page = await server.ConnectAsync("/streams/events");

        stream.OnNextRange([0, 1, 2, 3, 4]);
        reader.TryRead(out _);
        DashboardFrame frame = await page.WaitForAsync(f => f.Streams[0].Published == 5 && f.Streams[0].Subscribers[1].Delivered == 1);

        StreamFrame numbers = frame.Streams.Single();
        Assert.That((numbers.Retained, numbers.Ended, numbers.Count, numbers.Lag), Is.EqualTo((3, false, 2, 5)));
        Assert.That(
            numbers.Subscribers.Select(s => (s.Name, s.Position, s.Lag, s.Delivered, s.End)),
            Is.EqualTo(new[] { ("dropping", dropping.Sequence, dropping.Lag, 0L, (string?)null), ("reader", 1, 4, 1, null) }));

        stream.OnCompleted();
        await page.WaitForAsync(f => f.Streams[0].Ended);
    }

    [Test]
    public async Task Frame_SubscriberFails_IsShownWithItsError()
    {
        using var stream = new EventStream<int>();
        using EventReader<int> reader = stream.WithName("slow").WithLagPolicy(LagPolicy.Fail(1)).OpenReader();
        await using SseServer server = await DashboardService.StartAsync(static _ => { }, DashboardService.With(stream));
        await using SseClient page = await server.ConnectAsync("/streams/events");
        await page.WaitForAsync(f => f.Streams[0].Count == 1);

        stream.OnNextRange([0, 1, 2]);
        Assert.That(async () => await reader.WaitToReadAsync(), Throws.InstanceOf<SubscriberLaggedException>());
        DashboardFrame frame = await page.WaitForAsync(f => f.Streams[0].Count == 0 && f.Streams[0].Subscribers.Count == 1);

        SubscriberFrame slow = frame.Streams[0].Subscribers.Single();
        Assert.That(slow.Name, Is.EqualTo("slow"));
        Assert.That(slow.End, Does.StartWith("SubscriberLaggedException: ").And.Length.LessThanOrEqualTo(StreamMonitor.MaxErrorLength));
        Assert.That(frame.Streams[0].Lag, Is.Zero, "No subscriber lags any more.");
    }

    [Test]
    public async Task Page_Reconnects_ResumesAfterItsLastFrame()
    {
        using var stream = new EventStream<int>();
        await using SseServer server = await DashboardService.StartAsync(static _ => { }, DashboardService.With(stream));
        double last;
        string id;
        await using (SseClient page = await server.ConnectAsync("/streams/events"))
        {
            await using SseClient other = await server.ConnectAsync("/streams/events");
            last = (await page.WaitForAsync(_ => true)).Time;
            id = page.LastId;
            await other.WaitForAsync(f => f.Time > last + 0.3);
        }

        await using SseClient again = await server.ConnectAsync($"/streams/events?lastEventId={id}");
        DashboardFrame next = await again.WaitForAsync(_ => true);

        Assert.That(next.Time, Is.GreaterThan(last).And.LessThan(last + 0.3));
    }

    [Test]
    public async Task Feed_NoPageForHalfAMinute_IsNotRunAnyMore()
    {
        var time = new FakeTimeProvider();
        using var stream = new EventStream<int>();
        await using SseServer server = await DashboardService.StartAsync(
            builder => builder.Services.AddSingleton<TimeProvider>(time), DashboardService.With(stream));
        string run = await RunAsync();
        Assert.That(await RunAsync(), Is.EqualTo(run), "a page that reloads");

        using var limit = new CancellationTokenSource(Eventually.Limit);
        do
        {
            // Each step ends the wait for the next frame, if it has begun.
            for (int i = 0; i < 500; i++)
            {
                time.Advance(TimeSpan.FromSeconds(0.1));
                await Task.Yield();
            }

            limit.Token.ThrowIfCancellationRequested();
        }
        while (await RunAsync() == run);

        async Task<string> RunAsync()
        {
            await using SseClient page = await server.ConnectAsync("/streams/events");
            return (await page.WaitForAsync(_ => true)).Run;
        }
    }

    /// <summary>The container makes no stream earlier because there is a dashboard.</summary>
    [Test]
    public async Task Map_Dashboard_MakesNoStream()
    {
        int made = 0;
        using var stream = new EventStream<int>();
        await using SseServer server = await DashboardService.StartAsync(builder => builder.Services.AddSingleton<IEventStream>(_ =>
        {
            made++;
            return stream;
        }));
        using HttpResponseMessage file = await server.Http.GetAsync("/streams/");
        int before = made;

        await using SseClient page = await server.ConnectAsync("/streams/events");
        await page.WaitForAsync(f => f.Streams.Count == 1);

        Assert.That((before, made), Is.EqualTo((0, 1)));
    }

    /// <summary>The application does not wait for open pages.</summary>
    [Test]
    public async Task Stop_PageIsOpen_EndsItsResponse()
    {
        using var stream = new EventStream<int>();
        await using SseServer server = await DashboardService.StartAsync(static _ => { }, DashboardService.With(stream));
        await using SseClient page = await server.ConnectAsync("/streams/events");
        await page.WaitForAsync(_ => true);

        await server.StopAsync();

        while (await Eventually.Ends(page.ReadAsync()) is not null)
        {
        }
    }
}
