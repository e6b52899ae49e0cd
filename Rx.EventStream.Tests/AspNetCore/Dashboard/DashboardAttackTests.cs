using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rx.AspNetCore;
using Rx.AspNetCore.Dashboard;
using Rx.Tests.Contract;
using Rx.Tests.Hosting;

namespace Rx.Tests.AspNetCore.Dashboard;

/// <summary>Requests that must not see the dashboard, or must not harm the application.</summary>
[TestFixture]
internal sealed class DashboardAttackTests
{
    private static readonly string[] _paths = ["/streams", "/streams/", "/streams/main.js", "/streams/events"];

    private static readonly EventStream<int> _stream = new(new EventStreamOptions { Name = "secret" });

    [TestCase("Production")]
    [TestCase("Staging")]
    [TestCase("Whatever")]
    public async Task Request_OutsideDevelopment_IsAnsweredAsIfThereWereNoDashboard(string environment)
    {
        var log = new RecordedLog("Rx.AspNetCore.EventStreamDashboard");
        await using SseServer server = await DashboardService.StartAsync(
            builder => builder.Logging.AddProvider(log), app => app.MapEventStreamDashboard("/streams", DashboardService.With(_stream)), environment);

        await AssertIsNotThereAsync(server);
        Assert.That(log.Entries.Select(e => (e.Level, e.Message)), Is.EqualTo(new[]
        {
            (LogLevel.Warning, "The dashboard at /streams answers 404: outside of Development it needs RequireAuthorization."),
        }));
    }

    /// <summary>A policy for everything else says nothing about the dashboard.</summary>
    [Test]
    public async Task Request_OnlyAFallbackPolicy_IsAnsweredAsIfThereWereNoDashboard()
    {
        await using SseServer server = await DashboardService.StartAsync(
            builder =>
            {
                QueryAuthentication.Add(builder.Services);
                builder.Services.Configure<AuthorizationOptions>(
                    options => options.FallbackPolicy = new AuthorizationPolicyBuilder().RequireAssertion(_ => true).Build());
            },
            app => app.MapEventStreamDashboard("/streams", DashboardService.With(_stream)),
            Environments.Production);

        await AssertIsNotThereAsync(server);
    }

    [Test]
    public async Task Request_AllowAnonymous_IsAnsweredAsIfThereWereNoDashboard()
    {
        await using SseServer server = await DashboardService.StartAsync(
            builder => QueryAuthentication.Add(builder.Services),
            app => app.MapGroup("/").AllowAnonymous().MapEventStreamDashboard("/streams", DashboardService.With(_stream)).RequireAuthorization(),
            Environments.Production);

        await AssertIsNotThereAsync(server);
    }

    [TestCase("Development")]
    [TestCase("Production")]
    public async Task Request_Authorization_IsAskedForInEachEnvironment(string environment)
    {
        await using SseServer server = await DashboardService.StartAsync(
            builder => QueryAuthentication.Add(builder.Services),
            app => app.MapEventStreamDashboard("/streams", DashboardService.With(_stream)).RequireAuthorization(),
            environment);

        foreach (string path in _paths)
        {
            using HttpResponseMessage refused = await SseClient.SendAsync(server.Http, path);
            Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized), path);
            Assert.That(await refused.Content.ReadAsStringAsync(), Is.Empty, path);

