using System.Net;
using System.Text;
using System.Text.Json;

namespace Rx.Tests.Samples.Dashboard;

/// <summary>Tests the HTTP responses of the server, without a browser.</summary>
[TestFixture]
internal sealed class DashboardServerTests
{
    private const int TimeLimit = 90_000;
    private const string TooLong = "0123456789012345678901234";

    private static readonly Dictionary<string, string> _types = new()
    {
        [".html"] = "text/html",
        [".css"] = "text/css",
        [".js"] = "text/javascript",
        [".svg"] = "image/svg+xml",
    };

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task PageFiles_Requested_ServedWithoutLinksToOtherSites(CancellationToken ct)
    {
        string[] folders = [Path.Combine("Rx.EventStream.Samples", "Dashboard", "Page"), Path.Combine("Rx.EventStream.AspNetCore", "Dashboard", "Parts")];
        string[] names =
            [.. folders.SelectMany(folder => Directory.GetFiles(Path.Combine(Repository.Root, folder))).Select(f => Path.GetFileName(f)), "icon.svg"];
        Assert.That(names, Does.Contain("index.html").And.Contain("main.js"));
        using DashboardProcess dashboard = await DashboardProcess.StartAsync(ct);

        foreach (string name in names)
        {
            using HttpResponseMessage response = await dashboard.GetAsync(name == "index.html" ? "" : name, ct);

            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK), name);
            Assert.That(response.Content.Headers.ContentType?.MediaType, Is.EqualTo(_types[Path.GetExtension(name)]), name);
            Assert.That(response.Headers.GetValues("Content-Security-Policy").Single(), Does.StartWith("default-src 'self'"), name);
            string text = (await response.Content.ReadAsStringAsync(ct)).Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal);
            Assert.That(text, Does.Not.Match("https?:|//cdn|@import"), name);
        }
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Events_NewPage_FramesInOrderOfTheirIds(CancellationToken ct)
    {
        using DashboardProcess dashboard = await DashboardProcess.StartAsync(ct);

        DashboardEvent[] events = await dashboard.FollowAsync(null, ct).Take(10).ToArrayAsync(ct);

        Assert.That(events.Select(e => e.Id), Is.Ordered.And.Unique);
        Assert.That(events.Select(e => e.Frame.Time), Is.Ordered.And.Unique);
        Assert.That(events[0].Id, Is.Zero, "A new page receives the retained frames, which are all frames so far.");
        Assert.That(events[^1].Frame.Subscribers.Select(s => s.Name), Is.EqualTo(new[] { "ledger", "screen", "uplink" }));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Events_LastEventIdHeader_ResumesAfterIt(CancellationToken ct)
    {
        using DashboardProcess dashboard = await DashboardProcess.StartAsync(ct);
        DashboardEvent last = await dashboard.FollowAsync(null, ct).SkipWhile(e => e.Id < 3).FirstAsync(ct);
        await dashboard.FollowAsync(null, ct).SkipWhile(e => e.Id < last.Id + 10).FirstAsync(ct);

        DashboardEvent[] missed = await dashboard.FollowAsync($"{last.Id}", ct).Take(10).ToArrayAsync(ct);

        Assert.That(missed.Select(e => e.Id), Is.EqualTo(Enumerable.Range(1, 10).Select(i => last.Id + i)), "All missed frames arrive.");
        Assert.That(missed[0].Frame.Time, Is.GreaterThan(last.Frame.Time));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Events_LastEventIdInQuery_ResumesAfterIt(CancellationToken ct)
    {
        using DashboardProcess dashboard = await DashboardProcess.StartAsync(ct);
        await dashboard.FollowAsync(null, ct).SkipWhile(e => e.Id < 5).FirstAsync(ct);

        DashboardEvent first = await dashboard.FollowAsync(null, ct, "events?lastEventId=2").FirstAsync(ct);

        Assert.That(first.Id, Is.EqualTo(3));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Events_LastEventIdOfOtherProcess_StartsAtOldest(CancellationToken ct)
    {
        using DashboardProcess dashboard = await DashboardProcess.StartAsync(ct);

        DashboardEvent first = await dashboard.FollowAsync("123456789", ct).FirstAsync(ct);

        Assert.That(first.Id, Is.Zero);
    }

    [TestCase("yesterday")]
    [TestCase("-1")]
    [TestCase("99999999999999999999")]
    [CancelAfter(TimeLimit)]
    public async Task Events_InvalidLastEventId_RejectedWithReason(string id)
    {
        CancellationToken ct = TestContext.CurrentContext.CancellationToken;
        using DashboardProcess dashboard = await DashboardProcess.StartAsync(ct);
        using var request = new HttpRequestMessage(HttpMethod.Get, "events");
        request.Headers.Add("Last-Event-ID", id);

        using HttpResponseMessage response = await dashboard.SendAsync(request, ct);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(await DetailOf(response, ct), Does.Contain($"not '{id}'"));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Request_InvalidInput_RejectedWithReasonAndNoEffect(CancellationToken ct)
    {
        (string Path, string Body, string Detail)[] cases =
        [
            ("load", """{"rate":0}""", "rate must be a whole number from 1 to 1,000,000, not 0."),
            ("load", """{"rate":1000001}""", "not 1,000,001."),
            ("load", """{"publishers":9}""", "publishers must be a whole number from 1 to 8, not 9."),
            ("load", """{"publishers":-1}""", "not -1."),
            ("load", """{"rate":1.5}""", "at $.rate"),
            ("load", """{"rate":"100"}""", "at $.rate"),
            ("load", """{"speed":1}""", "at $.speed"),
            ("load", "rate=1", "is not valid"),
            ("load", "", "needs a JSON body"),
            ("load", "null", "needs a JSON body"),
            ("subscribers", """{"policy":"drop"}""", "policy must be one of unbounded, dropOldest, latest, fail, wait, not 'drop'."),
            ("subscribers", """{"policy":"dropOldest"}""", "dropOldest needs a capacity"),
            ("subscribers", """{"policy":"latest","capacity":1}""", "latest has no capacity"),
            ("subscribers", """{"policy":"fail","capacity":0}""", "capacity must be a whole number from 1 to 1,000,000, not 0."),
            ("subscribers", """{"scheduler":"thread"}""", "scheduler must be one of threadPool, eventLoop, newThread, publishingThread"),
            ("subscribers", """{"scheduler":"publishingThread","policy":"latest"}""", "never lags"),
            ("subscribers", """{"joinAt":"then"}""", "joinAt must be one of now, oldest, bookmark, not 'then'."),
            ("subscribers", """{"joinAt":"bookmark"}""", "bookmark is missing"),
            ("subscribers", """{"speed":0}""", "speed must be a whole number from 1"),
            ("subscribers", """{"name":" "}""", "name must have 1 to 24 characters, not 0."),
            ("subscribers", $$"""{"name":"{{TooLong}}"}""", "not 25."),
            ("subscribers/1/stall", "{}", "is not valid"),
        ];
        using DashboardProcess dashboard = await DashboardProcess.StartAsync(ct);
        Frame before = await dashboard.WaitForAsync("a frame", _ => true, ct);

        foreach ((string path, string body, string detail) in cases)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"api/{path}")
            {
                Content = new StringContent(body, Encoding.UTF8, "application/json"),
            };
            using HttpResponseMessage response = await dashboard.SendAsync(request, ct);

            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest), $"{path} {body}");
            Assert.That(await DetailOf(response, ct), Does.Contain(detail), $"{path} {body}");
        }

        Frame after = await dashboard.WaitForAsync("a later frame", f => f.Time > before.Time, ct);
        Assert.That((after.Rate, after.Publishers, after.Subscribers.Length), Is.EqualTo((before.Rate, before.Publishers, before.Subscribers.Length)));
    }

    [TestCase("POST", "subscribers/99/stall", """{"stalled":true}""", HttpStatusCode.NotFound, "There is no subscriber 99.")]
    [TestCase("DELETE", "subscribers/99", "", HttpStatusCode.NotFound, "There is no subscriber 99.")]
    [TestCase("DELETE", "bookmarks/Z", "", HttpStatusCode.NotFound, "There is no bookmark 'Z'.")]
    [TestCase("POST", "subscribers", """{"joinAt":"bookmark","bookmark":"Z"}""", HttpStatusCode.NotFound, "There is no bookmark 'Z'.")]
    [TestCase("POST", "subscribers", """{"name":"ledger"}""", HttpStatusCode.Conflict, "There is a subscriber 'ledger' already.")]
    [CancelAfter(TimeLimit)]
    public async Task Request_UnknownItem_RejectedWithReason(string method, string path, string body, HttpStatusCode status, string detail)
    {
        CancellationToken ct = TestContext.CurrentContext.CancellationToken;
        using DashboardProcess dashboard = await DashboardProcess.StartAsync(ct);
        using var request = new HttpRequestMessage(new HttpMethod(method), $"api/{path}");
        if (body.Length > 0)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        using HttpResponseMessage response = await dashboard.SendAsync(request, ct);

        Assert.That(response.StatusCode, Is.EqualTo(status));
        Assert.That(await DetailOf(response, ct), Is.EqualTo(detail));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Request_TooManyItems_RejectedWithReason(CancellationToken ct)
    {
        using DashboardProcess dashboard = await DashboardProcess.StartAsync(ct);
        for (int i = 0; i < 5; i++)
        {
            await dashboard.DoAsync("subscribers", new { }, ct);
            await dashboard.DoAsync("bookmarks", null, ct);
        }

        foreach (string path in new[] { "subscribers", "bookmarks" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"api/{path}")
            {
                Content = new StringContent("{}", Encoding.UTF8, "application/json"),
            };
            using HttpResponseMessage response = await dashboard.SendAsync(request, ct);

            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Conflict));
            Assert.That(await DetailOf(response, ct), Does.Contain($"{path} already. Remove one first"));
        }
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Request_FromOtherSite_Rejected(CancellationToken ct)
    {
        using DashboardProcess dashboard = await DashboardProcess.StartAsync(ct);
        using var foreign = new HttpRequestMessage(HttpMethod.Post, "api/complete");
        foreign.Headers.Add("Origin", "http://example.org");
        using var rebound = new HttpRequestMessage(HttpMethod.Get, "events");
        rebound.Headers.Host = "example.org";

        using HttpResponseMessage toForeign = await dashboard.SendAsync(foreign, ct);
        using HttpResponseMessage toRebound = await dashboard.SendAsync(rebound, ct);

        Assert.That(toForeign.StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That(toRebound.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Frame frame = await dashboard.WaitForAsync("a frame", _ => true, ct);
        Assert.That(frame.Completed, Is.False);
    }

    private static async Task<string?> DetailOf(HttpResponseMessage response, CancellationToken ct)
    {
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(ct));
        return problem.RootElement.GetProperty("detail").GetString();
    }
}
