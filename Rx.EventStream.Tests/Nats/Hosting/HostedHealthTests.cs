using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Rx.Nats;
using Rx.Nats.Hosting.Running;
using Rx.Tests.Contract;
using Rx.Tests.Hosting;

namespace Rx.Tests.Nats.Hosting;

/// <summary>The health check and the readiness check, which turn and turn back.</summary>
internal sealed class HostedHealthTests : NatsHostFixture
{
    private const string Check = "NatsEventStream<Reading>";
    private const string Readiness = "NatsEventStream<Reading> readiness";

    /// <summary>As an orchestrator sees a service: over HTTP.</summary>
    [Test]
    public async Task Http_HandlerCatchesUpLagsAndCatchesUp_BothChecksFollow()
    {
        await StoreAsync("a", 1, 3);
        var handled = new HandledEvents();
        var first = new Gate();
        var second = new Gate();
        handled.OnEvent = (number, token) => number switch
        {
            2 => PassAsync(first, token),
            4 => PassAsync(second, token),
            _ => ValueTask.CompletedTask,
        };
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        AddStream(builder.Services).AddSingleton(handled).AddNatsEventHandler<Reading, ReadingHandler>(HandlerOptions());
        builder.Services.AddHealthChecks()
            .AddNatsEventStream<Reading>(maxLag: 1).AddNatsEventStreamReadiness<Reading>(tags: ["ready"]);
        await using WebApplication app = builder.Build();
        app.MapHealthChecks("/live", new HealthCheckOptions { Predicate = check => !check.Tags.Contains("ready") });
        app.MapHealthChecks("/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains("ready") });
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };

        await first.Reached;
        Assert.That(await StatusAsync(), Is.EqualTo((HttpStatusCode.ServiceUnavailable, HttpStatusCode.ServiceUnavailable)), "2 of 3 events are not handled.");
        first.Open();
        NatsSubscription handler = app.Services.GetRequiredService<HostedNatsStream<Reading>>().Handlers.Single().Subscription!;
        await Eventually.Ends(handler.WhenCaughtUpAsync());
        Assert.That(await StatusAsync(), Is.EqualTo((HttpStatusCode.OK, HttpStatusCode.OK)));
        await StoreAsync("a", 4, 1);
        await second.Reached;
        Assert.That(await StatusAsync(), Is.EqualTo((HttpStatusCode.OK, HttpStatusCode.OK)), "1 event behind is healthy.");
        await StoreAsync("a", 5, 1);
        Assert.That(await StatusAsync(), Is.EqualTo((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK)), "It stays ready.");
        second.Open();
        await Eventually.Ends(handler.WhenCaughtUpAsync());
        Assert.That(await StatusAsync(), Is.EqualTo((HttpStatusCode.OK, HttpStatusCode.OK)));
        await app.StopAsync();

        async Task<(HttpStatusCode Live, HttpStatusCode Ready)> StatusAsync()
        {
            using HttpResponseMessage live = await http.GetAsync(new Uri("/live", UriKind.Relative));
            using HttpResponseMessage ready = await http.GetAsync(new Uri("/ready", UriKind.Relative));
            return (live.StatusCode, ready.StatusCode);
        }
    }

    [Test]
    public async Task Check_HandlerLags_DescribesItAndHasItsFigures()
    {
        var gate = new Gate();
        await StoreAsync("a", 1, 3);
        using TestHost host = BuildChecked(HandlerOptions());
        host.Handled.OnEvent = (_, token) => PassAsync(gate, token);
        await host.StartAsync();
        await gate.Reached;

        HealthReport report = await CheckAsync(host);
        gate.Open();

        Assert.That(report.Entries[Check].Description, Is.EqualTo("handler is 3 events behind, more than 1."));
        Assert.That(report.Entries[Check].Data, Is.EquivalentTo(new Dictionary<string, object> { ["handler.lag"] = 3L, ["handler.faults"] = 0L }));
        Assert.That(report.Entries[Readiness].Description, Is.EqualTo("handler has not caught up with event 3."));
    }

