using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using Rx.Samples.Chatterbox;

namespace Rx.Tests.Samples.Chatterbox;

/// <summary>Tests what clients and servers of both implementations expect of each other, with real gRPC connections in this process.</summary>
[TestFixture]
[Category("Slow")]
[Parallelizable(ParallelScope.All)]
internal sealed class ChatterboxContractTests
{
    private const int TimeLimit = 120_000;
    private const int Lag = 20_000;

    /// <summary>A gRPC server by default closes the connection of a client that pings more often.</summary>
    private static readonly TimeSpan _minPingInterval = TimeSpan.FromMinutes(5);

    [Test]
    public void Client_Pings_OnlyAsOftenAsGrpcServersAllow()
    {
        using SocketsHttpHandler handler = ChatClient.CreateHandler();

        Assert.That(handler.KeepAlivePingDelay, Is.GreaterThan(_minPingInterval));
        Assert.That(handler.KeepAlivePingPolicy, Is.EqualTo(HttpKeepAlivePingPolicy.WithActiveRequests));
        Assert.That(handler.EnableMultipleHttp2Connections, Is.True);
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Client_IdleAfterBusyTime_SendsNoPing(CancellationToken ct)
    {
        using var room = new Room();
        await using ChatServer server = await StartAsync(room);
        using var proxy = new FramedProxy(server.Address);
        using RoomClient other = await RoomClient.JoinAsync(server.Address, ct);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var output = new LineWriter();
        Task<int> monitor = new ChatClient(RoomAddress.Parse(proxy.Address), output, output).MonitorAsync(leaving.Token);
        await output.WaitForAsync("Here: User 1", ct);
        for (int i = 0; i < 500; i++)
        {
            await other.SayAsync($"{i}", ct);
        }

        await output.WaitForAsync(": 499", ct);
        int busy = proxy.Pings;

        // The time in which a client that pinged each 2 s was thrown out.
        await Task.Delay(TimeSpan.FromSeconds(8), ct);
        int idle = proxy.Pings - busy;
        await leaving.CancelAsync();

        Assert.That(await monitor, Is.Zero, output.ToString());
        Assert.That(idle, Is.LessThanOrEqualTo(1), "One may still be on its way.");
        Assert.That(proxy.MaxStrikes, Is.LessThanOrEqualTo(2));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Client_OtherMemberSaysSameWords_ArrivalIsUnknown(CancellationToken ct)
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(async (lines, client, call) =>
        {
            await call.WriteResponseHeadersAsync([new(ChatService.NameHeader, "User 1")]);
            await client.WriteAsync(new Event { What = What.Join, Who = "User 1" });
            await client.WriteAsync(new Event { What = What.Initialized });
            await lines.MoveNext(call.CancellationToken);
            await client.WriteAsync(new Event { What = What.Chat, Who = "User 2", Text = lines.Current.Text });
            await client.WriteAsync(new Event { What = What.Leave, Who = "User 2" });
            await Task.Delay(Timeout.Infinite, call.CancellationToken);
        });
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var output = new LineWriter();
        Task<int> client = new ChatClient(RoomAddress.Parse(server.Address), output, output)
            .ChatAsync(new[] { "hello" }.ToAsyncEnumerable(), leaving.Token);
        await output.WaitForAsync("User 2 left", ct);
        await leaving.CancelAsync();

        int exitCode = await client;
        string text = output.ToString();

        Assert.That(exitCode, Is.EqualTo(1), text);
        Assert.That(text, Does.Contain("User 2: hello").And.Contain("It is unknown whether 1 line reached the room."));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Client_ServerTellsNoName_ArrivalIsUnknown(CancellationToken ct)
    {
        // As the Go original does.
        await using ScriptedServer server = await ScriptedServer.StartAsync(async (lines, client, call) =>
        {
            await client.WriteAsync(new Event { What = What.Join, Who = "User 1" });
            await client.WriteAsync(new Event { What = What.Initialized });
            while (await lines.MoveNext(call.CancellationToken))
            {
                await client.WriteAsync(new Event { What = What.Chat, Who = "User 1", Text = lines.Current.Text });
            }

            await Task.Delay(Timeout.Infinite, call.CancellationToken);
        });

        (int exitCode, string text) = await ChatAsync(server.Address, ["one", "two"], ct);

        Assert.That(exitCode, Is.EqualTo(1), text);
        Assert.That(text, Does.Contain("User 1: two").And.Contain("It is unknown whether 2 lines reached the room. This server does not tell"));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Client_SameWordsFromTwoMembers_EachConfirmsItsOwn(CancellationToken ct)
    {
        using var room = new Room();
        await using ChatServer server = await StartAsync(room);
        string[] lines = [.. Enumerable.Repeat("the same words", 200)];

        (int ExitCode, string Text)[] results = await Task.WhenAll(ChatAsync(server.Address, lines, ct), ChatAsync(server.Address, lines, ct));

        Assert.That(results.Select(r => r.ExitCode), Is.All.Zero, results[0].Text);
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Chat_TwoFastSenders_BothReceiveAllLines(CancellationToken ct)
    {
        const int Lines = 25_000;
        using var room = new Room();
        await using ChatServer server = await StartAsync(room);
        using RoomClient first = await RoomClient.JoinAsync(server.Address, ct);
        using RoomClient second = await RoomClient.JoinAsync(server.Address, ct);

        Task<int>[] receiving = [CountAsync(first), CountAsync(second)];
        await Task.WhenAll(SendAsync(first), SendAsync(second));

        Assert.That(await Task.WhenAll(receiving), Is.All.EqualTo(2 * Lines));

        async Task SendAsync(RoomClient client)
        {
            for (int i = 0; i < Lines; i++)
            {
                await client.SayAsync($"{i}", ct);
            }
        }

        async Task<int> CountAsync(RoomClient client)
        {
            int count = 0;
            while (count < 2 * Lines)
            {
                count += (await client.ReadUntilAsync(e => e.What == What.Chat, ct)).Count(e => e.What == What.Chat);
            }

            return count;
        }
    }

    /// <summary>A speaker that does not read is heard until it is <see cref="ChatService.MaxBehind"/> events behind, and is not cut off for its own
    /// lines.</summary>
    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Chat_SpeakerReadsLate_ReceivesAllItsLines(CancellationToken ct)
    {
        const int Lines = 8_000;
        using var room = new Room();
        await using ChatServer server = await StartAsync(room, lag: ChatService.MaxBehind + 10);
        using RoomClient client = await RoomClient.JoinAsync(server.Address, ct);
        string padding = new('.', 1_000);
        Task sending = Task.Run(
            async () =>
            {
                for (int i = 0; i < Lines; i++)
                {
                    await client.SayAsync($"{i} {padding}", ct);
                }
            },
            ct);

        // It reads only while it is as far behind as the server lets it be.
        List<Event> received = [];
        while (received.Count < Lines)
        {
            while (!sending.IsCompleted && room.Subscriptions.All(s => s.Lag <= ChatService.MaxBehind))
            {
                await Task.Yield();
            }

            int until = Math.Min(received.Count + 500, Lines);
            received.AddRange(await client.ReadUntilAsync(e => e.Text.StartsWith($"{until - 1} ", StringComparison.Ordinal), ct));
        }

        await sending;

        Assert.That(received, Has.Count.EqualTo(Lines));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Chat_LineOfFourMegabytes_EveryClientReceivesIt(CancellationToken ct)
    {
        using var room = new Room();
        await using ChatServer server = await StartAsync(room);
        using RoomClient speaker = await RoomClient.JoinAsync(server.Address, ct);
        using RoomClient other = await RoomClient.JoinAsync(server.Address, ct);
        string[] texts = [new string('a', 16_382), new string('b', (4 * 1024 * 1024) - 100)];
        foreach (string text in texts)
        {
            await speaker.SayAsync(text, ct);
            Assert.That((await speaker.ReadUntilAsync(e => e.What == What.Chat, ct))[^1].Text, Is.EqualTo(text));
            Assert.That((await other.ReadUntilAsync(e => e.What == What.Chat, ct))[^1].Text, Is.EqualTo(text));
        }
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Chat_LineLargerThanLimit_OnlyItsSpeakerIsThrownOut(CancellationToken ct)
    {
        using var room = new Room();
        await using ChatServer server = await StartAsync(room);
        using RoomClient other = await RoomClient.JoinAsync(server.Address, ct);

        (int exitCode, string text) = await ChatAsync(server.Address, [new string('a', 4 * 1024 * 1024)], ct);
        List<Event> seen = await other.ReadUntilAsync(e => e.What == What.Leave, ct);

        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(text, Does.Contain("has ended: ").And.Contain("It is unknown whether 1 line"));
        Assert.That(seen.Select(RoomClient.Describe), Is.EqualTo(new[] { "JOIN User 2", "LEAVE User 2" }));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Client_CannotReceiveEvent_DoesNotBlameServer(CancellationToken ct)
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(async (_, client, call) =>
        {
            await client.WriteAsync(new Event { What = What.Initialized });
            await client.WriteAsync(new Event { What = What.Chat, Who = "User 2", Text = new string('a', 5 * 1024 * 1024) });
            await Task.Delay(Timeout.Infinite, call.CancellationToken);
        });

        (int exitCode, string text) = await ChatAsync(server.Address, Endless(ct), ct);

        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(text, Does.Contain($"The connection to the room at {server.Address} has ended: Received message exceeds the maximum configured message size (ResourceExhausted)."));
        Assert.That(text, Does.Not.Contain("refused").And.Not.Contain("rejected"));
    }

    [TestCase(true)]
    [TestCase(false)]
    [CancelAfter(TimeLimit)]
    public async Task Call_RoomIsClosed_NewcomerIsRefusedWithoutMembers(bool isMember)
    {
        CancellationToken ct = TestContext.CurrentContext.CancellationToken;
        using var room = new Room();
        await using ChatServer server = await StartAsync(room);
        (await RoomClient.JoinAsync(server.Address, ct)).Dispose();
        room.Close();
        using RoomClient newcomer = isMember ? RoomClient.Chat(server.Address) : RoomClient.Monitor(server.Address);

        List<Event> received = [];
        RpcException error = await newcomer.ReadToErrorAsync(received, ct);

        Assert.That(received, Is.Empty);
        Assert.That(error.StatusCode, Is.EqualTo(StatusCode.Unavailable));
        Assert.That(error.Status.Detail, Is.EqualTo("The room is closed."));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Call_ManyOnOneConnection_NoneHangs(CancellationToken ct)
    {
        const int Calls = 250;
        using var room = new Room();
        await using ChatServer server = await StartAsync(room);
        using var handler = new SocketsHttpHandler { EnableMultipleHttp2Connections = false };
        using var channel = GrpcChannel.ForAddress($"http://{server.Address}", new GrpcChannelOptions { HttpHandler = handler });
        var client = new ChatterBox.ChatterBoxClient(channel);
        AsyncServerStreamingCall<Event>[] calls = [.. Enumerable.Range(0, Calls).Select(_ => client.Monitor(new Empty(), cancellationToken: ct))];

        bool[] answered = await Task.WhenAll(calls.Select(c => c.ResponseStream.MoveNext(ct)));
        Array.ForEach(calls, c => c.Dispose());

        Assert.That(answered, Is.All.True);
    }

    private static Task<ChatServer> StartAsync(Room room, int lag = Lag) =>
        ChatServer.StartAsync(RoomAddress.Parse("127.0.0.1:0"), room, LagPolicy.Fail(lag));

    private static Task<(int ExitCode, string Text)> ChatAsync(string address, string[] lines, CancellationToken ct) =>
        ChatAsync(address, lines.ToAsyncEnumerable(), ct);

    private static async Task<(int ExitCode, string Text)> ChatAsync(string address, IAsyncEnumerable<string> lines, CancellationToken ct)
    {
        var output = new LineWriter();
        int exitCode = await new ChatClient(RoomAddress.Parse(address), output, output).ChatAsync(lines, ct);
        return (exitCode, output.ToString());
    }

    /// <summary>A user that says nothing.</summary>
    private static async IAsyncEnumerable<string> Endless([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await Task.Delay(Timeout.Infinite, ct);
        yield break;
    }

    /// <summary>Collects lines of text from several threads.</summary>
    private sealed class LineWriter() : StringWriter(CultureInfo.InvariantCulture)
    {
        private readonly EventStream<string> _lines = new(new EventStreamOptions { Retention = Retention.All });

        public override void WriteLine(string? value) => _lines.OnNext(value ?? "");

        public override Task WriteLineAsync(string? value)
        {
            WriteLine(value);
            return Task.CompletedTask;
        }

        public async Task WaitForAsync(string text, CancellationToken ct)
        {
            await foreach (string line in _lines.ReadAllAsync(ct))
            {
                if (line.Contains(text, StringComparison.Ordinal))
                {
                    return;
                }
            }
        }

        public override string ToString()
        {
            using EventPosition<string> start = _lines.GetOldestPosition();
            using EventReader<string> reader = start.OpenReader();
            List<string> all = [];
            while (reader.TryRead(out string? line))
            {
                all.Add(line);
            }

            return string.Join('\n', all);
        }
    }
}
