namespace Rx.Samples.Chatterbox;

/// <summary>Watches a room without being in it.</summary>
internal sealed class ChatMonitorSample : Sample
{
    public override string Name => "chatterbox monitor";

    public override string Summary => "Watches a chatterbox: who is there, and what they say.";

    public override IReadOnlyList<SampleOption> Options { get; } =
    [
        new(RoomAddress.Option, "HOST:PORT,...", $"Where the server listens, or several that share the room (default: {RoomAddress.Default})."),
    ];

    public override async Task<int> RunAsync(SampleArguments arguments, CancellationToken interrupted)
    {
        RoomAddress[] addresses = RoomAddress.AllFrom(arguments);
        if (!Terminal.IsScreen)
        {
            return await new MonitorVisit(addresses, new PlainRoomView()).RunAsync(interrupted);
        }

        var board = new RoomBoard(addresses);
        Task<int> visit = new MonitorVisit(addresses, board).RunAsync(interrupted);
        await board.ShowAsync(visit);
        return await visit;
    }
}