    [Test]
    public async Task Check_HandlerHasEnded_IsUnhealthyAndNotReady()
    {
        await StoreAsync("a", 1, 1);
        using TestHost host = BuildChecked(HandlerOptions());
        host.Handled.OnEvent = (_, _) => throw new NotSupportedException("no");
        await host.StartAsync();
        await Ends<NotSupportedException>(HandlerOf(host));

        HealthReport report = await CheckAsync(host);

        Assert.That(Results(report), Is.EqualTo((HealthStatus.Unhealthy, HealthStatus.Unhealthy)));
        Assert.That(report.Entries[Check].Description, Is.EqualTo("handler has ended: no"));
        Assert.That(report.Entries[Readiness].Description, Is.EqualTo("handler has ended: no"));
    }

    [Test]
    public async Task Check_ServerDoesNotAnswer_TurnsAndTurnsBack()
    {
        using TestHost host = BuildChecked(HandlerOptions());
        await host.StartAsync();
        await CaughtUpAsync(host);
        Assert.That(Results(await CheckAsync(host)), Is.EqualTo((HealthStatus.Healthy, HealthStatus.Healthy)));

        Server.Kill();
        HealthReport without = await CheckAsync(host);
        await Server.StartAgainAsync();
        await Becomes(async () => Results(await CheckAsync(host)) == (HealthStatus.Healthy, HealthStatus.Healthy));

        Assert.That(Results(without), Is.EqualTo((HealthStatus.Unhealthy, HealthStatus.Healthy)));
        Assert.That(without.Entries[Check].Description, Does.StartWith($"The server does not answer for the stream {Name}: "));
    }

    /// <summary>Two instances and one partition: one of them has none.</summary>
    [Test]
    public async Task Check_GroupWithoutPartitionsHere_IsHealthyAndReady()
    {
        var partitions = new NatsPartitions { Count = 1 };
        var gate = new Gate();
        await StoreAsync("a", 1, 5);
        using TestHost owner = BuildChecked(HandlerOptions(partitions: partitions));
        owner.Handled.OnEvent = (_, token) => PassAsync(gate, token);
        await owner.StartAsync();
        await gate.Reached;
        using TestHost other = BuildChecked(HandlerOptions(partitions: partitions));
        await other.StartAsync();

        (HealthStatus, HealthStatus) ofOther = Results(await CheckAsync(other));
        (HealthStatus, HealthStatus) ofOwner = Results(await CheckAsync(owner));
        gate.Open();
        await CaughtUpAsync(owner);

        Assert.That(ofOther, Is.EqualTo((HealthStatus.Healthy, HealthStatus.Healthy)));
        Assert.That(ofOwner, Is.EqualTo((HealthStatus.Unhealthy, HealthStatus.Unhealthy)));
        Assert.That(Results(await CheckAsync(owner)), Is.EqualTo((HealthStatus.Healthy, HealthStatus.Healthy)));
    }

    /// <summary>Events that the filter leaves out are no lag.</summary>
    [Test]
    public async Task Check_FilteredStream_CountsAsHandledWhatItDoesNotRead()
    {
        await StoreAsync("a", 1, 2);
        await StoreAsync("b", 1, 20);
        using TestHost host = BuildChecked(HandlerOptions(), Options(filter: $"{Name}.a"));
        await host.StartAsync();
        await Becomes(() => host.Handled.Values.Count == 2);
        await Becomes(async () => Results(await CheckAsync(host)) == (HealthStatus.Healthy, HealthStatus.Healthy));
        await StoreAsync("b", 21, 20);
        HealthReport later = await CheckAsync(host);

        Assert.That(Results(later), Is.EqualTo((HealthStatus.Healthy, HealthStatus.Healthy)));
        Assert.That(later.Entries[Check].Data["handler.lag"], Is.EqualTo(0L));
    }

