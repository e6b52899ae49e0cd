using System.Net;
using System.Net.Sockets;
using Rx.Samples.Chatterbox;

namespace Rx.Tests.Samples.Chatterbox;

/// <summary>Tests the sample's client and monitor as processes with redirected input and output.</summary>
[TestFixture]
[Category("Slow")]
[Parallelizable(ParallelScope.All)]
internal sealed class ChatterboxClientTests
{
    private const int TimeLimit = 120_000;

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Client_LinesOnStandardInput_SendsEachLineAndLeaves(CancellationToken ct)
    {
        string[] script = [.. Enumerable.Range(0, 500).Select(i => $"line {i}")];
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient watching = await RoomClient.JoinAsync(server.Address, ct);
        using SampleProcess client = SampleProcess.Start("chatterbox", "client", "--address", server.Address);
        await client.Input.WriteAsync(string.Join('\n', script));
        client.Input.Close();

        SampleResult result = await client.FinishAsync(ct);
        List<Event> seen = await watching.ReadUntilAsync(e => e.What == What.Leave, ct);

        Assert.That(result.ExitCode, Is.Zero, result.Output + result.Errors);
        Assert.That(result.Errors, Is.Empty);
        Assert.That(
            result.Output.Split('\n'),
            Is.EqualTo(new[] { "You are User 2", "Here: User 1, User 2" }.Concat(script.Select(l => $"User 2: {l}"))));
        Assert.That(
            seen.Select(RoomClient.Describe),
            Is.EqualTo(script.Select(l => $"CHAT User 2: {l}").Prepend("JOIN User 2").Append("LEAVE User 2")));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Client_TextWithControlCharacters_ShowsSpaces(CancellationToken ct)
    {
        using RunningServer server = await RunningServer.StartAsync(ct);
        using SampleProcess client = SampleProcess.Start("chatterbox", "client", "--address", server.Address);
        await client.WaitForAsync("Here: User 1", ct);
        using RoomClient other = await RoomClient.JoinAsync(server.Address, ct);
        await other.SayAsync("a\e[2Jb\nc", ct);

        Assert.That(await client.WaitForAsync("User 2: ", ct), Is.EqualTo("User 2: a [2Jb c"));
    }

    [TestCase("client")]
    [TestCase("monitor")]
    [CancelAfter(TimeLimit)]
    [Platform("Linux", Reason = "The test needs script(1) to create a terminal.")]
    public async Task Program_ControlCAtTerminal_Ends(string program)
    {
        CancellationToken ct = TestContext.CurrentContext.CancellationToken;
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient other = await RoomClient.JoinAsync(server.Address, ct);
        using SampleProcess process = SampleProcess.StartAtTerminal("chatterbox", program, "--address", server.Address);
        await process.WaitForAsync("User 1", ct);
        await process.Input.WriteAsync('\x3');
        await process.Input.FlushAsync(ct);

        SampleResult result = await process.FinishAsync(ct);

        Assert.That(result.ExitCode, Is.Zero, result.Output);
    }

    [TestCase("client")]
    [TestCase("monitor")]
    [CancelAfter(TimeLimit)]
    public async Task Program_NoServer_FailsWithMessage(string program)
    {
        CancellationToken ct = TestContext.CurrentContext.CancellationToken;
        string address = RunningServer.UnusedAddress();
        using SampleProcess process = SampleProcess.Start("chatterbox", program, "--address", address);
        process.Input.Close();

        SampleResult result = await process.FinishAsync(ct);

        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(result.Errors, Does.Contain($"There is no room at {address}")
            .And.Contain($"dotnet run --project Rx.EventStream.Samples -- chatterbox server --address {address}"));
        Assert.That(result.Output, Is.Empty);
    }

    [TestCase("client")]
    [TestCase("monitor")]
    [CancelAfter(TimeLimit)]
    public async Task Program_PortNeverAnswers_FailsWithMessage(string program)
    {
        CancellationToken ct = TestContext.CurrentContext.CancellationToken;
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();

        SampleResult result = await SampleProcess.RunAsync(ct, "chatterbox", program, "--address", $"{silent.LocalEndpoint}");

        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(result.Errors, Does.Contain($"There is no room at {silent.LocalEndpoint}: the program at that port does not answer."));
    }

    [TestCase("client")]
    [TestCase("monitor")]
    [CancelAfter(TimeLimit)]
    public async Task Program_PortZero_ReportedOnStandardError(string program)
    {
        SampleResult result = await SampleProcess.RunAsync(
            TestContext.CurrentContext.CancellationToken, "chatterbox", program, "--address", "localhost:0");

        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Errors, Does.Contain("--address must name a port from 1 to 65,535, not 'localhost:0'"));
    }

    [TestCase("client")]
    [TestCase("monitor")]
    [CancelAfter(TimeLimit)]
    [Platform(Exclude = "Win", Reason = "There is no kill -INT.")]
    public async Task Program_Interrupted_Ends(string program)
    {
        CancellationToken ct = TestContext.CurrentContext.CancellationToken;
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient other = await RoomClient.JoinAsync(server.Address, ct);
        using SampleProcess process = SampleProcess.Start("chatterbox", program, "--address", server.Address);
        await process.WaitForAsync("Here: User 1", ct);
        await process.InterruptAsync(ct);

        SampleResult result = await process.FinishAsync(ct);

        Assert.That(result.ExitCode, Is.Zero, result.Output + result.Errors);
        Assert.That(result.Errors, Is.Empty);
        if (program == "client")
        {
            List<Event> seen = await other.ReadUntilAsync(e => e.What == What.Leave, ct);
            Assert.That(seen.Select(RoomClient.Describe), Is.EqualTo(new[] { "JOIN User 2", "LEAVE User 2" }));
        }
    }

    [Test]
    [CancelAfter(TimeLimit)]
    [Platform(Exclude = "Win", Reason = "There is no kill -INT.")]
    public async Task Monitor_OutputRedirected_WritesPlainLines(CancellationToken ct)
    {
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient member = await RoomClient.JoinAsync(server.Address, ct);
        using SampleProcess monitor = SampleProcess.Start("chatterbox", "monitor", "--address", server.Address);
        await monitor.WaitForAsync("Here: User 1", ct);
        using (RoomClient second = await RoomClient.JoinAsync(server.Address, ct))
        {
            await second.SayAsync("hello", ct);
            await second.ReadAsync(ct);
        }

        await monitor.WaitForAsync("left", ct);
        await monitor.InterruptAsync(ct);
        SampleResult result = await monitor.FinishAsync(ct);

        Assert.That(result.Output, Is.EqualTo("Here: User 1\nUser 2 joined\nUser 2: hello\nUser 2 left"));
    }
}
