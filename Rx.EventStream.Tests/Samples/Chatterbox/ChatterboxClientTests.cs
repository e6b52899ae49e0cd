using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Rx.Samples.Chatterbox;
using Spectre.Console;

namespace Rx.Tests.Samples.Chatterbox;

/// <summary>Tests the sample's client and monitor as processes with redirected input and output.</summary>
[TestFixture]
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
    public async Task Client_CommandsInScript_ExecutedNotSent(CancellationToken ct)
    {
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient watching = await RoomClient.JoinAsync(server.Address, ct);
        using SampleProcess client = SampleProcess.Start("chatterbox", "client", "--address", server.Address);
        await client.WaitForAsync("Here: User 1, User 2", ct);
        using RoomClient third = await RoomClient.JoinAsync(server.Address, ct);
        await client.WaitForAsync("User 3 joined", ct);
        await client.Input.WriteAsync("hello\n/who \n/whom is it\n /quit\nnot any more\n");
        await client.Input.FlushAsync(ct);

        SampleResult result = await client.FinishAsync(ct);
        List<Event> seen = await watching.ReadUntilAsync(e => e.What == What.Leave, ct);

        Assert.That(result.ExitCode, Is.Zero, result.Output + result.Errors);
        Assert.That(result.Output, Does.Contain("Here: User 1, User 2, User 3").And.Contain("User 2: hello"));
        Assert.That(result.Output, Does.Contain("There is no command /whom. Type /who to list the members, /quit to leave."));
        Assert.That(
            seen.Select(RoomClient.Describe),
            Is.EqualTo(new[] { "JOIN User 2", "JOIN User 3", "CHAT User 2: hello", "LEAVE User 2" }));
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
    public async Task Program_ServerRestarted_ReconnectsWithGrowingDelays(string program)
    {
        CancellationToken ct = TestContext.CurrentContext.CancellationToken;
        RunningServer first = await RunningServer.StartAsync(RunningServer.UnusedAddress(), ct);
        using SampleProcess process = SampleProcess.Start("chatterbox", program, "--address", first.Address);
        await process.WaitForAsync(program == "client" ? "Here: User 1" : "The room is empty", ct);
        first.Dispose();

        // Each delay is longer than the one before.
        string message = $"The server at {first.Address} is not reachable. Trying again in ";
        double[] delays = [await ReadDelayAsync(), await ReadDelayAsync(), await ReadDelayAsync()];
        using RunningServer second = await RunningServer.StartAsync(first.Address, ct);
        await process.WaitForAsync(program == "client" ? "You are User 1" : "The room is empty", ct);
        using RoomClient other = await RoomClient.JoinAsync(second.Address, ct);
        await other.SayAsync("welcome back", ct);
        await process.WaitForAsync(": welcome back", ct);

        Assert.That(delays, Is.Ordered.Ascending.And.Unique);

        async Task<double> ReadDelayAsync()
        {
            string line = await process.WaitForAsync(message, ct);
            return double.Parse(line[message.Length..^" s.".Length], CultureInfo.InvariantCulture);
        }
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Client_LinesWhileServerIsDown_SentAfterReconnect(CancellationToken ct)
    {
        RunningServer first = await RunningServer.StartAsync(RunningServer.UnusedAddress(), ct);
        using SampleProcess client = SampleProcess.Start("chatterbox", "client", "--address", first.Address);
        await client.WaitForAsync("Here: User 1", ct);
        first.Dispose();
        await client.WaitForAsync("is not reachable", ct);
        await client.Input.WriteAsync("/who\nkept\nfor later");
        client.Input.Close();
        await client.WaitForAsync("You are not connected to the room.", ct);
        using RunningServer second = await RunningServer.StartAsync(first.Address, ct);

        SampleResult result = await client.FinishAsync(ct);

        Assert.That(result.ExitCode, Is.Zero, result.Output + result.Errors);
        Assert.That(result.Output, Does.EndWith("You are User 1\nHere: User 1\nUser 1: kept\nUser 1: for later"));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    [Platform(Exclude = "Win", Reason = "There is no kill -STOP.")]
    public async Task Client_SuspendedAndCutOff_ReportsMissedCountAndReconnects(CancellationToken ct)
    {
        using RunningServer server = await RunningServer.StartAsync(ct, "--lag", "100");
        using RoomClient other = await RoomClient.JoinAsync(server.Address, ct);
        using SampleProcess client = SampleProcess.Start("chatterbox", "client", "--address", server.Address);
        await client.WaitForAsync("Here: User 1, User 2", ct);
        await client.SuspendAsync(ct);
        await SendUntilAsync(other, e => e.What == What.Leave, ct);
        await client.ResumeAsync(ct);

        string message = await client.WaitForAsync("The server cut you off", ct);
        await client.WaitForAsync("You are User 3", ct);

        Assert.That(message, Does.Match(@"You were [\d,]+ events behind, which is more than the room allows\. Trying again in [\d.]+ s\."));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Client_LineRejectedByServer_CountedAsLost(CancellationToken ct)
    {
        using RunningServer server = await RunningServer.StartAsync(ct);
        using SampleProcess client = SampleProcess.Start("chatterbox", "client", "--address", server.Address);
        await client.Input.WriteAsync($"short\n{new string('a', 100_000)}\n");
        await client.Input.FlushAsync(ct);
        await client.WaitForAsync("1 line may not have reached the room.", ct);
        await client.WaitForAsync("The server rejected the call", ct);
        await client.Input.WriteAsync("short again\n");
        client.Input.Close();

        SampleResult result = await client.FinishAsync(ct);

        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(result.Errors, Is.EqualTo("1 line may not have reached the room.\n"));
        Assert.That(result.Output, Does.Contain("User 1: short\n").And.EndsWith("User 2: short again"));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    [Platform("Linux", Reason = "The test needs script(1) to create a terminal.")]
    public async Task Client_AtTerminal_EditsLineBelowOtherLines(CancellationToken ct)
    {
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient other = await RoomClient.JoinAsync(server.Address, ct);
        using SampleProcess client = SampleProcess.StartAtTerminal("chatterbox", "client", "--address", server.Address);
        await client.WaitForAsync("You are User 2. Here: User 1, User 2.", ct);
        await client.WaitForAsync("Type /who to list the members, /quit to leave.", ct);
        await client.Input.WriteAsync("hellx");
        await client.Input.FlushAsync(ct);
        await other.SayAsync("[b]in between[/b]", ct);

        // The other client's line replaces the line that is being typed, which is drawn again below it.
        await client.WaitForAsync("\e[KUser 1: [b]in between[/b]", ct);
        await client.Input.WriteAsync("\x7fo\e[D\e[D\e[D\e[DX\r");
        await client.Input.FlushAsync(ct);
        List<Event> received = await other.ReadUntilAsync(e => e is { What: What.Chat, Who: "User 2" }, ct);
        await client.Input.WriteAsync("/quit\r");
        await client.Input.FlushAsync(ct);
        SampleResult result = await client.FinishAsync(ct);

        Assert.That(received[^1].Text, Is.EqualTo("hXello"));
        Assert.That(result.ExitCode, Is.Zero, result.Output);
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

    [Test]
    [CancelAfter(TimeLimit)]
    [Platform("Linux", Reason = "The test needs script(1) to create a terminal.")]
    public async Task Client_QuitWhileServerIsDown_LeavesAndReportsLostLines(CancellationToken ct)
    {
        RunningServer server = await RunningServer.StartAsync(RunningServer.UnusedAddress(), ct);
        using SampleProcess client = SampleProcess.StartAtTerminal("chatterbox", "client", "--address", server.Address);
        await client.WaitForAsync("You are User 1", ct);
        server.Dispose();
        await client.WaitForAsync("is not reachable", ct);
        await client.Input.WriteAsync("never sent\r/quit\r");
        await client.Input.FlushAsync(ct);

        SampleResult result = await client.FinishAsync(ct);

        Assert.That(result.ExitCode, Is.EqualTo(1), result.Output);
        Assert.That(result.Output, Does.Contain("\e[K1 line may not have reached the room."), "The message replaces the prompt.");
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Client_WideCharactersTyped_FitIntoLine(CancellationToken ct)
    {
        const int Columns = 40;
        using RunningServer server = await RunningServer.StartAsync(ct);
        using SampleTerminal terminal = SampleTerminal.Start(Columns, 10, "chatterbox", "client", "--address", server.Address);
        await terminal.WaitForAsync("Type /who", 1, ct);
        string text = string.Concat(Enumerable.Repeat("漢字かな", 10));
        await terminal.TypeAsync(text, ct);
        await terminal.WaitForAsync(text[^18..], 1, ct);
        string[] drawn = [.. Regex.Matches(terminal.Raw, @"\r\e\[K> ([^\r\e]*)").Select(m => m.Groups[1].Value)];

        Assert.That(drawn.Max(line => line.GetCellWidth()), Is.InRange(30, Columns - "> ".Length - 1));
        await terminal.TypeAsync(string.Concat(Enumerable.Repeat("\x7f", text.Length)), ct);
        await terminal.TypeAsync("漢字\e[D", ct);
        await terminal.WaitForAsync("> 漢字\e[2D", 1, ct);
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

    /// <summary>Sends lines until an event of the given kind comes back. One client of the room does not read.</summary>
    private static async Task SendUntilAsync(RoomClient other, Predicate<Event> isLast, CancellationToken ct)
    {
        string line = new('.', 10_000);
        bool isDone = false;
        while (!isDone)
        {
            await other.SayAsync(line, ct);
            List<Event> received = await other.ReadUntilAsync(e => e.Text == line || isLast(e), ct);
            isDone = received.Exists(isLast);
        }
    }
}
