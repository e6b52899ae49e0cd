namespace Rx.Samples.Chatterbox;

/// <summary>Takes part in a room: somebody at a prompt, or a script on standard input.</summary>
internal sealed class ChatClientSample : Sample
{
    public override string Name => "chatterbox client";

    public override string Summary => "Takes part in a chatterbox; /who tells who is there, /quit leaves. Lines can be piped into it.";

    public override IReadOnlyList<SampleOption> Options { get; } =
    [
        new(RoomAddress.Option, "HOST:PORT,...", $"Where the server listens, or several that share the room (default: {RoomAddress.Default})."),
    ];

    public override async Task<int> RunAsync(SampleArguments arguments, CancellationToken interrupted)
    {
        RoomAddress[] addresses = RoomAddress.AllFrom(arguments);
        if (Console.IsInputRedirected || !Terminal.IsScreen)
        {
            return await new ClientVisit(addresses, new PlainRoomView()).RunAsync(ReadLinesAsync(), interrupted);
        }

        using var prompt = new Prompt(ClientVisit.Commands);
        return await new ClientVisit(addresses, prompt).RunAsync(prompt.ReadLinesAsync(), interrupted);
    }

    private static async IAsyncEnumerable<string> ReadLinesAsync()
    {
        // Not Console.In, which blocks its caller.
        using var input = new StreamReader(Console.OpenStandardInput());
        while (await input.ReadLineAsync() is { } line)
        {
            yield return line;
        }
    }
}
