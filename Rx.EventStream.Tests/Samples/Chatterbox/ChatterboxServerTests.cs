using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Rx.Samples.Chatterbox;

namespace Rx.Tests.Samples.Chatterbox;

/// <summary>Tests the server as a process, with gRPC clients.</summary>
[TestFixture]
[Category("Slow")]
[Parallelizable(ParallelScope.All)]
internal sealed class ChatterboxServerTests
{
    private const int TimeLimit = 120_000;

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Chat_RoomInUse_ReceivesMembersThenInitializedThenEvents(CancellationToken ct)
    {
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient first = await RoomClient.JoinAsync(server.Address, ct);
        using RoomClient second = RoomClient.Chat(server.Address);

        string[] received = [await second.ReadAsync(ct), await second.ReadAsync(ct), await second.ReadAsync(ct)];
        await second.SayAsync("hello", ct);
        string[] next = [await second.ReadAsync(ct)];

        // The new client receives itself as a member: the original publishes the join event before it sends the members.
        Assert.That(received, Is.EqualTo(new[] { "JOIN User 1", "JOIN User 2", "INITIALIZED" }));
        Assert.That(next, Is.EqualTo(new[] { "CHAT User 2: hello" }));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Chat_SendsBeforeReading_ReceivesOwnLine(CancellationToken ct)
    {
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient client = RoomClient.Chat(server.Address);
        await client.SayAsync("hello", ct);

        string[] received = [await client.ReadAsync(ct), await client.ReadAsync(ct), await client.ReadAsync(ct)];

        Assert.That(received, Is.EqualTo(new[] { "JOIN User 1", "INITIALIZED", "CHAT User 1: hello" }));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Chat_MemberHasLeft_NextClientDoesNotReceiveIt(CancellationToken ct)
    {
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient watching = await RoomClient.JoinAsync(server.Address, ct);
        (await RoomClient.JoinAsync(server.Address, ct)).Dispose();
        await watching.ReadUntilAsync(e => e.What == What.Leave, ct);
        using RoomClient next = RoomClient.Chat(server.Address);

        string[] received = [await next.ReadAsync(ct), await next.ReadAsync(ct), await next.ReadAsync(ct)];

        Assert.That(received, Is.EqualTo(new[] { "JOIN User 1", "JOIN User 3", "INITIALIZED" }));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Chat_ClientJoinsTalksAndLeaves_OthersSeeThatOrder(CancellationToken ct)
    {
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient watching = await RoomClient.JoinAsync(server.Address, ct);
        RoomClient client = await RoomClient.JoinAsync(server.Address, ct);
        await client.SayAsync("one", ct);
        await client.SayAsync("two", ct);
        await client.ReadUntilAsync(e => e.Text == "two", ct);
        client.Dispose();

        List<Event> seen = await watching.ReadUntilAsync(e => e.What == What.Leave, ct);

        Assert.That(
            seen.Select(RoomClient.Describe),
            Is.EqualTo(new[] { "JOIN User 2", "CHAT User 2: one", "CHAT User 2: two", "LEAVE User 2" }));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Chat_ClientCompletedItsLines_StillReceivesEvents(CancellationToken ct)
    {
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient silent = await RoomClient.JoinAsync(server.Address, ct);
        await silent.SayAsync("that is all", ct);
        await silent.CompleteLinesAsync();
        string last = await silent.ReadAsync(ct);
        using RoomClient other = await RoomClient.JoinAsync(server.Address, ct);
        await other.SayAsync("still there?", ct);

        List<Event> received = await silent.ReadUntilAsync(e => e.Text == "still there?", ct);

        Assert.That(last, Is.EqualTo("CHAT User 1: that is all"));
        Assert.That(received.Select(RoomClient.Describe), Is.EqualTo(new[] { "JOIN User 2", "CHAT User 2: still there?" }));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Monitor_RoomInUse_ReceivesMembersAndEventsWithoutJoining(CancellationToken ct)
    {
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient member = await RoomClient.JoinAsync(server.Address, ct);
        using RoomClient monitor = RoomClient.Monitor(server.Address);
        string[] received = [await monitor.ReadAsync(ct), await monitor.ReadAsync(ct)];
        await member.SayAsync("hello", ct);

        Assert.That(received, Is.EqualTo(new[] { "JOIN User 1", "INITIALIZED" }));
        Assert.That(await monitor.ReadAsync(ct), Is.EqualTo("CHAT User 1: hello"));
        Assert.That(await member.ReadAsync(ct), Is.EqualTo("CHAT User 1: hello"), "The monitor has not joined.");
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Chat_FiftyClients_AllReceiveAllEventsInOneOrder(CancellationToken ct)
    {
        const int Clients = 50;
        const int Lines = 200;
        const string End = "the end";
        using RunningServer server = await RunningServer.StartAsync(ct);
        RoomClient[] clients = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => RoomClient.JoinAsync(server.Address, ct)));
        try
        {
            Task<List<Event>>[] reading = [.. clients.Select(c => ReadChatsAsync(c, Clients * Lines, ct))];

            // A client joins the busy room. The probe, which joined earlier, shows that the first line has arrived. Half of the lines are sent only
            // after the join.
            using RoomClient probe = await RoomClient.JoinAsync(server.Address, ct);
            var joined = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Task<List<Event>> late = JoinLateAsync(probe, joined);
            await Task.WhenAll(clients.Select(async c =>
            {
                await SayAllAsync(c, 0, Lines / 2, ct);
                await Task.WhenAny(joined.Task, late);
                await SayAllAsync(c, Lines / 2, Lines / 2, ct);
            }));
            List<Event>[] received = await Task.WhenAll(reading);
            await clients[0].SayAsync(End, ct);

            string[] order = [.. received[0].Select(RoomClient.Describe)];
            Assert.That(order, Has.Length.EqualTo(Clients * Lines));
            foreach (RoomClient client in clients)
            {
                IEnumerable<string> own = Enumerable.Range(0, Lines).Select(i => $"CHAT {client.Name}: {i}");
                Assert.That(order.Where(e => e.StartsWith($"CHAT {client.Name}:", StringComparison.Ordinal)), Is.EqualTo(own));
            }

            foreach (List<Event> other in received)
            {
                Assert.That(other.Select(RoomClient.Describe), Is.EqualTo(order));
            }

            string[] rest = [.. (await late).Where(e => e.What == What.Chat).SkipLast(1).Select(RoomClient.Describe)];
            Assert.That(rest, Is.Not.Empty.And.EqualTo(order[^rest.Length..]));
        }
        finally
        {
            Array.ForEach(clients, c => c.Dispose());
        }

        // Joins after the first line, and returns the events that the new client receives.
        async Task<List<Event>> JoinLateAsync(RoomClient probe, TaskCompletionSource joined)
        {
            await probe.ReadUntilAsync(e => e.What == What.Chat, ct);
            using RoomClient client = await RoomClient.JoinAsync(server.Address, ct);
            joined.SetResult();
            return await client.ReadUntilAsync(e => e.Text == End, ct);
        }
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Chat_ClientsJoinBusyRoom_NoEventMissedOrRepeated(CancellationToken ct)
    {
        const int Joins = 30;
        const int MaxAhead = 1_000;
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient sender = await RoomClient.JoinAsync(server.Address, ct);
        using var budget = new SemaphoreSlim(MaxAhead);
        bool isDone = false;
        List<Event> all = [];

        // A failure of one part ends the test: the other parts would wait for it.
        await foreach (Task part in Task.WhenEach(SendAsync(), ReceiveAsync(), JoinAllAsync()))
        {
            await part;
        }

        Assert.That(all.Count(e => e.What == What.Join), Is.EqualTo(3 * Joins));
        string[] chats = [.. all.Where(e => e.What == What.Chat).Select(e => e.Text)];
        Assert.That(chats[..^1], Is.EqualTo(Enumerable.Range(0, chats.Length - 1).Select(i => $"{i}")));

        async Task SendAsync()
        {
            for (int i = 0; !Volatile.Read(ref isDone); i++)
            {
                // The sender stays close to its own reading: the room cuts off a client that does not keep up.
                await budget.WaitAsync(ct);
                await sender.SayAsync($"{i}", ct);
            }

            await sender.SayAsync("the end", ct);
        }

        async Task ReceiveAsync()
        {
            do
            {
                all.AddRange(await sender.ReadUntilAsync(e => e.What == What.Chat, ct));
                budget.Release();
            }
            while (all[^1].Text != "the end");
        }

        // Several clients at a time join, receive some lines, and leave.
        async Task JoinAllAsync()
        {
            await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => JoinManyTimesAsync()));
            Volatile.Write(ref isDone, true);
        }

        async Task JoinManyTimesAsync()
        {
            for (int i = 0; i < Joins; i++)
            {
                using RoomClient client = RoomClient.Chat(server.Address);
                List<Event> received = await client.ReadUntilAsync(e => e.What == What.Initialized, ct);
                List<int> lines = [];
                while (lines.Count < 20)
                {
                    List<Event> read = await client.ReadUntilAsync(e => e.What == What.Chat, ct);
                    Assert.That(read.Select(RoomClient.Describe), Has.None.EqualTo($"JOIN {client.Name}"), "It received its own join event before INITIALIZED.");
                    lines.Add(int.Parse(read[^1].Text, CultureInfo.InvariantCulture));
                }

                Assert.That(received.Select(RoomClient.Describe), Has.One.EqualTo($"JOIN {client.Name}").And.One.EqualTo("JOIN User 1"));
                Assert.That(received.Select(e => e.Who), Is.Unique);
                Assert.That(lines, Is.EqualTo(Enumerable.Range(lines[0], lines.Count)));
            }
        }
    }

    [TestCase(true)]
    [TestCase(false)]
    [CancelAfter(TimeLimit)]
    public async Task Events_ClientStopsReading_OnlyItIsCutOffWithMissedCount(bool isMember)
    {
        CancellationToken ct = TestContext.CurrentContext.CancellationToken;
        const int Lag = 100;
        const int Lines = 4_000;
        using RunningServer server = await RunningServer.StartAsync(ct, "--lag", $"{Lag}");
        using RoomClient sender = await RoomClient.JoinAsync(server.Address, ct);
        using RoomClient stuck = isMember ? RoomClient.Chat(server.Address) : RoomClient.Monitor(server.Address);
        await stuck.WaitForNameAsync(ct);

        // The sender receives each line before it sends the next, so it does not lag.
        List<Event> received = [];
        for (int i = 0; i < Lines; i++)
        {
            await sender.SayAsync(Line(i), ct);
            received.AddRange(await sender.ReadUntilAsync(e => e.Text == Line(i), ct));
        }

        if (isMember && received.All(e => e.What != What.Leave))
        {
            // The others see it leave although it still does not read.
            received.AddRange(await sender.ReadUntilAsync(e => e.What == What.Leave, ct));
        }

        List<Event> read = [];
        RpcException error = await stuck.ReadToErrorAsync(read, ct);
        int missed = int.Parse(error.Status.Detail.Split(' ')[2], NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

        Assert.That(error.StatusCode, Is.EqualTo(StatusCode.ResourceExhausted), error.ToString());
        Assert.That(error.Status.Detail, Does.Contain($"{missed:N0} events behind"));
        string[] chats = [.. read.Where(e => e.What == What.Chat).Select(e => e.Text)];
        int first = int.Parse(chats[0].Split(' ')[0], CultureInfo.InvariantCulture);
        Assert.That(chats, Is.EqualTo(Enumerable.Range(first, chats.Length).Select(Line)), "It received lines without gaps.");
        Assert.That(missed, Is.GreaterThan(Lag).And.LessThanOrEqualTo(Lines - first - chats.Length));
        if (isMember)
        {
            Assert.That(received.Select(RoomClient.Describe), Has.One.EqualTo($"LEAVE {stuck.Name}: cut off, {missed:N0} events behind"));
        }

        static string Line(int i) => $"{i} {new string('.', 1_000)}";
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Chat_ConnectionBreaksWithinLine_LineDroppedAndMemberLeaves(CancellationToken ct)
    {
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient watching = await RoomClient.JoinAsync(server.Address, ct);
        using (var call = new RawChatCall(server.Address))
        {
            // A complete message with five characters, then the start of a message with fifty.
            await call.SendAsync([0, 0, 0, 0, 7, 0x0a, 5, .. "whole"u8], ct);
            await call.SendAsync([0, 0, 0, 0, 52, 0x0a, 50, .. "half"u8], ct);
            await watching.ReadUntilAsync(e => e.Text == "whole", ct);
        }

        Assert.That(await watching.ReadAsync(ct), Is.EqualTo("LEAVE User 2"));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Chat_ClientKilled_WholeLinesPublishedAndMemberLeaves(CancellationToken ct)
    {
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient watching = await RoomClient.JoinAsync(server.Address, ct);
        using SampleProcess client = SampleProcess.Start("chatterbox", "client", "--address", server.Address);
        await client.Input.WriteAsync("first\nsecond\nthird is not fin");
        await client.Input.FlushAsync(ct);
        List<Event> seen = await watching.ReadUntilAsync(e => e.Text == "second", ct);
        client.Kill();
        seen.AddRange(await watching.ReadUntilAsync(e => e.What == What.Leave, ct));

        Assert.That(
            seen.Select(RoomClient.Describe),
            Is.EqualTo(new[] { "JOIN User 2", "CHAT User 2: first", "CHAT User 2: second", "LEAVE User 2" }));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    [Platform(Exclude = "Win", Reason = "There is no kill -INT.")]
    public async Task Server_InterruptedWithClients_NotifiesThemAndEnds(CancellationToken ct)
    {
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient member = await RoomClient.JoinAsync(server.Address, ct);
        using RoomClient monitor = RoomClient.Monitor(server.Address);
        await monitor.ReadUntilAsync(e => e.What == What.Initialized, ct);
        using RoomClient stuck = await RoomClient.JoinAsync(server.Address, ct);
        for (int i = 0; i < 1_000; i++)
        {
            await member.SayAsync($"{i} {new string('.', 1_000)}", ct);
        }

        // A client that is far behind may not receive the status before the connection is closed.
        await member.ReadUntilAsync(e => e.Text.StartsWith("999 ", StringComparison.Ordinal), ct);
        await monitor.ReadUntilAsync(e => e.Text.StartsWith("999 ", StringComparison.Ordinal), ct);
        Task<RpcException> error = member.ReadToErrorAsync([], ct);
        Task<RpcException> monitorError = monitor.ReadToErrorAsync([], ct);
        SampleResult result = await server.StopAsync(ct);

        Assert.That(result.ExitCode, Is.Zero, result.Output + result.Errors);
        Assert.That(result.Output, Does.Contain("User 1 joined").And.EndsWith("The room is closed."));
        Assert.That(result.Errors, Is.Empty);
        Assert.That((await error).Status.Detail, Is.EqualTo("The room is closed."), $"{await error}");
        Assert.That((await error).StatusCode, Is.EqualTo(StatusCode.Unavailable));
        Assert.That((await monitorError).StatusCode, Is.EqualTo(StatusCode.Unavailable));
    }

    /// <summary>With many clients, some response is just ending when the web server checks whether a call is still active.</summary>
    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Server_InterruptedWithManyClients_NotifiesEachClient(CancellationToken ct)
    {
        const int Clients = 40;
        using RunningServer server = await RunningServer.StartAsync(ct);
        RoomClient[] clients = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => RoomClient.JoinAsync(server.Address, ct)));
        try
        {
            Task<RpcException>[] errors = [.. clients.Select(c => c.ReadToErrorAsync([], ct))];
            await server.StopAsync(ct);

            Assert.That((await Task.WhenAll(errors)).Select(e => e.Status.Detail), Is.All.EqualTo("The room is closed."));
        }
        finally
        {
            Array.ForEach(clients, c => c.Dispose());
        }
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Server_PortInUse_FailsWithMessage(CancellationToken ct)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        string address = $"{other.LocalEndpoint}";

        SampleResult result = await SampleProcess.RunAsync(ct, "chatterbox", "server", "--address", address);

        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Errors, Does.Contain($"{address} is in use by another program; choose another --address"));
        Assert.That(result.Output, Is.Empty);
    }

    [Test]
    public void Contract_ComparedWithGoOriginal_IsEqual()
    {
        var contract = ChatterboxReflection.Descriptor.ToProto();

        Assert.That(contract.Package, Is.EqualTo("chatterbox"));
        Assert.That(
            contract.Service.SelectMany(
                s => s.Method,
                (s, m) => $"{s.Name}.{m.Name}({Stream(m.ClientStreaming)}{m.InputType}) {Stream(m.ServerStreaming)}{m.OutputType}"),
            Is.EqualTo(new[]
            {
                "ChatterBox.Chat(stream .chatterbox.Send) stream .chatterbox.Event",
                "ChatterBox.Monitor(.google.protobuf.Empty) stream .chatterbox.Event",
            }));
        Assert.That(
            contract.MessageType.SelectMany(m => m.Field, (m, f) => $"{m.Name}.{f.Name} = {f.Number} {f.Type} {f.TypeName}".TrimEnd()),
            Is.EqualTo(new[]
            {
                "Send.text = 1 String",
                "Event.who = 1 String",
                "Event.what = 2 Enum .chatterbox.What",
                "Event.text = 3 String",
            }));
        Assert.That(
            contract.EnumType.Single().Value.Select(v => $"{v.Name} = {v.Number}"),
            Is.EqualTo(new[] { "INITIALIZED = 0", "CHAT = 1", "JOIN = 2", "LEAVE = 3" }));

        static string Stream(bool isOne) => isOne ? "stream " : "";
    }

    private static async Task SayAllAsync(RoomClient client, int first, int count, CancellationToken ct)
    {
        for (int i = first; i < first + count; i++)
        {
            await client.SayAsync($"{i}", ct);
        }
    }

    private static async Task<List<Event>> ReadChatsAsync(RoomClient client, int count, CancellationToken ct)
    {
        List<Event> chats = [];
        while (chats.Count < count)
        {
            chats.Add((await client.ReadUntilAsync(e => e.What == What.Chat, ct))[^1]);
        }

        return chats;
    }
}
