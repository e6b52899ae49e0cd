using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Rx.Samples.Chatterbox;
using Spectre.Console;

namespace Rx.Tests.Samples.Chatterbox;

/// <summary>The sample's own client and monitor, as programs with redirected input and output.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class ChatterboxClientTests
{
    private const int TimeLimit = 120_000;

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Client_ScriptedByStandardInput_SaysEachLineAndLeaves(CancellationToken ct)
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
    public async Task Client_CommandsInItsScript_FollowedNotSaid(CancellationToken ct)
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
        Assert.That(result.Output, Does.Contain("There is no command /whom: /who tells who is there, /quit leaves."));
        Assert.That(
            seen.Select(RoomClient.Describe),
            Is.EqualTo(new[] { "JOIN User 2", "JOIN User 3", "CHAT User 2: hello", "LEAVE User 2" }));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Client_TextWithControlCharacters_ShownWithoutThem(CancellationToken ct)
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
    public async Task Visitor_ServerGoesAndComesBack_SaysSoTriesAgainAndGoesOn(string program)
    {
        CancellationToken ct = TestContext.CurrentContext.CancellationToken;
        RunningServer first = await RunningServer.StartAsync(RunningServer.UnusedAddress(), ct);
        using SampleProcess visitor = SampleProcess.Start("chatterbox", program, "--address", first.Address);
        await visitor.WaitForAsync(program == "client" ? "Here: User 1" : "Nobody is here", ct);
        first.Dispose();

        // Each pause is longer than the one before.
        string gone = $"The server at {first.Address} is gone. Trying again in ";
        double[] pauses = [await ReadPauseAsync(), await ReadPauseAsync(), await ReadPauseAsync()];
        using RunningServer second = await RunningServer.StartAsync(first.Address, ct);
        await visitor.WaitForAsync(program == "client" ? "You are User 1" : "Nobody is here", ct);
        using RoomClient other = await RoomClient.JoinAsync(second.Address, ct);
        await other.SayAsync("welcome back", ct);
        await visitor.WaitForAsync(": welcome back", ct);

        Assert.That(pauses, Is.Ordered.Ascending.And.Unique);

        async Task<double> ReadPauseAsync()
        {
            string line = await visitor.WaitForAsync(gone, ct);
            return double.Parse(line[gone.Length..^" s.".Length], CultureInfo.InvariantCulture);
        }
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Client_LinesWhileTheServerIsAway_SaidWhenItIsBack(CancellationToken ct)
    {
        RunningServer first = await RunningServer.StartAsync(RunningServer.UnusedAddress(), ct);
        using SampleProcess client = SampleProcess.Start("chatterbox", "client", "--address", first.Address);
        await client.WaitForAsync("Here: User 1", ct);
        first.Dispose();
        await client.WaitForAsync("is gone", ct);
        await client.Input.WriteAsync("/who\nkept\nfor later");
        client.Input.Close();
        await client.WaitForAsync("You are not in the room now.", ct);
        using RunningServer second = await RunningServer.StartAsync(first.Address, ct);

        SampleResult result = await client.FinishAsync(ct);

        Assert.That(result.ExitCode, Is.Zero, result.Output + result.Errors);
        Assert.That(result.Output, Does.EndWith("You are User 1\nHere: User 1\nUser 1: kept\nUser 1: for later"));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    [Platform(Exclude = "Win", Reason = "There is no kill -STOP.")]
    public async Task Client_StoppedWhileTheRoomGoesOn_ToldHowMuchItMissedAndComesBack(CancellationToken ct)
    {
        using RunningServer server = await RunningServer.StartAsync(ct, "--lag", "100");
        using RoomClient talker = await RoomClient.JoinAsync(server.Address, ct);
        using SampleProcess client = SampleProcess.Start("chatterbox", "client", "--address", server.Address);
        await client.WaitForAsync("Here: User 1, User 2", ct);
        await client.SuspendAsync(ct);
        await SayUntilAsync(talker, e => e.What == What.Leave, ct);
        await client.ResumeAsync(ct);

        string told = await client.WaitForAsync("The server cut you off", ct);
        await client.WaitForAsync("You are User 3", ct);

        Assert.That(told, Does.Match(@"You were [\d,]+ events behind, which is more than the room allows\. Trying again in [\d.]+ s\."));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Client_ALineThatTheServerRefuses_CountedAsLost(CancellationToken ct)
    {
        using RunningServer server = await RunningServer.StartAsync(ct);
        using SampleProcess client = SampleProcess.Start("chatterbox", "client", "--address", server.Address);
        await client.Input.WriteAsync($"short\n{new string('a', 100_000)}\n");
        await client.Input.FlushAsync(ct);
        await client.WaitForAsync("1 line may not have reached the room.", ct);
        await client.WaitForAsync("The server refused", ct);
        await client.Input.WriteAsync("short again\n");
        client.Input.Close();

        SampleResult result = await client.FinishAsync(ct);

        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(result.Errors, Is.EqualTo("1 line may not have reached the room.\n"));
        Assert.That(result.Output, Does.Contain("User 1: short\n").And.EndsWith("User 2: short again"));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    [Platform("Linux", Reason = "It takes a terminal, which script(1) makes.")]
    public async Task Client_AtATerminal_LineIsEditedAndOthersShowAboveIt(CancellationToken ct)
    {
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient other = await RoomClient.JoinAsync(server.Address, ct);
        using SampleProcess client = SampleProcess.StartAtTerminal("chatterbox", "client", "--address", server.Address);
        await client.WaitForAsync("You are User 2. Here: User 1, User 2.", ct);
        await client.WaitForAsync("/who tells who is there, /quit leaves.", ct);
        await client.Input.WriteAsync("hellx");
        await client.Input.FlushAsync(ct);
        await other.SayAsync("[b]in between[/b]", ct);

        // The other's line takes the place of the one being typed, which is drawn again below.
        await client.WaitForAsync("\e[KUser 1: [b]in between[/b]", ct);
        await client.Input.WriteAsync("\x7fo\e[D\e[D\e[D\e[DX\r");
        await client.Input.FlushAsync(ct);
        List<Event> heard = await other.ReadUntilAsync(e => e is { What: What.Chat, Who: "User 2" }, ct);
        await client.Input.WriteAsync("/quit\r");
        await client.Input.FlushAsync(ct);
        SampleResult result = await client.FinishAsync(ct);

        Assert.That(heard[^1].Text, Is.EqualTo("hXello"));
        Assert.That(result.ExitCode, Is.Zero, result.Output);
    }

    [TestCase("client")]
    [TestCase("monitor")]
    [CancelAfter(TimeLimit)]
    [Platform("Linux", Reason = "It takes a terminal, which script(1) makes.")]
    public async Task Visitor_ControlCAtATerminal_Ends(string program)
    {
        CancellationToken ct = TestContext.CurrentContext.CancellationToken;
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient other = await RoomClient.JoinAsync(server.Address, ct);
        using SampleProcess visitor = SampleProcess.StartAtTerminal("chatterbox", program, "--address", server.Address);
        await visitor.WaitForAsync("User 1", ct);
        await visitor.Input.WriteAsync('\x3');
        await visitor.Input.FlushAsync(ct);

        SampleResult result = await visitor.FinishAsync(ct);

        Assert.That(result.ExitCode, Is.Zero, result.Output);
    }

    [TestCase("client")]
    [TestCase("monitor")]
    [CancelAfter(TimeLimit)]
    public async Task Visitor_NoServerThere_SaysSoAndFails(string program)
    {
        CancellationToken ct = TestContext.CurrentContext.CancellationToken;
        string address = RunningServer.UnusedAddress();
        using SampleProcess visitor = SampleProcess.Start("chatterbox", program, "--address", address);
        visitor.Input.Close();

        SampleResult result = await visitor.FinishAsync(ct);

        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(result.Errors, Does.Contain($"There is no room at {address}")
            .And.Contain($"dotnet run --project Rx.EventStream.Samples -- chatterbox server --address {address}"));
        Assert.That(result.Output, Is.Empty);
    }

    [TestCase("client")]
    [TestCase("monitor")]
    [CancelAfter(TimeLimit)]
    public async Task Visitor_PortThatNeverAnswers_SaysSoAndFails(string program)
    {
        CancellationToken ct = TestContext.CurrentContext.CancellationToken;
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();

        SampleResult result = await SampleProcess.RunAsync(ct, "chatterbox", program, "--address", $"{silent.LocalEndpoint}");

        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(result.Errors, Does.Contain($"There is no room at {silent.LocalEndpoint}: what listens there does not answer."));
    }

    [TestCase("client")]
    [TestCase("monitor")]
    [CancelAfter(TimeLimit)]
    public async Task Visitor_PortZero_NamedOnStandardError(string program)
    {
        SampleResult result = await SampleProcess.RunAsync(
            TestContext.CurrentContext.CancellationToken, "chatterbox", program, "--address", "localhost:0");

        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Errors, Does.Contain("--address must name a port from 1 to 65,535, not 'localhost:0'"));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    [Platform("Linux", Reason = "It takes a terminal, which script(1) makes.")]
    public async Task Client_QuitTypedWhileTheServerIsAway_LeavesAndSaysWhatIsLost(CancellationToken ct)
    {
        RunningServer server = await RunningServer.StartAsync(RunningServer.UnusedAddress(), ct);
        using SampleProcess client = SampleProcess.StartAtTerminal("chatterbox", "client", "--address", server.Address);
        await client.WaitForAsync("You are User 1", ct);
        server.Dispose();
        await client.WaitForAsync("is gone", ct);
        await client.Input.WriteAsync("nobody hears this\r/quit\r");
        await client.Input.FlushAsync(ct);

        SampleResult result = await client.FinishAsync(ct);

        Assert.That(result.ExitCode, Is.EqualTo(1), result.Output);
        Assert.That(result.Output, Does.Contain("\e[K1 line may not have reached the room."), "in place of the prompt");
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Client_WideCharactersTyped_FitIntoTheLine(CancellationToken ct)
    {
        const int Columns = 40;
        using RunningServer server = await RunningServer.StartAsync(ct);
        using SampleTerminal terminal = SampleTerminal.Start(Columns, 10, "chatterbox", "client", "--address", server.Address);
        await terminal.WaitForAsync("/quit leaves", 1, ct);
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
    public async Task Visitor_Interrupted_Ends(string program)
    {
        CancellationToken ct = TestContext.CurrentContext.CancellationToken;
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient other = await RoomClient.JoinAsync(server.Address, ct);
        using SampleProcess visitor = SampleProcess.Start("chatterbox", program, "--address", server.Address);
        await visitor.WaitForAsync("Here: User 1", ct);
        await visitor.InterruptAsync(ct);

        SampleResult result = await visitor.FinishAsync(ct);

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
    public async Task Monitor_OutputRedirected_PlainLinesOfWhatHappens(CancellationToken ct)
    {
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient member = await RoomClient.JoinAsync(server.Address, ct);
        using SampleProcess monitor = SampleProcess.Start("chatterbox", "monitor", "--address", server.Address);
        await monitor.WaitForAsync("Here: User 1", ct);
        using (RoomClient guest = await RoomClient.JoinAsync(server.Address, ct))
        {
            await guest.SayAsync("hello", ct);
            await guest.ReadAsync(ct);
        }

        await monitor.WaitForAsync("left", ct);
        await monitor.InterruptAsync(ct);
        SampleResult result = await monitor.FinishAsync(ct);

        Assert.That(result.Output, Is.EqualTo("Here: User 1\nUser 2 joined\nUser 2: hello\nUser 2 left"));
    }

    /// <summary>Talks to a room in which somebody does not listen, until something happens.</summary>
    private static async Task SayUntilAsync(RoomClient talker, Predicate<Event> happened, CancellationToken ct)
    {
        string line = new('.', 10_000);
        bool hasHappened = false;
        while (!hasHappened)
        {
            await talker.SayAsync(line, ct);
            List<Event> heard = await talker.ReadUntilAsync(e => e.Text == line || happened(e), ct);
            hasHappened = heard.Exists(happened);
        }
    }
}
