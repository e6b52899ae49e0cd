using System.Reactive.Concurrency;
using System.Reactive.Linq;

namespace Rx.Samples.Chatterbox;

/// <summary>Serves a room until interrupted, and prints the names of clients that join and leave.</summary>
internal sealed class ChatServerSample : Sample
{
    public const string Log = "--nats";

    private const string Lag = "--lag";
    private const string LogStream = "--stream";
    private const string DefaultStream = "chatterbox";

    public override string Name => "chatterbox server";

    public override string Summary => "A chat room over gRPC: one stream that all clients follow.";

    public override IReadOnlyList<SampleOption> Options { get; } =
    [
        new(RoomAddress.Option, "HOST:PORT", $"Listen on this address; port 0 selects a free port (default: {RoomAddress.Default})."),
        new(Lag, "N", "Cut off a client that is more than N events behind, 1 to 1,000,000 (default: 20,000)."),
        new(Log, "URL", "Share the room with other servers through NATS JetStream at this URL, such as nats://127.0.0.1:4222."),
        new(LogStream, "NAME", $"With {Log}: the name of the JetStream stream, which is created if it does not exist (default: {DefaultStream})."),
    ];

    public override async Task<int> RunAsync(SampleArguments arguments, CancellationToken interrupted)
    {
        var address = RoomAddress.From(arguments);
        int lag = arguments.Integer(Lag, defaultValue: 20_000, min: 1, max: 1_000_000);
        await using Room room = await OpenAsync(arguments, interrupted);
        var failed = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        using IDisposable log = room.Events.ObserveOn(TaskPoolScheduler.Default).WithName("log")
            .Where(e => e.What is What.Join or What.Leave)
            .Subscribe(e => Console.WriteLine(RoomText.Format(e)), error => failed.TrySetResult(error));
        await using ChatServer server = await ChatServer.StartAsync(address, room, LagPolicy.Fail(lag));
        Console.WriteLine($"The room is open at {server.Address}. Ctrl-C closes it.");
        await Task.WhenAny(failed.Task, Task.Delay(Timeout.Infinite, interrupted));
        if (failed.Task.IsCompleted)
        {
            await Console.Error.WriteLineAsync($"The room cannot continue: {(await failed.Task).Message}");
            return 1;
        }

        room.Close();
        Console.WriteLine("The room is closed.");
        return 0;
    }

    private static async Task<Room> OpenAsync(SampleArguments arguments, CancellationToken ct)
    {
        string? stream = arguments.Text(LogStream);
        if (arguments.Text(Log) is not { } url)
        {
            return stream is null ? new LocalRoom() : throw new UsageException($"{LogStream} needs {Log}.");
        }

        if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("nats" or "tls" or "ws" or "wss") || uri.Host.Length == 0)
        {
            throw new UsageException($"{Log} must be the address of a NATS server, such as nats://127.0.0.1:4222, not '{url}'.");
        }

        if (stream?.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') == false)
        {
            throw new UsageException($"{LogStream} must consist of letters, digits, '-' and '_', not '{stream}'.");
        }

        return await SharedRoom.OpenAsync(uri, stream ?? DefaultStream, ct);
    }
}
