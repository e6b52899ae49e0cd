using System.Globalization;
using System.Net;
using System.Net.Sockets;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Rx.Samples.Chatterbox;
using Rx.Tests.Nats;
using Rx.Tests.Samples.Chatterbox;

namespace Rx.Tests.Samples.Cluster;

/// <summary>Chatterbox servers, as processes, that share a room through a log on a real server of NATS.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class SharedRoomTests
{
    private const int TimeLimit = 120_000;

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Chat_ClientsOfTwoServers_EveryoneSeesAllInOneOrder(CancellationToken ct)
    {
        const int Clients = 6;
        const int Lines = 200;
        await using NatsServer log = await NatsServer.StartAsync();
        using RunningServer first = await StartAsync(log, ct);
        using RunningServer second = await StartAsync(log, ct);
        RoomClient[] clients = await Task.WhenAll(
            Enumerable.Range(0, Clients).Select(i => RoomClient.JoinAsync(i % 2 == 0 ? first.Address : second.Address, ct)));
        try
        {
            Task<List<string>>[] hearing = [.. clients.Select(c => ReadChatsAsync(c, Clients * Lines, ct))];
            await Task.WhenAll(clients.Select(c => SayAllAsync(c, 0, Lines, ct)));
            List<string>[] heard = await Task.WhenAll(hearing);

            Assert.That(clients.Select(c => c.Name), Is.Unique);
            foreach (RoomClient client in clients)
            {
                Assert.That(
                    heard[0].Where(line => line.StartsWith($"CHAT {client.Name}:", StringComparison.Ordinal)),
                    Is.EqualTo(Enumerable.Range(0, Lines).Select(i => $"CHAT {client.Name}: {i}")));
            }

            foreach (List<string> other in heard)
            {
                Assert.That(other, Is.EqualTo(heard[0]));
            }
        }
        finally
        {
            Array.ForEach(clients, c => c.Dispose());
        }
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Join_AtTheOtherServer_ToldMembersOfBoth(CancellationToken ct)
    {
        await using NatsServer log = await NatsServer.StartAsync();
        using RunningServer first = await StartAsync(log, ct);
        using RoomClient member = await RoomClient.JoinAsync(first.Address, ct);
        using RunningServer second = await StartAsync(log, ct);
        using RoomClient newcomer = RoomClient.Chat(second.Address);
        using RoomClient monitor = RoomClient.Monitor(second.Address);

        List<Event> told = await newcomer.ReadUntilAsync(e => e.What == What.Initialized, ct);
        List<Event> watched = await monitor.ReadUntilAsync(e => e.What == What.Initialized, ct);

        string[] members = [$"JOIN {member.Name}", $"JOIN {newcomer.Name}", "INITIALIZED"];
        Assert.That(told.Select(RoomClient.Describe), Is.EqualTo(members));
        Assert.That(watched.Select(RoomClient.Describe), Does.Contain(members[0]), "The monitor may have come before the other.");
    }

    [TestCase("client")]
    [TestCase("monitor")]
    [CancelAfter(TimeLimit)]
    public async Task Visitor_ItsServerIsKilled_GoesOnAtTheOtherAndMissesNothing(string program)
    {
        const int Lines = 3000;
        CancellationToken ct = TestContext.CurrentContext.CancellationToken;
        await using NatsServer log = await NatsServer.StartAsync();
        RunningServer first = await StartAsync(log, ct);
        using RunningServer second = await StartAsync(log, ct);
        using RoomClient talker = await RoomClient.JoinAsync(second.Address, ct);
        using SampleProcess visitor = SampleProcess.Start("chatterbox", program, "--address", $"{first.Address},{second.Address}");
        await visitor.WaitForAsync("Here: ", ct);

        await SayAllAsync(talker, 0, Lines / 3, ct);
        await visitor.WaitForAsync(": 500", ct);
        Task saying = SayAllAsync(talker, Lines / 3, Lines / 3, ct);
        first.Process.Kill();
        await saying;
        await visitor.WaitForAsync($"Trying {second.Address} in", ct);
        await SayAllAsync(talker, 2 * Lines / 3, Lines / 3, ct);
        await visitor.WaitForAsync($": {Lines - 1}", ct);

        string prefix = $"{talker.Name}: ";
        Assert.That(
            visitor.Lines.Where(line => line.StartsWith(prefix, StringComparison.Ordinal)),
            Is.EqualTo(Enumerable.Range(0, Lines).Select(i => $"{prefix}{i}")));
        first.Dispose();
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Client_ItsServerIsKilledWhileItTalks_EachLineInTheRoomOnce(CancellationToken ct)
    {
        const int Lines = 4000;
        await using NatsServer log = await NatsServer.StartAsync();
        RunningServer first = await StartAsync(log, ct);
        using RunningServer second = await StartAsync(log, ct);
        using RoomClient watching = await RoomClient.JoinAsync(second.Address, ct);
        using SampleProcess client = SampleProcess.Start("chatterbox", "client", "--address", $"{first.Address},{second.Address}");
        Task writing = client.Input.WriteAsync(string.Join('\n', Enumerable.Range(0, Lines)))
            .ContinueWith(_ => client.Input.Close(), ct, TaskContinuationOptions.None, TaskScheduler.Default);
        List<Event> heard = await watching.ReadUntilAsync(e => e.Text == "500", ct);
        first.Process.Kill();

        SampleResult result = await client.FinishAsync(ct);
        await writing;
        heard.AddRange(await watching.ReadUntilAsync(e => e.Text == $"{Lines - 1}", ct));

        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        Assert.That(
            heard.Where(e => e.What == What.Chat).Select(e => e.Text),
            Is.EqualTo(Enumerable.Range(0, Lines).Select(i => i.ToString(CultureInfo.InvariantCulture))));
        first.Dispose();
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Server_Killed_WhoWasThereLeavesOnce(CancellationToken ct)
    {
        await using NatsServer log = await NatsServer.StartAsync();
        RunningServer killed = await StartAsync(log, ct);
        using RunningServer second = await StartAsync(log, ct);
        using RunningServer third = await StartAsync(log, ct);
        using RoomClient watching = await RoomClient.JoinAsync(second.Address, ct);
        using RoomClient goes = await RoomClient.JoinAsync(killed.Address, ct);
        killed.Process.Kill();
        killed.Dispose();

        List<Event> seen = await watching.ReadUntilAsync(e => e.What == What.Leave, ct);

        // The third server says so, too, or has. It does what this does:
        await using NatsConnection connection = log.Connect();
        PubAckResponse again = await new NatsJSContext(connection)
            .PublishAsync("chatterbox.events", "said again", opts: new NatsJSPubOpts { MsgId = $"{goes.Name} left" }, cancellationToken: ct);

        Assert.That(RoomClient.Describe(seen[^1]), Is.EqualTo($"LEAVE {goes.Name}: its server is gone"));
        Assert.That(again.Duplicate, Is.True, "The log takes it once.");
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Log_KilledAndStartedAgain_TheRoomGoesOn(CancellationToken ct)
    {
        await using NatsServer log = await NatsServer.StartAsync();
        using RunningServer server = await StartAsync(log, ct);
        using RoomClient member = await RoomClient.JoinAsync(server.Address, ct);
        await member.SayAsync("before", ct);
        await member.ReadUntilAsync(e => e.Text == "before", ct);
        log.Kill();
        await member.SayAsync("meanwhile", ct);
        await log.StartAgainAsync();
        await member.SayAsync("after", ct);

        List<Event> heard = await member.ReadUntilAsync(e => e.Text == "after", ct);

        Assert.That(heard.Select(e => e.Text), Is.EqualTo(new[] { "meanwhile", "after" }));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Log_CutOffForLong_ServersMembersComeBackWithoutAGap(CancellationToken ct)
    {
        await using NatsServer log = await NatsServer.StartAsync();
        await using var network = new TcpProxy(log.Port);
        using RunningServer first = await RunningServer.StartAsync(ct, "--nats", network.Url);
        using RunningServer second = await StartAsync(log, ct);
        using RoomClient watching = await RoomClient.JoinAsync(second.Address, ct);
        using SampleProcess client = SampleProcess.Start("chatterbox", "client", "--address", first.Address);
        await client.WaitForAsync("Here: ", ct);
        network.Cut();

        List<Event> seen = await watching.ReadUntilAsync(e => e.What == What.Leave, ct);
        await watching.SayAsync("meanwhile", ct);
        network.Mend();
        List<Event> back = await watching.ReadUntilAsync(e => e.What == What.Join, ct);
        await watching.SayAsync("welcome back", ct);
        await client.WaitForAsync(": welcome back", ct);

        Assert.That(seen[^1].Text, Is.EqualTo("its server is gone"));
        Assert.That(back[^1].Who, Is.Not.EqualTo(seen[^1].Who));
        Assert.That(client.Lines.Count(line => line.EndsWith(": meanwhile", StringComparison.Ordinal)), Is.EqualTo(1));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Client_ComesBackAndTheLogIsAnother_BeginsAnew(CancellationToken ct)
    {
        string address = RunningServer.UnusedAddress();
        NatsServer log = await NatsServer.StartAsync();
        RunningServer before = await RunningServer.StartAsync(address, ct, "--nats", log.Url);
        using RoomClient gone = await RoomClient.JoinAsync(address, ct);
        using SampleProcess client = SampleProcess.Start("chatterbox", "client", "--address", address);
        await client.WaitForAsync($"Here: {gone.Name}, User 2", ct);
        before.Dispose();
        await log.DisposeAsync();

        await using NatsServer other = await NatsServer.StartAsync();
        using RunningServer elsewhere = await StartAsync(other, ct);
        using RoomClient stranger = await RoomClient.JoinAsync(elsewhere.Address, ct);
        await SayAllAsync(stranger, 0, 10, ct);
        await stranger.ReadUntilAsync(e => e.Text == "9", ct);
        using RunningServer after = await RunningServer.StartAsync(address, ct, "--nats", other.Url);

        // It is told who is there in this log, and nothing of what was said in it before.
        Assert.That(await client.WaitForAsync("Here: ", ct), Is.EqualTo("Here: User 1, User 12"));
        await stranger.SayAsync("welcome", ct);
        Assert.That(await client.WaitForAsync("User 1: ", ct), Is.EqualTo("User 1: welcome"));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    [Platform(Exclude = "Win", Reason = "There is no kill -STOP.")]
    public async Task Client_ItsServerIsSilent_GoesOverToTheOther(CancellationToken ct)
    {
        await using NatsServer log = await NatsServer.StartAsync();
        using RunningServer first = await StartAsync(log, ct);
        using RunningServer second = await StartAsync(log, ct);
        using RoomClient talker = await RoomClient.JoinAsync(second.Address, ct);
        using SampleProcess client = SampleProcess.Start("chatterbox", "client", "--address", $"{first.Address},{second.Address}");
        await client.WaitForAsync("Here: ", ct);
        await first.Process.SuspendAsync(ct);
        await talker.SayAsync("meanwhile", ct);

        await client.WaitForAsync($"Trying {second.Address} in", ct);
        await client.WaitForAsync($"{talker.Name}: meanwhile", ct);
    }

    [Test]
    [CancelAfter(TimeLimit)]
    [Platform(Exclude = "Win", Reason = "There is no kill -INT.")]
    public async Task Server_InterruptedWhileItLooksForTheLog_Ends(CancellationToken ct)
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using SampleProcess server = SampleProcess.Start("chatterbox", "server", "--address", "127.0.0.1:0", "--nats", $"nats://{silent.LocalEndpoint}");
        using Socket asked = await silent.AcceptSocketAsync(ct);
        await server.InterruptAsync(ct);

        SampleResult result = await server.FinishAsync(ct);

        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        Assert.That(result.Errors, Is.Empty);
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Server_NoNatsThere_SaysSoAndFails(CancellationToken ct)
    {
        string url = $"nats://127.0.0.1:{NatsServer.FreePort()}";

        SampleResult result = await SampleProcess.RunAsync(ct, "chatterbox", "server", "--address", "127.0.0.1:0", "--nats", url);

        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Errors, Does.Contain($"There is no room in stream 'chatterbox' at {url}").And.Contain("nats-server -a 127.0.0.1 -js"));
    }

    [TestCase("no event")]
    [TestCase("{}")]
    [TestCase("null")]
    [CancelAfter(TimeLimit)]
    public async Task Log_HasWhatIsNoEvent_ServersSayWhichAndFail(string stored)
    {
        CancellationToken ct = TestContext.CurrentContext.CancellationToken;
        await using NatsServer log = await NatsServer.StartAsync();
        using RunningServer running = await StartAsync(log, ct);
        await using NatsConnection connection = log.Connect();
        await connection.PublishAsync("chatterbox.events", stored, cancellationToken: ct);

        SampleResult ended = await running.Process.FinishAsync(ct);
        SampleResult refused = await SampleProcess.RunAsync(ct, "chatterbox", "server", "--address", "127.0.0.1:0", "--nats", log.Url);

        Assert.That(ended.ExitCode, Is.EqualTo(1));
        Assert.That(ended.Errors, Does.StartWith("The room cannot go on: ").And.Contain("Event 1 of stream").And.Not.Contain("   at "));
        Assert.That(refused.ExitCode, Is.EqualTo(2));
        Assert.That(refused.Errors, Does.Contain("There is no room in stream 'chatterbox'").And.Contain("Event 1 of stream").And.Not.Contain("   at "));
    }

    private static Task<RunningServer> StartAsync(NatsServer log, CancellationToken ct) => RunningServer.StartAsync(ct, "--nats", log.Url);

    private static async Task SayAllAsync(RoomClient client, int first, int count, CancellationToken ct)
    {
        for (int i = first; i < first + count; i++)
        {
            await client.SayAsync(i.ToString(CultureInfo.InvariantCulture), ct);
        }
    }

    private static async Task<List<string>> ReadChatsAsync(RoomClient client, int count, CancellationToken ct)
    {
        List<string> chats = [];
        while (chats.Count < count)
        {
            string read = await client.ReadAsync(ct);
            if (read.StartsWith("CHAT", StringComparison.Ordinal))
            {
                chats.Add(read);
            }
        }

        return chats;
    }
}
