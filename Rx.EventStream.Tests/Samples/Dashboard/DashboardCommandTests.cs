using System.Net;
using System.Net.Sockets;

namespace Rx.Tests.Samples.Dashboard;

[TestFixture]
internal sealed class DashboardCommandTests
{
    private const int TimeLimit = 60_000;

    [TestCase("--port must be a whole number from 0 to 65,535, not 'http'", "--port", "http")]
    [TestCase("not '65536'", "--port", "65536")]
    [TestCase("not '-1'", "--port=-1")]
    [TestCase("--port needs a value", "--port")]
    [TestCase("--most-held must be a whole number from 10,000", "--most-held", "1")]
    [TestCase("dashboard has no option '--open'", "--open", "yes")]
    [CancelAfter(TimeLimit)]
    public async Task CommandLine_Invalid_ReportedOnStandardError(string expected, params string[] args)
    {
        SampleResult result = await SampleProcess.RunAsync(TestContext.CurrentContext.CancellationToken, ["dashboard", .. args]);

        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Errors, Does.Contain(expected).And.Contain("--help"));
        Assert.That(result.Output, Is.Empty);
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Port_InUse_ReportedOnStandardError(CancellationToken ct)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        int port = ((IPEndPoint)other.LocalEndpoint).Port;

        SampleResult result = await SampleProcess.RunAsync(ct, "dashboard", "--port", $"{port}");

        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Errors, Does.Contain($"port {port} of 127.0.0.1").And.Contain("--port 0"));
        Assert.That(result.Output, Is.Empty);
    }

    [Test]
    [CancelAfter(TimeLimit)]
    [Platform(Exclude = "Win", Reason = "There is no kill -INT.")]
    public async Task Dashboard_InterruptedWhilePublisherBlocked_Ends(CancellationToken ct)
    {
        using DashboardProcess dashboard = await DashboardProcess.StartAsync(ct);
        await dashboard.DoAsync("subscribers/1/stall", new { stalled = true }, ct);
        await dashboard.WaitForAsync("a stalled publisher", f => f.Subject.StalledFor > 0, ct);
        IAsyncEnumerator<DashboardEvent> page = dashboard.FollowAsync(null, ct).GetAsyncEnumerator(ct);
        Assert.That(await page.MoveNextAsync(), Is.True);

        await dashboard.Sample.InterruptAsync(ct);
        while (await page.MoveNextAsync())
        {
            // Frames that were already sent.
        }

        SampleResult result = await dashboard.Sample.FinishAsync(ct);
        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        Assert.That(result.Errors, Is.Empty);
        Assert.That(result.Output, Does.Contain("has ended"));
    }
}
