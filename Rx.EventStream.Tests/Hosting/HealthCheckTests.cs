using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Rx.Hosting;

namespace Rx.Tests.Hosting;

/// <summary>The health check, which turns and turns back, in manual time.</summary>
internal sealed class HealthCheckTests
{
    private static readonly TimeSpan _minute = TimeSpan.FromMinutes(1);

    [Test]
    public async Task Check_HandlerLags_TurnsAndTurnsBack()
    {
        var gate = new Gate();
        using TestHost host = await StartAsync(checks => checks.AddEventStream<int>(maxLag: 3, _minute));
        host.Handled.OnEvent = (_, _) => gate.PassAsync();
        host.Stream.OnNextRange([1, 2, 3]);
        await gate.Reached;
        HealthReportEntry before = await CheckAsync(host);

        host.Stream.OnNext(4);
        HealthReportEntry lagging = await CheckAsync(host);
        gate.Open();
        await host.Stream.WhenCaughtUpAsync();
        HealthReportEntry after = await CheckAsync(host);

        Assert.That(before.Status, Is.EqualTo(HealthStatus.Healthy));
        Assert.That(lagging.Status, Is.EqualTo(HealthStatus.Unhealthy));
        Assert.That(lagging.Description, Is.EqualTo("IntHandler is 4 events behind, more than 3."));
        Assert.That(lagging.Data, Is.EquivalentTo(new Dictionary<string, object> { ["IntHandler.lag"] = 4L, ["IntHandler.dropped"] = 0L }));
        Assert.That(after.Status, Is.EqualTo(HealthStatus.Healthy));
        Assert.That(after.Data["IntHandler.lag"], Is.Zero);
    }

    [Test]
    public async Task Check_HandlerStandsStill_TurnsAndTurnsBack()
    {
        var gate = new Gate();
        using TestHost host = await StartAsync(checks => checks.AddEventStream<int>(maxLag: 100, _minute));
        host.Handled.OnEvent = (_, _) => gate.PassAsync();

        // A handler that has nothing to do does not stand still, however long it takes.
        for (int i = 0; i < 5; i++)
        {
            host.Time.Advance(_minute);
            Assert.That((await CheckAsync(host)).Status, Is.EqualTo(HealthStatus.Healthy));
        }

        host.Stream.OnNext(1);
        await gate.Reached;
        Assert.That((await CheckAsync(host)).Status, Is.EqualTo(HealthStatus.Healthy));
        host.Time.Advance(_minute - TimeSpan.FromTicks(1));
        Assert.That((await CheckAsync(host)).Status, Is.EqualTo(HealthStatus.Healthy));
        host.Time.Advance(TimeSpan.FromTicks(1));
        HealthReportEntry standing = await CheckAsync(host);
        gate.Open();
        await host.Stream.WhenCaughtUpAsync();

        Assert.That((standing.Status, standing.Description), Is.EqualTo((HealthStatus.Unhealthy, "IntHandler has stood still for 00:01:00, with 1 events to come.")));
        Assert.That((await CheckAsync(host)).Status, Is.EqualTo(HealthStatus.Healthy));
    }

    /// <summary>Slow is not standing still: it moves.</summary>
    [Test]
    public async Task Check_SubscriberMoves_IsHealthy()
    {
        using TestHost host = await StartAsync(checks => checks.AddEventStream<int>(maxLag: 100, _minute));
        using EventReader<int> reader = host.Stream.OpenReader();
        host.Stream.OnNextRange(new int[10]);
        await host.Stream.WhenCaughtUpAsync();

        for (int i = 0; i < 10; i++)
        {
            Assert.That((await CheckAsync(host)).Status, Is.EqualTo(HealthStatus.Healthy));
            host.Time.Advance(_minute * 0.9);
            Assert.That(reader.TryRead(out _), Is.True);
        }
    }

    [Test]
    public async Task Check_HandlerHasEnded_IsUnhealthy()
    {
        using TestHost host = await StartAsync(
            checks => checks.AddEventStream<int>(maxLag: 100, _minute), new EventHandlerOptions<int> { FaultPolicy = FaultPolicy<int>.Stop });
        host.Handled.OnEvent = (_, _) => throw new NotSupportedException("no");
        host.Stream.OnNext(1);
        await host.Stream.WhenCaughtUpAsync();

        HealthReportEntry entry = await CheckAsync(host);

        Assert.That((entry.Status, entry.Description), Is.EqualTo((HealthStatus.Unhealthy, "IntHandler has ended: no")));
    }