            using HttpResponseMessage passed = await SendAsync(server, $"{path}?user=me", ("Host", "streams.example.org"));
            Assert.That(passed.StatusCode, Is.EqualTo(path == "/streams" ? HttpStatusCode.Found : HttpStatusCode.OK), path);
        }
    }

    /// <summary>The application says that it needs authorization, and does not check it: nothing is shown.</summary>
    [Test]
    public async Task Request_AuthorizationIsNotChecked_Fails()
    {
        await using SseServer server = await DashboardService.StartAsync(
            static _ => { }, app => app.MapEventStreamDashboard("/streams", DashboardService.With(_stream)).RequireAuthorization(), Environments.Production);

        foreach (string path in _paths)
        {
            using HttpResponseMessage response = await SendAsync(server, path);
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.InternalServerError), path);
            Assert.That(await response.Content.ReadAsStringAsync(), Does.Not.Contain("secret"), path);
        }
    }

    /// <summary>DNS rebinding: the name of another site leads to this machine.</summary>
    [TestCase("example.org", HttpStatusCode.Forbidden)]
    [TestCase("localhost.example.org", HttpStatusCode.Forbidden)]
    [TestCase("127.0.0.1.example.org", HttpStatusCode.Forbidden)]
    [TestCase("notlocalhost", HttpStatusCode.Forbidden)]
    [TestCase("192.168.0.1:5000", HttpStatusCode.Forbidden)]
    [TestCase("[2001:db8::1]", HttpStatusCode.Forbidden)]
    [TestCase("localhost", HttpStatusCode.OK)]
    [TestCase("LOCALHOST:5000", HttpStatusCode.OK)]
    [TestCase("app.localhost", HttpStatusCode.OK)]
    [TestCase("127.0.0.2:80", HttpStatusCode.OK)]
    [TestCase("[::1]:5000", HttpStatusCode.OK)]
    public async Task Host_InDevelopment_MustBeThisMachine(string host, HttpStatusCode expected)
    {
        await using SseServer server = await DashboardService.StartAsync(static _ => { }, DashboardService.With(_stream));

        foreach (string path in _paths[1..])
        {
            using HttpResponseMessage response = await SendAsync(server, path, ("Host", host));
            Assert.That(response.StatusCode, Is.EqualTo(expected), path);
        }
    }

    /// <summary>A neighbor in the network says that it asks for this machine.</summary>
    [TestCase("192.168.0.7", HttpStatusCode.Forbidden)]
    [TestCase("::ffff:192.168.0.7", HttpStatusCode.Forbidden)]
    [TestCase("2001:db8::1", HttpStatusCode.Forbidden)]
    [TestCase("127.0.0.1", HttpStatusCode.OK)]
    [TestCase("::ffff:127.0.0.2", HttpStatusCode.OK)]
    [TestCase("::1", HttpStatusCode.OK)]
    public async Task Client_InDevelopment_MustBeOnThisMachine(string client, HttpStatusCode expected)
    {
        await using SseServer server = await DashboardService.StartAsync(
            static _ => { },
            app =>
            {
                app.Use((context, next) =>
                {
                    context.Connection.RemoteIpAddress = IPAddress.Parse(client);
                    return next(context);
                });
                app.MapEventStreamDashboard("/streams", DashboardService.With(_stream));
            },
            Environments.Development);

        foreach (string path in _paths[1..])
        {
            using HttpResponseMessage response = await SendAsync(server, path);
            Assert.That(response.StatusCode, Is.EqualTo(expected), path);
        }
    }

    [TestCase("Sec-Fetch-Site", "cross-site")]
    [TestCase("Sec-Fetch-Site", "same-site")]
    [TestCase("Origin", "http://example.org")]
    [TestCase("Origin", "http://127.0.0.1:1")]
    [TestCase("Origin", "null")]
    public async Task Request_OfAPageOfAnotherSite_IsRefused(string header, string value)
    {
        await using SseServer server = await DashboardService.StartAsync(
            builder =>
            {
                QueryAuthentication.Add(builder.Services);
                builder.Services.AddCors(cors => cors.AddDefaultPolicy(policy => policy.AllowAnyOrigin()));
            },
            app =>
            {
                app.UseCors();
                app.MapEventStreamDashboard("/streams", DashboardService.With(_stream));
                app.MapEventStreamDashboard("/admin", DashboardService.With(_stream)).RequireAuthorization();
            },
            Environments.Development);

        foreach (string path in (string[])[.. _paths, "/admin/?user=me", "/admin/events?user=me"])
        {
            using HttpResponseMessage response = await SendAsync(server, path, (header, value));
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Forbidden), path);
            Assert.That(await response.Content.ReadAsStringAsync(), Is.Empty, path);
        }
    }

    [TestCase("/streams/", "document", HttpStatusCode.OK)]
    [TestCase("/streams/", "iframe", HttpStatusCode.Forbidden)]
    [TestCase("/streams/events", "document", HttpStatusCode.Forbidden)]
    public async Task Link_OnAPageOfAnotherSite_LeadsToThePageOnly(string path, string destination, HttpStatusCode expected)
    {
        await using SseServer server = await DashboardService.StartAsync(static _ => { }, DashboardService.With(_stream));

        using HttpResponseMessage response = await SendAsync(server, path, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Dest", destination));

        Assert.That(response.StatusCode, Is.EqualTo(expected));
    }

    [Test]
    public async Task Response_Any_HasAStrictPolicy()
    {
        await using SseServer server = await DashboardService.StartAsync(static _ => { }, DashboardService.With(_stream));

        foreach (string path in _paths)
        {
            using HttpResponseMessage response = await SendAsync(server, path);
            string policy = response.Headers.GetValues("Content-Security-Policy").Single();
            Assert.That(policy, Does.StartWith("default-src 'none'; ").And.Contain("frame-ancestors 'none'").And.Not.Contain("unsafe"), path);
            Assert.That(response.Headers.GetValues("X-Content-Type-Options"), Is.EqualTo(new[] { "nosniff" }), path);
            Assert.That(response.Headers.GetValues("Cross-Origin-Resource-Policy"), Is.EqualTo(new[] { "same-origin" }), path);
        }
    }

    [TestCase("POST")]
    [TestCase("PUT")]
    [TestCase("DELETE")]
    [TestCase("OPTIONS")]
    public async Task Method_OtherThanGet_IsRefused(string method)
    {
        await using SseServer server = await DashboardService.StartAsync(static _ => { }, DashboardService.With(_stream));

        foreach (string path in _paths)
        {
            using HttpResponseMessage response = await server.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.MethodNotAllowed), path);
        }
    }

    [TestCase("/streams/../index.html")]
    [TestCase("/streams/..%2findex.html")]
    [TestCase("/streams/%2e%2e/appsettings.json")]
    [TestCase("/streams/index.html")]
    [TestCase("/streams/main.js/")]
    [TestCase("/streams/main.js%00")]
    public async Task Path_OfNoFile_IsNotFound(string path)
    {
        await using SseServer server = await DashboardService.StartAsync(static _ => { }, DashboardService.With(_stream));
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server.Address.Host, server.Address.Port);

        // An HttpClient would tidy the path.
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(new NetworkStream(socket));

        string status = (await Eventually.Ends(reader.ReadLineAsync()))!;
        Assert.That(status, path.EndsWith("js/", StringComparison.Ordinal) ? Does.Contain(" 200 ") : Does.Match(" 40[04] "));
    }

    [Test]
    public async Task Connections_MoreThanTheBound_AreRefusedUntilOneEnds()
    {
        await using SseServer server = await DashboardService.StartAsync(
            static _ => { }, new EventStreamDashboardOptions { Streams = [_stream], MaxConnections = 2 });
        await using SseClient first = await server.ConnectAsync("/streams/events");
        await using (await server.ConnectAsync("/streams/events"))
        {
            using HttpResponseMessage third = await SendAsync(server, "/streams/events");
            Assert.That(third.StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
            Assert.That(third.Headers.RetryAfter, Is.Not.Null);
        }

        using var limit = new CancellationTokenSource(Eventually.Limit);
        HttpStatusCode status;
        do
        {
            using HttpResponseMessage again = await SendAsync(server, "/streams/events");
            status = again.StatusCode;
            limit.Token.ThrowIfCancellationRequested();
        }
        while (status != HttpStatusCode.OK);
    }

    [TestCase("yesterday")]
    [TestCase("99999999999999999999-x")]
    public async Task LastEventId_Malformed_GetsAResetAndFrames(string id)
    {
        await using SseServer server = await DashboardService.StartAsync(static _ => { }, DashboardService.With(_stream));
        await using SseClient page = await server.ConnectAsync("/streams/events", id);

        Assert.That((await page.ReadAsync())!.Value.EventType, Is.EqualTo("reset"));
        await page.WaitForAsync(f => f.Streams.Count == 1);
    }

    /// <summary>A client of the application may choose the name of its subscription, and may subscribe often.</summary>
    [Test]
    public async Task Frame_ManySubscribersWithLongNames_IsBounded()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { Name = new string('s', 10_000) });
        string name = new string('n', StreamMonitor.MaxNameLength - 1) + "😀" + new string('m', 10_000);
        EventReader<int>[] readers = [.. Enumerable.Range(0, 3_000).Select(_ => stream.WithName(name).OpenReader())];
        using EventReader<int> slowest = readers[0];
        stream.OnNextRange([.. Enumerable.Range(0, 100)]);
        foreach (EventReader<int> reader in readers[1..])
        {
            reader.TryRead(out _);
        }

        await using SseServer server = await DashboardService.StartAsync(static _ => { }, DashboardService.With(stream));
        await using SseClient page = await server.ConnectAsync("/streams/events");
        System.Net.ServerSentEvents.SseItem<string> item = (await page.ReadAsync())!.Value;

        StreamFrame frame = DashboardService.Read(item).Streams.Single();
        Assert.That((frame.Count, frame.Subscribers.Count, frame.Lag), Is.EqualTo((readers.Length, StreamMonitor.MaxSubscribers, 100)));
        Assert.That(frame.Name, Has.Length.EqualTo(StreamMonitor.MaxNameLength + 1));
        Assert.That(frame.Subscribers[0].Name, Is.EqualTo(new string('n', StreamMonitor.MaxNameLength - 1) + "…"));
        Assert.That(item.Data, Has.Length.LessThan(50_000));
        Array.ForEach(readers, reader => reader.Dispose());
    }

    private static async Task AssertIsNotThereAsync(SseServer server)
    {
        using HttpResponseMessage nothing = await SendAsync(server, "/nothing");
        foreach (string path in _paths)
        {
            foreach (HttpMethod method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Post])
            {
                using HttpResponseMessage response = await server.Http.SendAsync(new HttpRequestMessage(method, $"{path}?user=me"));
                Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NotFound), path);
                Assert.That(await response.Content.ReadAsStringAsync(), Is.Empty, path);
                Assert.That(response.Headers.Select(h => h.Key), Is.EquivalentTo(nothing.Headers.Select(h => h.Key)), path);
            }
        }
    }

    private static async Task<HttpResponseMessage> SendAsync(SseServer server, string path, params (string Name, string Value)[] headers)
    {
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, ResponseDrainTimeout = TimeSpan.Zero };
        using var http = new HttpClient(handler) { BaseAddress = server.Address };
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        HttpResponseMessage response = await Eventually.Ends(http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead));
        if (!path.Contains("/events", StringComparison.Ordinal) || response.StatusCode != HttpStatusCode.OK)
        {
            await response.Content.LoadIntoBufferAsync();
        }

        return response;
    }
}
