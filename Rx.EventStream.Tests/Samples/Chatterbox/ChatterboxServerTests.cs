using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Rx.Samples.Chatterbox;

namespace Rx.Tests.Samples.Chatterbox;

/// <summary>The real server, driven by gRPC clients.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class ChatterboxServerTests
{
    private const int TimeLimit = 120_000;

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Chat_AlreadyInTheRoom_ToldMembersThenInitializedThenWhatFollows(CancellationToken ct)
    {
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient first = await RoomClient.JoinAsync(server.Address, ct);
        using RoomClient second = RoomClient.Chat(server.Address);

        string[] told = [await second.ReadAsync(ct), await second.ReadAsync(ct), await second.ReadAsync(ct)];
        await second.SayAsync("hello", ct);
        string[] follows = [await second.ReadAsync(ct)];

        // The newcomer is one of the members that it is told: the original publishes before it looks.
        Assert.That(told, Is.EqualTo(new[] { "JOIN User 1", "JOIN User 2", "INITIALIZED" }));
        Assert.That(follows, Is.EqualTo(new[] { "CHAT User 2: hello" }));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Chat_SpeaksBeforeItListens_HearsItself(CancellationToken ct)
    {
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient client = RoomClient.Chat(server.Address);
        await client.SayAsync("hello", ct);

        string[] told = [await client.ReadAsync(ct), await client.ReadAsync(ct), await client.ReadAsync(ct)];

        Assert.That(told, Is.EqualTo(new[] { "JOIN User 1", "INITIALIZED", "CHAT User 1: hello" }));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Chat_SomebodyHasGone_WhoComesNextIsNotToldOfIt(CancellationToken ct)
    {
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient watching = await RoomClient.JoinAsync(server.Address, ct);
        (await RoomClient.JoinAsync(server.Address, ct)).Dispose();
        await watching.ReadUntilAsync(e => e.What == What.Leave, ct);
        using RoomClient next = RoomClient.Chat(server.Address);

        string[] told = [await next.ReadAsync(ct), await next.ReadAsync(ct), await next.ReadAsync(ct)];

        Assert.That(told, Is.EqualTo(new[] { "JOIN User 1", "JOIN User 3", "INITIALIZED" }));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Chat_GuestComesTalksAndGoes_SeenInThatOrder(CancellationToken ct)
    {
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient watching = await RoomClient.JoinAsync(server.Address, ct);
        RoomClient guest = await RoomClient.JoinAsync(server.Address, ct);
        await guest.SayAsync("one", ct);
        await guest.SayAsync("two", ct);
        await guest.ReadUntilAsync(e => e.Text == "two", ct);
        guest.Dispose();

        List<Event> seen = await watching.ReadUntilAsync(e => e.What == What.Leave, ct);

        Assert.That(
            seen.Select(RoomClient.Describe),
            Is.EqualTo(new[] { "JOIN User 2", "CHAT User 2: one", "CHAT User 2: two", "LEAVE User 2" }));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Chat_ClientHasSaidItsLastWord_GoesOnListening(CancellationToken ct)
    {
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient silent = await RoomClient.JoinAsync(server.Address, ct);
        await silent.SayAsync("that is all", ct);
        await silent.FallSilentAsync();
        string last = await silent.ReadAsync(ct);
        using RoomClient other = await RoomClient.JoinAsync(server.Address, ct);
        await other.SayAsync("still there?", ct);

        List<Event> heard = await silent.ReadUntilAsync(e => e.Text == "still there?", ct);

        Assert.That(last, Is.EqualTo("CHAT User 1: that is all"));
        Assert.That(heard.Select(RoomClient.Describe), Is.EqualTo(new[] { "JOIN User 2", "CHAT User 2: still there?" }));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Monitor_RoomInUse_ToldMembersAndWhatFollowsWithoutJoining(CancellationToken ct)
    {
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient member = await RoomClient.JoinAsync(server.Address, ct);
        using RoomClient monitor = RoomClient.Monitor(server.Address);
        string[] told = [await monitor.ReadAsync(ct), await monitor.ReadAsync(ct)];
        await member.SayAsync("hello", ct);

        Assert.That(told, Is.EqualTo(new[] { "JOIN User 1", "INITIALIZED" }));
        Assert.That(await monitor.ReadAsync(ct), Is.EqualTo("CHAT User 1: hello"));
        Assert.That(await member.ReadAsync(ct), Is.EqualTo("CHAT User 1: hello"), "Nobody else has joined.");
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Chat_FiftyClientsAtOnce_EveryoneSeesAllInOneOrder(CancellationToken ct)
    {
        const int Clients = 50;
        const int Lines = 200;
        const string End = "the end";
        using RunningServer server = await RunningServer.StartAsync(ct);
        RoomClient[] clients = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => RoomClient.JoinAsync(server.Address, ct)));
        try
        {
            Task<List<Event>>[] hearing = [.. clients.Select(c => ReadChatsAsync(c, Clients * Lines, ct))];

            // Somebody comes into the busy room, in which half of the lines wait for that. The first line tells when, to one who is there before it.
            using RoomClient probe = await RoomClient.JoinAsync(server.Address, ct);
            var joined = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Task<List<Event>> late = JoinLateAsync(probe, joined);
            await Task.WhenAll(clients.Select(async c =>
            {
                await SayAllAsync(c, 0, Lines / 2, ct);
                await Task.WhenAny(joined.Task, late);
                await SayAllAsync(c, Lines / 2, Lines / 2, ct);
            }));
            List<Event>[] heard = await Task.WhenAll(hearing);
            await clients[0].SayAsync(End, ct);

            string[] order = [.. heard[0].Select(RoomClient.Describe)];
            Assert.That(order, Has.Length.EqualTo(Clients * Lines));
            foreach (RoomClient client in clients)
            {
                IEnumerable<string> own = Enumerable.Range(0, Lines).Select(i => $"CHAT {client.Name}: {i}");
                Assert.That(order.Where(e => e.StartsWith($"CHAT {client.Name}:", StringComparison.Ordinal)), Is.EqualTo(own));
            }

            foreach (List<Event> other in heard)
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

        // What a newcomer hears from the first lines on.
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
    public async Task Chat_ComingAndGoingInABusyRoom_NobodyMissesOrRepeatsAnything(CancellationToken ct)
    {
        const int Visits = 30;
        const int Ahead = 1_000;
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient talker = await RoomClient.JoinAsync(server.Address, ct);
        using var unheard = new SemaphoreSlim(Ahead);
        bool isEnough = false;
        List<Event> all = [];

        // Whichever of them fails ends the test: the others would wait for it.
        await foreach (Task part in Task.WhenEach(TalkAsync(), HearAsync(), VisitAllAsync()))
        {
            await part;
        }

        Assert.That(all.Count(e => e.What == What.Join), Is.EqualTo(3 * Visits));
        string[] chats = [.. all.Where(e => e.What == What.Chat).Select(e => e.Text)];
        Assert.That(chats[..^1], Is.EqualTo(Enumerable.Range(0, chats.Length - 1).Select(i => $"{i}")));

        async Task TalkAsync()
        {
            for (int i = 0; !Volatile.Read(ref isEnough); i++)
            {
                // Not far ahead of what it has heard: the room cuts off who does not keep up.
                await unheard.WaitAsync(ct);
                await talker.SayAsync($"{i}", ct);
            }

            await talker.SayAsync("the end", ct);
        }

        async Task HearAsync()
        {
            do
            {
                all.AddRange(await talker.ReadUntilAsync(e => e.What == What.Chat, ct));
                unheard.Release();
            }
            while (all[^1].Text != "the end");
        }

        // Several at a time come, hear some lines, and go.
        async Task VisitAllAsync()
        {
            await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => VisitAsync()));
            Volatile.Write(ref isEnough, true);
        }

        async Task VisitAsync()
        {
            for (int i = 0; i < Visits; i++)
            {
                using RoomClient guest = RoomClient.Chat(server.Address);
                List<Event> told = await guest.ReadUntilAsync(e => e.What == What.Initialized, ct);
                List<int> lines = [];
                while (lines.Count < 20)
                {
                    List<Event> read = await guest.ReadUntilAsync(e => e.What == What.Chat, ct);
                    Assert.That(read.Select(RoomClient.Describe), Has.None.EqualTo($"JOIN {guest.Name}"), "It was told itself before.");
                    lines.Add(int.Parse(read[^1].Text, CultureInfo.InvariantCulture));
                }

                Assert.That(told.Select(RoomClient.Describe), Has.One.EqualTo($"JOIN {guest.Name}").And.One.EqualTo("JOIN User 1"));
                Assert.That(told.Select(e => e.Who), Is.Unique);
                Assert.That(lines, Is.EqualTo(Enumerable.Range(lines[0], lines.Count)));
            }
        }
    }

    [TestCase(true)]
    [TestCase(false)]
    [CancelAfter(TimeLimit)]
    public async Task Events_ClientStopsReading_CutOffWithTheNumberMissedAndTheRoomGoesOn(bool isMember)
    {
        CancellationToken ct = TestContext.CurrentContext.CancellationToken;
        const int Lag = 100;
        const int Lines = 4_000;
        using RunningServer server = await RunningServer.StartAsync(ct, "--lag", $"{Lag}");
        using RoomClient talker = await RoomClient.JoinAsync(server.Address, ct);
        using RoomClient stuck = isMember ? RoomClient.Chat(server.Address) : RoomClient.Monitor(server.Address);
        await stuck.AwaitNameAsync(ct);

        // Each line is heard before the next, so the talker does not lag, and the room does not wait.
        List<Event> heard = [];
        for (int i = 0; i < Lines; i++)
        {
            await talker.SayAsync(Line(i), ct);
            heard.AddRange(await talker.ReadUntilAsync(e => e.Text == Line(i), ct));
        }

        if (isMember && heard.All(e => e.What != What.Leave))
        {
            // It is seen to go while it still does not read.
            heard.AddRange(await talker.ReadUntilAsync(e => e.What == What.Leave, ct));
        }

        List<Event> read = [];
        RpcException error = await stuck.ReadToErrorAsync(read, ct);
        int missed = int.Parse(error.Trailers.GetValue("chatterbox-missed") ?? "-1", CultureInfo.InvariantCulture);

        Assert.That(error.StatusCode, Is.EqualTo(StatusCode.ResourceExhausted), error.ToString());
        Assert.That(error.Status.Detail, Does.Contain($"{missed:N0} events behind"));
        string[] chats = [.. read.Where(e => e.What == What.Chat).Select(e => e.Text)];
        int first = int.Parse(chats[0].Split(' ')[0], CultureInfo.InvariantCulture);
        Assert.That(chats, Is.EqualTo(Enumerable.Range(first, chats.Length).Select(Line)), "What it got is without gaps.");
        Assert.That(missed, Is.GreaterThan(Lag).And.LessThanOrEqualTo(Lines - first - chats.Length));
        if (isMember)
        {
            Assert.That(heard.Select(RoomClient.Describe), Has.One.EqualTo($"LEAVE {stuck.Name}: cut off, {missed:N0} events behind"));
        }

        static string Line(int i) => $"{i} {new string('.', 1_000)}";
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Chat_LineTooLong_ThatClientIsRefusedAndTheOthersGoOn(CancellationToken ct)
    {
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient other = await RoomClient.JoinAsync(server.Address, ct);
        using RoomClient loud = await RoomClient.JoinAsync(server.Address, ct);

        // The call may end before the whole line is sent.
        Task saying = loud.SayAsync(new string('a', 100_000), ct);
        RpcException error = await loud.ReadToErrorAsync([], ct);
        await saying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        List<Event> seen = await other.ReadUntilAsync(e => e.What == What.Leave, ct);

        Assert.That(error.StatusCode, Is.EqualTo(StatusCode.ResourceExhausted), error.ToString());
        Assert.That(error.Trailers.GetValue("chatterbox-missed"), Is.Null, "It missed nothing.");
        Assert.That(seen.Select(RoomClient.Describe), Is.EqualTo(new[] { "JOIN User 2", "LEAVE User 2" }));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Chat_ConnectionBreaksInTheMiddleOfALine_TheLineIsNotSaidAndTheClientHasLeft(CancellationToken ct)
    {
        using RunningServer server = await RunningServer.StartAsync(ct);
        using RoomClient watching = await RoomClient.JoinAsync(server.Address, ct);
        using (var half = new HalfLine(server.Address))
        {
            // Field 1, five bytes; then the beginning of a line of fifty.
            await half.SendAsync([0, 0, 0, 0, 7, 0x0a, 5, .. "whole"u8], ct);
            await half.SendAsync([0, 0, 0, 0, 52, 0x0a, 50, .. "half"u8], ct);
            await watching.ReadUntilAsync(e => e.Text == "whole", ct);
        }

        Assert.That(await watching.ReadAsync(ct), Is.EqualTo("LEAVE User 2"));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Chat_ClientIsKilled_ItsWholeLinesWereSaidAndItHasLeft(CancellationToken ct)
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
    public async Task Server_InterruptedWithClientsAttached_TellsThemAndEnds(CancellationToken ct)
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

        // Who is far behind when the connection is closed may lose the status with it.
        await member.ReadUntilAsync(e => e.Text.StartsWith("999 ", StringComparison.Ordinal), ct);
        await monitor.ReadUntilAsync(e => e.Text.StartsWith("999 ", StringComparison.Ordinal), ct);
        Task<RpcException> told = member.ReadToErrorAsync([], ct);
        Task<RpcException> toldMonitor = monitor.ReadToErrorAsync([], ct);
        SampleResult result = await server.StopAsync(ct);

        Assert.That(result.ExitCode, Is.Zero, result.Output + result.Errors);
        Assert.That(result.Output, Does.Contain("User 1 joined").And.EndsWith("The room is closed."));
        Assert.That(result.Errors, Is.Empty);
        Assert.That((await told).Status.Detail, Is.EqualTo("The room is closed."), $"{await told}");
        Assert.That((await told).StatusCode, Is.EqualTo(StatusCode.Unavailable));
        Assert.That((await toldMonitor).StatusCode, Is.EqualTo(StatusCode.Unavailable));
    }

    /// <summary>With many of them some answer is being ended just when the web server looks whether one is left.</summary>
    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Server_InterruptedWithManyClients_TellsEachOfThem(CancellationToken ct)
    {
        const int Clients = 40;
        using RunningServer server = await RunningServer.StartAsync(ct);
        RoomClient[] clients = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => RoomClient.JoinAsync(server.Address, ct)));
        try
        {
            Task<RpcException>[] told = [.. clients.Select(c => c.ReadToErrorAsync([], ct))];
            await server.StopAsync(ct);

            Assert.That((await Task.WhenAll(told)).Select(e => e.Status.Detail), Is.All.EqualTo("The room is closed."));
        }
        finally
        {
            Array.ForEach(clients, c => c.Dispose());
        }
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Server_PortIsBusy_SaysSoAndFails(CancellationToken ct)
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
    public void Contract_OfTheOriginal_Kept()
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
