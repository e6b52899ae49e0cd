using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Rx.Tests.Nats;
using Rx.Tests.Samples.Chatterbox;

namespace Rx.Tests.Samples.Cluster;

/// <summary>Tests the sample as its help text describes it.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class ClusterSampleTests
{
    private const int TimeLimit = 120_000;
    private const string DefaultAddresses = "127.0.0.1:50051,127.0.0.1:50052";

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Cluster_WalkthroughFromHelp_NoNumberIsMissed(CancellationToken ct)
    {
        await using (NatsServer probe = await NatsServer.StartAsync())
        {
            // Without nats-server, the test is ignored here, with a message that tells how to install it.
        }

        SampleResult help = await SampleProcess.RunAsync(ct, "cluster", "--help");
        string[] servers = [RunningServer.UnusedAddress(), RunningServer.UnusedAddress()];
        string[][] commands = [.. help.Output.Split('\n').Where(l => l.StartsWith("     dotnet run", StringComparison.Ordinal))
            .Select(l => l.Split(" -- ")[1].Replace(DefaultAddresses, string.Join(',', servers), StringComparison.Ordinal).Split(' '))];
        Assert.That(commands, Has.Length.EqualTo(2), help.Output);
        using SampleProcess cluster = SampleProcess.Start([.. commands[0], "--address", string.Join(',', servers), "--rate", "20"]);
        await cluster.WaitForAsync("Ctrl-C ends everything", ct);
        using SampleProcess client = SampleProcess.Start(commands[1]);
        await client.WaitForAsync(": 20", ct);

        await TypeAsync("1");
        await client.WaitForAsync($"The server at {servers[0]} is not reachable. Trying {servers[1]} in", ct);
        await WaitForMoreNumbersAsync();
        await TypeAsync("1");
        await cluster.WaitForAsync($"{servers[0]} | restarted", ct);
        await TypeAsync("n");
        await cluster.WaitForAsync("nats | killed", ct);
        await TypeAsync("n");
        await WaitForMoreNumbersAsync();
        await TypeAsync("2");
        await client.WaitForAsync($"The server at {servers[1]} is not reachable. Trying {servers[0]} in", ct);
        await WaitForMoreNumbersAsync();
        await TypeAsync("3");
        await cluster.WaitForAsync("Type one of 1, 2, n and Enter.", ct);
        int[] numbers = Numbers();
        client.Kill();
        await cluster.InterruptAsync(ct);
        SampleResult result = await cluster.FinishAsync(ct);

        Assert.That(numbers, Is.EqualTo(Enumerable.Range(numbers[0], numbers.Length)));
        Assert.That(result.ExitCode, Is.Zero, result.Output + result.Errors);

        async Task TypeAsync(string key)
        {
            await cluster.Input.WriteAsync($"{key}\n");
            await cluster.Input.FlushAsync(ct);
        }

        Task WaitForMoreNumbersAsync() => client.WaitForAsync($": {Numbers()[^1] + 20}", ct);

        int[] Numbers() => [.. client.Lines.Where(l => l.StartsWith("User ", StringComparison.Ordinal) && l.Contains(": ", StringComparison.Ordinal))
            .Select(l => l.Split(": ")[1]).Where(t => int.TryParse(t, out _)).Select(t => int.Parse(t, CultureInfo.InvariantCulture))];
    }

    [TestCase("--address must be 2 to 9 different addresses", "--address", "127.0.0.1:50051")]
    [TestCase("--address must be 2 to 9 different addresses", "--address", "127.0.0.1:50051,127.0.0.1:50051")]
    [TestCase("--address must name a port from 1 to 65,535, not 'localhost:0'", "--address", "127.0.0.1:50051,localhost:0")]
    [TestCase("--rate must be a whole number from 0 to 100, not '101'", "--rate", "101")]
    [TestCase("/no/such/program cannot be started", "--nats-server", "/no/such/program")]
    [CancelAfter(TimeLimit)]
    public async Task CommandLine_Invalid_ReportedOnStandardError(string expected, params string[] options)
    {
        SampleResult result = await SampleProcess.RunAsync(TestContext.CurrentContext.CancellationToken, ["cluster", .. options]);

        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Errors, Does.Contain(expected));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Start_AddressInUse_FailsAndLeavesNothingRunning(CancellationToken ct)
    {
        await using NatsServer probe = await NatsServer.StartAsync();
        using RunningServer running = await RunningServer.StartAsync(ct);

        string unused = RunningServer.UnusedAddress();

        SampleResult result = await SampleProcess.RunAsync(ct, "cluster", "--address", $"{running.Address},{unused}");

        Assert.That(result.ExitCode, Is.EqualTo(2));
        string expected = $"{running.Address} is in use by another program";
        Assert.That(result.Errors, Does.Contain(expected));
        Assert.That(result.Output, Does.Not.Contain(expected), "The error is shown once.");
        using var client = new TcpClient();
        Assert.That(async () => await client.ConnectAsync(IPEndPoint.Parse(unused), ct), Throws.TypeOf<SocketException>());
    }
}
