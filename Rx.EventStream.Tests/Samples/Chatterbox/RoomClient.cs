using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using Rx.Samples.Chatterbox;

namespace Rx.Tests.Samples.Chatterbox;

/// <summary>A gRPC client with its own connection, which reads only when a test asks for an event.</summary>
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

    /// <summary>The name that the server gave to the client.</summary>
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

    /// <summary>Joins the room, and reads up to and including INITIALIZED.</summary>
    public static async Task<RoomClient> JoinAsync(string address, CancellationToken ct)
    {
        RoomClient client = Chat(address);
        await client.ReadUntilAsync(e => e.What == What.Initialized, ct);
        return client;
    }

    /// <summary>Waits until the client has joined, without reading an event.</summary>
    public async Task WaitForNameAsync(CancellationToken ct) => Name = (await _headers.WaitAsync(ct)).GetValue("chatterbox-name") ?? "";

    public Task SayAsync(string text, CancellationToken ct) => _lines!.WriteAsync(new Send { Text = text }, ct);

    /// <summary>Completes the lines. The client can still read.</summary>
    public Task CompleteLinesAsync() => _lines!.CompleteAsync();

    /// <summary>Reads the next event and describes it: <c>JOIN User 1</c>, <c>CHAT User 1: hello</c>.</summary>
    public async Task<string> ReadAsync(CancellationToken ct) => Describe(await NextAsync(ct));

    /// <summary>Reads until an event matches. The matching event is the last one in the list.</summary>
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
            await WaitForNameAsync(ct);
        }

        return read;
    }

    /// <summary>Reads all events, up to the error that ends the call.</summary>
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

    public static string Describe(Event roomEvent) =>
        $"{roomEvent.What.ToString().ToUpperInvariant()} {roomEvent.Who}{(roomEvent.Text.Length == 0 ? "" : $": {roomEvent.Text}")}".TrimEnd();

    /// <summary>Ends the call and closes the connection.</summary>
    public void Dispose()
    {
        _call.Dispose();
        _channel.Dispose();
    }

    private async Task<Event> NextAsync(CancellationToken ct) =>
        await _events.MoveNext(ct) ? _events.Current : throw new AssertionException("The server ended the call.");
}
