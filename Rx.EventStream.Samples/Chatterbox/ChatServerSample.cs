using System.Reactive.Concurrency;
using System.Reactive.Linq;

namespace Rx.Samples.Chatterbox;

/// <summary>Serves a room until interrupted, and prints the names of clients that join and leave.</summary>
internal sealed class ChatServerSample : Sample
{
    private const string Lag = "--lag";

    public override string Name => "chatterbox server";

    public override string Summary => "A chat room over gRPC: one stream that all clients follow.";

    public override IReadOnlyList<SampleOption> Options { get; } =
    [
        new(RoomAddress.Option, "HOST:PORT", $"Listen on this address; port 0 selects a free port (default: {RoomAddress.Default})."),
        new(Lag, "N", "Cut off a client that is more than N events behind, 1 to 1,000,000 (default: 20,000)."),
    ];

    public override string GetWalkthrough(string command) => RoomAddress.AboutOriginal;

    public override async Task<int> RunAsync(SampleArguments arguments, CancellationToken interrupted)
    {
        var address = RoomAddress.From(arguments);
        int lag = arguments.Integer(Lag, defaultValue: 20_000, min: 1, max: 1_000_000);
        using var room = new Room();
        using IDisposable log = room.Events.ObserveOn(TaskPoolScheduler.Default).WithName("log")
            .Where(e => e.What is What.Join or What.Leave)
            .Subscribe(e => Console.WriteLine(RoomText.Format(e)));
        await using (ChatServer server = await ChatServer.StartAsync(address, room, LagPolicy.Fail(lag)))
        {
            Console.WriteLine($"The room is open at {server.Address}. Ctrl-C closes it.");
            await Task.Delay(Timeout.Infinite, interrupted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Console.WriteLine("The room is closed.");
        return 0;
    }
}