    [Test]
    public async Task Check_FilterMatchesNoEvent_IsHealthyAndReady()
    {
        await StoreAsync("b", 1, 20);
        using TestHost host = BuildChecked(HandlerOptions(), Options(filter: $"{Name}.a"));
        await host.StartAsync();

        await Becomes(async () => Results(await CheckAsync(host)) == (HealthStatus.Healthy, HealthStatus.Healthy));
    }

    [Test]
    public async Task Check_CheckpointCannotBeOpened_LagsByWhatIsStoredSinceTheStart()
    {
        await StoreAsync("a", 1, 5);
        using TestHost host = BuildChecked(HandlerOptions(checkpoints: new UnreachableStore()));
        await host.StartAsync();
        HealthReport before = await CheckAsync(host);
        await StoreAsync("a", 6, 2);
        HealthReport after = await CheckAsync(host);

        Assert.That(Results(before), Is.EqualTo((HealthStatus.Healthy, HealthStatus.Unhealthy)));
        Assert.That(Results(after), Is.EqualTo((HealthStatus.Unhealthy, HealthStatus.Unhealthy)));
        Assert.That(after.Entries[Check].Description, Is.EqualTo("handler is 2 events behind, more than 1."));
    }

    [Test]
    public async Task Check_Parameters_AreThoseOfTheCheck()
    {
        var gate = new Gate();
        await StoreAsync("a", 1, 3);
        using TestHost host = Build(services => services
            .AddNatsEventHandler<Reading, ReadingHandler>("slow").AddNatsEventHandler<Reading, OtherReadingHandler>("quick")
            .AddHealthChecks()
            .AddNatsEventStream<Reading>(maxLag: 0, name: "all", failureStatus: HealthStatus.Degraded, tags: ["live"])
            .AddNatsEventStream<Reading>(maxLag: 0, handler => handler.Name != "slow", "own")
            .AddNatsEventStreamReadiness<Reading>(name: "all ready", failureStatus: HealthStatus.Degraded, tags: ["ready"])
            .AddNatsEventStreamReadiness<Reading>(handler => handler.Name != "slow", "own ready"));
        host.Handled.OnEvent = (_, token) => PassAsync(gate, token);
        await host.StartAsync();
        await gate.Reached;
        await Eventually.Ends(host.Get<HostedNatsStream<Reading>>().Handlers.Single(handler => handler.Name == "quick").Subscription!.WhenCaughtUpAsync());

        HealthReport report = await CheckAsync(host);
        gate.Open();

        Assert.That(report.Entries.ToDictionary(entry => entry.Key, entry => entry.Value.Status), Is.EquivalentTo(new Dictionary<string, HealthStatus>
        {
            ["all"] = HealthStatus.Degraded,
            ["own"] = HealthStatus.Healthy,
            ["all ready"] = HealthStatus.Degraded,
            ["own ready"] = HealthStatus.Healthy,
        }));
        Assert.That(report.Entries["all"].Tags.Concat(report.Entries["all ready"].Tags), Is.EqualTo(new[] { "live", "ready" }));
        Assert.That(report.Entries["own"].Data.Keys, Is.EquivalentTo(new[] { "quick.lag", "quick.faults" }));
    }

    private TestHost BuildChecked(NatsHandlerOptions<Reading> handler, NatsEventStreamOptions<Reading>? options = null) => TestHost.Build(services =>
        AddStream(services, options).AddNatsEventHandler<Reading, ReadingHandler>(handler)
            .AddHealthChecks().AddNatsEventStream<Reading>(maxLag: 1).AddNatsEventStreamReadiness<Reading>());

    private static Task<HealthReport> CheckAsync(TestHost host) => Eventually.Ends(host.Get<HealthCheckService>().CheckHealthAsync());

    private static (HealthStatus Health, HealthStatus Readiness) Results(HealthReport report) =>
        (report.Entries[Check].Status, report.Entries[Readiness].Status);

    /// <summary>A database that is down.</summary>
    private sealed class UnreachableStore : ICheckpointStore
    {
        public ValueTask<ICheckpoint> OpenAsync(string name, CancellationToken cancellationToken) => throw new IOException("The database is down.");
    }
}
