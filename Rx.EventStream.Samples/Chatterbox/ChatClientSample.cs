namespace Rx.Samples.Chatterbox;

/// <summary>Joins a room, with a prompt on a terminal or with a script on standard input.</summary>
internal sealed class ChatClientSample : Sample
{
    public override string Name => "chatterbox client";

    public override string Summary => "Joins a chatterbox. Type /who to list the members, /quit to leave. Lines can also be piped in.";

    public override IReadOnlyList<SampleOption> Options { get; } =
    [
        new(RoomAddress.Option, "HOST:PORT,...", $"The address of the server, or of several servers that share the room (default: {RoomAddress.Default})."),
    ];

    public override async Task<int> RunAsync(SampleArguments arguments, CancellationToken interrupted)
    {
        RoomAddress[] addresses = RoomAddress.AllFrom(arguments);
        if (Console.IsInputRedirected || !Terminal.IsScreen)
        {
            return await new ClientConnection(addresses, new PlainRoomView()).RunAsync(ReadLinesAsync(), interrupted);
        }

        using var prompt = new Prompt(ClientConnection.Commands);
        return await new ClientConnection(addresses, prompt).RunAsync(prompt.ReadLinesAsync(), interrupted);
    }

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