    [Test]
    public async Task Check_SeveralClients_AreToldAsOneAndCanBeLeftOut()
    {
        using TestHost host = await StartAsync(checks => checks
            .AddEventStream<int>(maxLag: 2, _minute, name: "all", failureStatus: HealthStatus.Degraded, tags: ["ready"])
            .AddEventStream<int>(maxLag: 2, _minute, filter: subscription => subscription.Name != "client", name: "own"));
        using EventReader<int> slow = host.Stream.WithName("client").OpenReader();
        host.Stream.OnNext(1);
        using EventReader<int> other = host.Stream.WithName("client").WithLagPolicy(LagPolicy.DropOldest(2)).OpenReader();
        host.Stream.OnNextRange([2, 3, 4, 5]);
        Assert.That(other.TryRead(out _), Is.True);
        await host.Stream.WhenCaughtUpAsync();

        HealthReport report = await host.Get<HealthCheckService>().CheckHealthAsync();

        Assert.That(report.Entries["all"].Status, Is.EqualTo(HealthStatus.Degraded));
        Assert.That(report.Entries["all"].Description, Is.EqualTo("client is 5 events behind, more than 2."));
        Assert.That(report.Entries["all"].Data, Is.EquivalentTo(new Dictionary<string, object>
        {
            ["client.lag"] = 5L, ["client.dropped"] = 2L, ["IntHandler.lag"] = 0L, ["IntHandler.dropped"] = 0L,
        }));
        Assert.That(report.Entries["all"].Tags, Is.EqualTo(new[] { "ready" }));
        Assert.That(report.Entries["own"].Status, Is.EqualTo(HealthStatus.Healthy));
        Assert.That(report.Entries["own"].Data.Keys, Is.EquivalentTo(new[] { "IntHandler.lag", "IntHandler.dropped" }));
    }

    [Test]
    public async Task Check_KeyedStream_LooksAtThatOne()
    {
        using TestHost host = await TestHost.StartAsync(services => services
            .AddEventStream<int>().AddKeyedEventStream<int>("a").AddHealthChecks().AddKeyedEventStream<int>("a", maxLag: 0, _minute));
        using EventReader<int> reader = host.Get<EventStream<int>>("a").WithName("reader").OpenReader();
        using EventReader<int> other = host.Stream.OpenReader();
        host.Stream.OnNext(1);
        HealthReport before = await host.Get<HealthCheckService>().CheckHealthAsync();

        host.Get<IObserver<int>>("a").OnNext(1);
        HealthReport after = await host.Get<HealthCheckService>().CheckHealthAsync();

        Assert.That(before.Entries["a"].Status, Is.EqualTo(HealthStatus.Healthy));
        Assert.That(after.Entries["a"].Description, Is.EqualTo("reader is 1 events behind, more than 0."));
    }

    [Test]
    public void Add_ArgumentOutOfRange_Throws()
    {
        IHealthChecksBuilder checks = new ServiceCollection().AddHealthChecks();

        Assert.That(() => checks.AddEventStream<int>(-1, _minute), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => checks.AddEventStream<int>(1, TimeSpan.Zero), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => checks.AddKeyedEventStream<int>(null!, 1, _minute), Throws.ArgumentNullException);
        Assert.That(() => ((IHealthChecksBuilder)null!).AddEventStream<int>(1, _minute), Throws.ArgumentNullException);
    }

    private static Task<TestHost> StartAsync(Action<IHealthChecksBuilder> addChecks, EventHandlerOptions<int>? options = null) =>
        TestHost.StartAsync(services => addChecks(services.AddEventStream<int>().AddEventHandler<int, IntHandler>(options).AddHealthChecks()));

    private static async Task<HealthReportEntry> CheckAsync(TestHost host) =>
        (await host.Get<HealthCheckService>().CheckHealthAsync()).Entries["Int32"];
}
