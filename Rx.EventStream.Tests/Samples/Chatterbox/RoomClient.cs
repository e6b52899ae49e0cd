using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using Rx.Samples.Chatterbox;

namespace Rx.Tests.Samples.Chatterbox;

/// <summary>A gRPC client with a connection of its own, which reads only when told to.</summary>
internal sealed class RoomClient : IDisposable
{
    private readonly GrpcChannel _channel;
    private readonly IDisposable _call;
    private readonly IAsyncStreamReader<Event> _events;
    private readonly IClientStreamWriter<Send>? _lines;
    private readonly Task<Metadata> _headers;

    private RoomClient(
        GrpcChannel channel, IDisposable call, Task<Metadata> headers, IAsyncStreamReader<Event> events, IClientStreamWriter<Send>? lines)
    {
        _channel = channel;
        _call = call;
        _headers = headers;
        _events = events;
        _lines = lines;
    }

    /// <summary>How the server calls it.</summary>
    public string Name { get; private set; } = "";

    public static RoomClient Chat(string address)
    {
        var channel = GrpcChannel.ForAddress($"http://{address}");
        AsyncDuplexStreamingCall<Send, Event> call = new ChatterBox.ChatterBoxClient(channel).Chat();
        return new(channel, call, call.ResponseHeadersAsync, call.ResponseStream, call.RequestStream);
    }

    public static RoomClient Monitor(string address)
    {
        var channel = GrpcChannel.ForAddress($"http://{address}");
        AsyncServerStreamingCall<Event> call = new ChatterBox.ChatterBoxClient(channel).Monitor(new Empty());
        return new(channel, call, call.ResponseHeadersAsync, call.ResponseStream, null);
    }

    /// <summary>A client that has come in; it has read up to, and with, INITIALIZED.</summary>
    public static async Task<RoomClient> JoinAsync(string address, CancellationToken ct)
    {
        RoomClient client = Chat(address);
        await client.ReadUntilAsync(e => e.What == What.Initialized, ct);
        return client;
    }

    /// <summary>Waits until the server has taken it in, without reading an event.</summary>
    public async Task AwaitNameAsync(CancellationToken ct) => Name = (await _headers.WaitAsync(ct)).GetValue("chatterbox-name") ?? "";

    public Task SayAsync(string text, CancellationToken ct) => _lines!.WriteAsync(new Send { Text = text }, ct);

    /// <summary>Says nothing more, and goes on listening.</summary>
    public Task FallSilentAsync() => _lines!.CompleteAsync();

    /// <summary>The next event, in short: <c>JOIN User 1</c>, <c>CHAT User 1: hello</c>.</summary>
    public async Task<string> ReadAsync(CancellationToken ct) => Describe(await NextAsync(ct));

    /// <summary>Reads on until an event is what is looked for; that is the last one in the list.</summary>
    public async Task<List<Event>> ReadUntilAsync(Predicate<Event> isLast, CancellationToken ct)
    {
        List<Event> read = [];
        do
        {
            read.Add(await NextAsync(ct));
        }
        while (!isLast(read[^1]));
        if (Name.Length == 0)
        {
            await AwaitNameAsync(ct);
        }

        return read;
    }

    /// <summary>Reads what there is, up to the error that ends the call.</summary>
    public async Task<RpcException> ReadToErrorAsync(ICollection<Event> read, CancellationToken ct)
    {
        try
        {
            while (true)
            {
                read.Add(await NextAsync(ct));
            }
        }
        catch (RpcException error)
        {
            return error;
        }
    }

    public static string Describe(Event happened) =>
        $"{happened.What.ToString().ToUpperInvariant()} {happened.Who}{(happened.Text.Length == 0 ? "" : $": {happened.Text}")}".TrimEnd();

    /// <summary>Hangs up.</summary>
    public void Dispose()
    {
        _call.Dispose();
        _channel.Dispose();
    }

    private async Task<Event> NextAsync(CancellationToken ct) =>
        await _events.MoveNext(ct) ? _events.Current : throw new AssertionException("The server ended the call.");
}
