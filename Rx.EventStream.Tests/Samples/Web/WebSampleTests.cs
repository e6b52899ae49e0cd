using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Rx.Tests.AspNetCore;

namespace Rx.Tests.Samples.Web;

/// <summary>The sample as a process.</summary>
[TestFixture]
internal sealed partial class WebSampleTests
{
    private const int TimeLimit = 60_000;
    private const int MaxLines = 150;

    [Test]
    [CancelAfter(TimeLimit)]
    [Platform(Exclude = "Win", Reason = "There is no kill -INT.")]
    public async Task Sample_EachEndpointIsUsed_AndCtrlCEndsIt(CancellationToken ct)
    {
        using SampleProcess sample = SampleProcess.Start("web", "--port", "0");
        var address = new Uri(Address().Match(await sample.WaitForAsync("http://", ct)).Value);
        await WebServiceClient.UseEveryEndpointAsync(address);
        using var http = new HttpClient { BaseAddress = address };
        await using SseClient page = await SseClient.ConnectAsync(http, "/streams/events");

        await sample.InterruptAsync(ct);

        SampleResult result = await sample.FinishAsync(ct);
        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        Assert.That(result.Errors, Is.Empty);
        Assert.That(result.Output, Does.Contain("has ended").And.Not.Contain("warn:").And.Not.Contain("fail:"));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Port_InUse_ReportedOnStandardError(CancellationToken ct)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        int port = ((IPEndPoint)other.LocalEndpoint).Port;

        SampleResult result = await SampleProcess.RunAsync(ct, "web", "--port", $"{port}");

        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Errors, Does.Contain($"port {port} of 127.0.0.1").And.Contain("--port 0"));
    }

    [TestCase("--port must be a whole number from 0 to 65,535, not 'http'", "--port", "http")]
    [TestCase("web has no option '--open'", "--open", "yes")]
    [CancelAfter(TimeLimit)]
    public async Task CommandLine_Invalid_ReportedOnStandardError(string expected, params string[] args)
    {
        SampleResult result = await SampleProcess.RunAsync(TestContext.CurrentContext.CancellationToken, ["web", .. args]);

        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Errors, Does.Contain(expected).And.Contain("--help"));
    }

    [Test]
    public void Sample_AllFiles_AreShort()
    {
        string folder = Path.Combine(Repository.Root, "Rx.EventStream.Samples", "Web");

        Assert.That(Directory.EnumerateFiles(folder).Sum(file => File.ReadLines(file).Count()), Is.LessThanOrEqualTo(MaxLines));
    }

    [GeneratedRegex(@"http://[\d.:]+")]
    private static partial Regex Address();
}
