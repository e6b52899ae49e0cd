namespace Rx.Samples.Chatterbox;

/// <summary>Watches a room without joining it.</summary>
internal sealed class ChatMonitorSample : Sample
{
    public override string Name => "chatterbox monitor";

    public override string Summary => "Watches a chatterbox without joining it: the members and what they say.";

    public override IReadOnlyList<SampleOption> Options { get; } =
        [new(RoomAddress.Option, "HOST:PORT", $"The address of the server (default: {RoomAddress.Default}).")];

    public override string GetWalkthrough(string command) => RoomAddress.AboutOriginal;

    public override Task<int> RunAsync(SampleArguments arguments, CancellationToken interrupted) =>
        new ChatClient(RoomAddress.ToConnectTo(arguments), Console.Out, Console.Error).MonitorAsync(interrupted);
}
