namespace Rx.Samples.Chatterbox;

/// <summary>Watches a room without joining it.</summary>
internal sealed class ChatMonitorSample : Sample
{
    public override string Name => "chatterbox monitor";

    public override string Summary => "Watches a chatterbox without joining it: the members and what they say.";

    public override IReadOnlyList<SampleOption> Options { get; } =
    [
        new(RoomAddress.Option, "HOST:PORT,...", $"The address of the server, or of several servers that share the room (default: {RoomAddress.Default})."),
    ];

    public override async Task<int> RunAsync(SampleArguments arguments, CancellationToken interrupted)
    {
        RoomAddress[] addresses = RoomAddress.AllFrom(arguments);
        if (!Terminal.IsScreen)
        {
            return await new MonitorConnection(addresses, new PlainRoomView()).RunAsync(interrupted);
        }

        var view = new LiveRoomView(addresses);
        Task<int> running = new MonitorConnection(addresses, view).RunAsync(interrupted);
        await view.ShowAsync(running);
        return await running;
    }
}
