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

/// <summary>Tests chatterbox servers, as processes, that share a room through a log on a NATS server.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class SharedRoomTests
{
    private const int TimeLimit = 120_000;

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Chat_ClientsOfTwoServers_AllReceiveAllEventsInOneOrder(CancellationToken ct)
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
            Task<List<string>>[] reading = [.. clients.Select(c => ReadChatsAsync(c, Clients * Lines, ct))];
            await Task.WhenAll(clients.Select(c => SayAllAsync(c, 0, Lines, ct)));
            List<string>[] received = await Task.WhenAll(reading);

            Assert.That(clients.Select(c => c.Name), Is.Unique);
            foreach (RoomClient client in clients)
            {
                Assert.That(
                    received[0].Where(line => line.StartsWith($"CHAT {client.Name}:", StringComparison.Ordinal)),
                    Is.EqualTo(Enumerable.Range(0, Lines).Select(i => $"CHAT {client.Name}: {i}")));
            }

            foreach (List<string> other in received)
            {
                Assert.That(other, Is.EqualTo(received[0]));
            }
        }
        finally
        {
            Array.ForEach(clients, c => c.Dispose());
        }
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Join_AtSecondServer_ReceivesMembersOfBoth(CancellationToken ct)
    {
        await using NatsServer log = await NatsServer.StartAsync();
        using RunningServer first = await StartAsync(log, ct);
        using RoomClient member = await RoomClient.JoinAsync(first.Address, ct);
        using RunningServer second = await StartAsync(log, ct);
        using RoomClient client = RoomClient.Chat(second.Address);
        using RoomClient monitor = RoomClient.Monitor(second.Address);

        List<Event> received = await client.ReadUntilAsync(e => e.What == What.Initialized, ct);
        List<Event> watched = await monitor.ReadUntilAsync(e => e.What == What.Initialized, ct);

        string[] members = [$"JOIN {member.Name}", $"JOIN {client.Name}", "INITIALIZED"];
        Assert.That(received.Select(RoomClient.Describe), Is.EqualTo(members));
        Assert.That(watched.Select(RoomClient.Describe), Does.Contain(members[0]), "The monitor may have connected before the second client joined.");
    }

    [TestCase("client")]
    [TestCase("monitor")]
    [CancelAfter(TimeLimit)]
    public async Task Program_ServerKilled_ResumesAtOtherAndMissesNothing(string program)
    {
        const int Lines = 3000;
        CancellationToken ct = TestContext.CurrentContext.CancellationToken;
        await using NatsServer log = await NatsServer.StartAsync();
        RunningServer first = await StartAsync(log, ct);
        using RunningServer second = await StartAsync(log, ct);
        using RoomClient sender = await RoomClient.JoinAsync(second.Address, ct);
        using SampleProcess process = SampleProcess.Start("chatterbox", program, "--address", $"{first.Address},{second.Address}");
        await process.WaitForAsync("Here: ", ct);

        await SayAllAsync(sender, 0, Lines / 3, ct);
        await process.WaitForAsync(": 500", ct);
        Task sending = SayAllAsync(sender, Lines / 3, Lines / 3, ct);
        first.Process.Kill();
        await sending;
        await process.WaitForAsync($"Trying {second.Address} in", ct);
        await SayAllAsync(sender, 2 * Lines / 3, Lines / 3, ct);
        await process.WaitForAsync($": {Lines - 1}", ct);

        string prefix = $"{sender.Name}: ";
        Assert.That(
            process.Lines.Where(line => line.StartsWith(prefix, StringComparison.Ordinal)),
            Is.EqualTo(Enumerable.Range(0, Lines).Select(i => $"{prefix}{i}")));
        first.Dispose();
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Client_ServerKilledWhileSending_EachLineArrivesOnce(CancellationToken ct)
    {
        const int Lines = 4000;
        await using NatsServer log = await NatsServer.StartAsync();
        RunningServer first = await StartAsync(log, ct);
        using RunningServer second = await StartAsync(log, ct);
        using RoomClient watching = await RoomClient.JoinAsync(second.Address, ct);
        using SampleProcess client = SampleProcess.Start("chatterbox", "client", "--address", $"{first.Address},{second.Address}");
        Task writing = client.Input.WriteAsync(string.Join('\n', Enumerable.Range(0, Lines)))
            .ContinueWith(_ => client.Input.Close(), ct, TaskContinuationOptions.None, TaskScheduler.Default);
        List<Event> received = await watching.ReadUntilAsync(e => e.Text == "500", ct);
        first.Process.Kill();

        SampleResult result = await client.FinishAsync(ct);
        await writing;
        received.AddRange(await watching.ReadUntilAsync(e => e.Text == $"{Lines - 1}", ct));

        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        Assert.That(
            received.Where(e => e.What == What.Chat).Select(e => e.Text),
            Is.EqualTo(Enumerable.Range(0, Lines).Select(i => i.ToString(CultureInfo.InvariantCulture))));
        first.Dispose();
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Server_Killed_ItsMembersLeaveOnce(CancellationToken ct)
    {
        await using NatsServer log = await NatsServer.StartAsync();
        RunningServer killed = await StartAsync(log, ct);
        using RunningServer second = await StartAsync(log, ct);
        using RunningServer third = await StartAsync(log, ct);
        using RoomClient watching = await RoomClient.JoinAsync(second.Address, ct);
        using RoomClient leaving = await RoomClient.JoinAsync(killed.Address, ct);
        killed.Process.Kill();
        killed.Dispose();

        List<Event> seen = await watching.ReadUntilAsync(e => e.What == What.Leave, ct);

        // The third server publishes the same leave event, before or after. This publishes it once more:
        await using NatsConnection connection = log.Connect();
        PubAckResponse again = await new NatsJSContext(connection)
            .PublishAsync("chatterbox.events", "again", opts: new NatsJSPubOpts { MsgId = $"{leaving.Name} left" }, cancellationToken: ct);

        Assert.That(RoomClient.Describe(seen[^1]), Is.EqualTo($"LEAVE {leaving.Name}: its server is gone"));
        Assert.That(again.Duplicate, Is.True, "The log stores it once.");
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Log_KilledAndRestarted_RoomContinues(CancellationToken ct)
    {
        await using NatsServer log = await NatsServer.StartAsync();
        using RunningServer server = await StartAsync(log, ct);
        using RoomClient member = await RoomClient.JoinAsync(server.Address, ct);
        await member.SayAsync("before", ct);
        await member.ReadUntilAsync(e => e.Text == "before", ct);
        log.Kill();
        await member.SayAsync("during", ct);
        await log.StartAgainAsync();
        await member.SayAsync("after", ct);

        List<Event> received = await member.ReadUntilAsync(e => e.Text == "after", ct);

        Assert.That(received.Select(e => e.Text), Is.EqualTo(new[] { "during", "after" }));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Log_LongDisconnect_MembersRejoinWithoutGap(CancellationToken ct)
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
        await watching.SayAsync("during", ct);
        network.Mend();
        List<Event> back = await watching.ReadUntilAsync(e => e.What == What.Join, ct);
        await watching.SayAsync("welcome back", ct);
        await client.WaitForAsync(": welcome back", ct);

        Assert.That(seen[^1].Text, Is.EqualTo("its server is gone"));
        Assert.That(back[^1].Who, Is.Not.EqualTo(seen[^1].Who));
        Assert.That(client.Lines.Count(line => line.EndsWith(": during", StringComparison.Ordinal)), Is.EqualTo(1));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Client_ReconnectsToDifferentLog_StartsAgain(CancellationToken ct)
    {
        string address = RunningServer.UnusedAddress();
        NatsServer log = await NatsServer.StartAsync();
        RunningServer before = await RunningServer.StartAsync(address, ct, "--nats", log.Url);
        using RoomClient first = await RoomClient.JoinAsync(address, ct);
        using SampleProcess client = SampleProcess.Start("chatterbox", "client", "--address", address);
        await client.WaitForAsync($"Here: {first.Name}, User 2", ct);
        before.Dispose();
        await log.DisposeAsync();

        await using NatsServer otherLog = await NatsServer.StartAsync();
        using RunningServer otherServer = await StartAsync(otherLog, ct);
        using RoomClient other = await RoomClient.JoinAsync(otherServer.Address, ct);
        await SayAllAsync(other, 0, 10, ct);
        await other.ReadUntilAsync(e => e.Text == "9", ct);
        using RunningServer after = await RunningServer.StartAsync(address, ct, "--nats", otherLog.Url);

        // It receives the members of the new log, and none of the earlier lines.
        Assert.That(await client.WaitForAsync("Here: ", ct), Is.EqualTo("Here: User 1, User 12"));
        await other.SayAsync("welcome", ct);
        Assert.That(await client.WaitForAsync("User 1: ", ct), Is.EqualTo("User 1: welcome"));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    [Platform(Exclude = "Win", Reason = "There is no kill -STOP.")]
    public async Task Client_ServerSilent_SwitchesToOther(CancellationToken ct)
    {
        await using NatsServer log = await NatsServer.StartAsync();
        using RunningServer first = await StartAsync(log, ct);
        using RunningServer second = await StartAsync(log, ct);
        using RoomClient sender = await RoomClient.JoinAsync(second.Address, ct);
        using SampleProcess client = SampleProcess.Start("chatterbox", "client", "--address", $"{first.Address},{second.Address}");
        await client.WaitForAsync("Here: ", ct);
        await first.Process.SuspendAsync(ct);
        await sender.SayAsync("during", ct);

        await client.WaitForAsync($"Trying {second.Address} in", ct);
        await client.WaitForAsync($"{sender.Name}: during", ct);
    }

    [Test]
    [CancelAfter(TimeLimit)]
    [Platform(Exclude = "Win", Reason = "There is no kill -INT.")]
    public async Task Server_InterruptedWhileConnectingToLog_Ends(CancellationToken ct)
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using SampleProcess server = SampleProcess.Start("chatterbox", "server", "--address", "127.0.0.1:0", "--nats", $"nats://{silent.LocalEndpoint}");
        using Socket connection = await silent.AcceptSocketAsync(ct);
        await server.InterruptAsync(ct);

        SampleResult result = await server.FinishAsync(ct);

        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        Assert.That(result.Errors, Is.Empty);
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Server_NoNatsServer_FailsWithMessage(CancellationToken ct)
    {
        string url = $"nats://127.0.0.1:{NatsServer.FreePort()}";

        SampleResult result = await SampleProcess.RunAsync(ct, "chatterbox", "server", "--address", "127.0.0.1:0", "--nats", url);

        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Errors, Does.Contain($"There is no room in the stream 'chatterbox' at {url}").And.Contain("nats-server -a 127.0.0.1 -js"));
    }

    [TestCase("not JSON")]
    [TestCase("{}")]
    [TestCase("null")]
    [CancelAfter(TimeLimit)]
    public async Task Log_InvalidEvent_ServersReportItAndFail(string stored)
    {
        CancellationToken ct = TestContext.CurrentContext.CancellationToken;
        await using NatsServer log = await NatsServer.StartAsync();
        using RunningServer running = await StartAsync(log, ct);
        await using NatsConnection connection = log.Connect();
        await connection.PublishAsync("chatterbox.events", stored, cancellationToken: ct);

        SampleResult ended = await running.Process.FinishAsync(ct);
        SampleResult refused = await SampleProcess.RunAsync(ct, "chatterbox", "server", "--address", "127.0.0.1:0", "--nats", log.Url);

        Assert.That(ended.ExitCode, Is.EqualTo(1));
        Assert.That(ended.Errors, Does.StartWith("The room cannot continue: ").And.Contain("Event 1 of stream").And.Not.Contain("   at "));
        Assert.That(refused.ExitCode, Is.EqualTo(2));
        Assert.That(refused.Errors, Does.Contain("There is no room in the stream 'chatterbox'").And.Contain("Event 1 of stream").And.Not.Contain("   at "));
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
