namespace Rx.Samples.Chatterbox;

/// <summary>Joins a room and sends the lines of standard input.</summary>
internal sealed class ChatClientSample : Sample
{
    public override string Name => "chatterbox client";

    public override string Summary => $"Joins a chatterbox. Type {ChatClient.Who} to list the members, {ChatClient.Quit} to leave. Lines can also be piped in.";

    public override IReadOnlyList<SampleOption> Options { get; } =
        [new(RoomAddress.Option, "HOST:PORT", $"The address of the server (default: {RoomAddress.Default}).")];

    public override string GetWalkthrough(string command) => RoomAddress.AboutOriginal;

    public override Task<int> RunAsync(SampleArguments arguments, CancellationToken interrupted) =>
        new ChatClient(RoomAddress.ToConnectTo(arguments), Console.Out, Console.Error).ChatAsync(ReadLinesAsync(), interrupted);

    private static async IAsyncEnumerable<string> ReadLinesAsync()
    {
        // Not Console.In: its ReadLineAsync blocks the caller.
        using var input = new StreamReader(Console.OpenStandardInput());
        while (await input.ReadLineAsync() is { } line)
        {
            yield return line;
        }
    }
}
