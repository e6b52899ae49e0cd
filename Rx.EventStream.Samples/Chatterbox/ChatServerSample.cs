using System.Reactive.Concurrency;
using System.Reactive.Linq;

namespace Rx.Samples.Chatterbox;

/// <summary>Serves a room until it is interrupted, and tells who comes and goes.</summary>
internal sealed class ChatServerSample : Sample
{
    public const string Log = "--nats";

    private const string Lag = "--lag";
    private const string LogStream = "--stream";
    private const string DefaultStream = "chatterbox";

    public override string Name => "chatterbox server";

    public override string Summary => "A chat room over gRPC, as one stream that all clients follow.";

    public override IReadOnlyList<SampleOption> Options { get; } =
    [
        new(RoomAddress.Option, "HOST:PORT", $"Listen there; port 0 is any free one (default: {RoomAddress.Default})."),
        new(Lag, "N", "Cut off who is more than N events behind, 1 to 1,000,000 (default: 20,000)."),
        new(Log, "URL", "Share the room with other servers, through NATS JetStream there, such as nats://127.0.0.1:4222."),
        new(LogStream, "NAME", $"With {Log}: the stream, which is made if it is missing (default: {DefaultStream})."),
    ];

    public override async Task<int> RunAsync(SampleArguments arguments, CancellationToken interrupted)
    {
        var address = RoomAddress.From(arguments);
        int lag = arguments.Integer(Lag, otherwise: 20_000, least: 1, most: 1_000_000);
        await using Room room = await OpenAsync(arguments, interrupted);
        var failed = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        using IDisposable log = room.Events.ObserveOn(TaskPoolScheduler.Default).WithName("log")
            .Where(e => e.What is What.Join or What.Leave)
            .Subscribe(e => Console.WriteLine(Wording.Of(e)), error => failed.TrySetResult(error));
        await using ChatServer server = await ChatServer.StartAsync(address, room, LagPolicy.Fail(lag));
        Console.WriteLine($"The room is open at {server.Address}. Ctrl-C closes it.");
        await Task.WhenAny(failed.Task, Task.Delay(Timeout.Infinite, interrupted));
        if (failed.Task.IsCompleted)
        {
            await Console.Error.WriteLineAsync($"The room cannot go on: {(await failed.Task).Message}");
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
            throw new UsageException($"{Log} must be the address of a server of NATS, such as nats://127.0.0.1:4222, not '{url}'.");
        }

        if (stream?.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') == false)
        {
            throw new UsageException($"{LogStream} must be of letters, digits, '-' and '_', not '{stream}'.");
        }

        return await SharedRoom.OpenAsync(uri, stream ?? DefaultStream, ct);
    }
}
