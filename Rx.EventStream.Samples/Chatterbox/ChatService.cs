using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Rx.Samples.Chatterbox;

/// <summary>The gRPC service of the room. Each call is a client that chats, or a monitor that only watches.</summary>
internal sealed class ChatService(Room room, LagPolicy lag) : ChatterBox.ChatterBoxBase
{
    /// <summary>The response header with the client's name in the room. Clients of the Go original do not need it.</summary>
    public const string NameHeader = "chatterbox-name";

    /// <summary>The server reads no lines from a member that is more events behind, so that its own lines cannot get it cut off.</summary>
    public const int MaxBehind = 1_000;

    public override async Task Chat(IAsyncStreamReader<Send> requestStream, IServerStreamWriter<Event> responseStream, ServerCallContext context)
    {
        string name = await room.JoinAsync();
        string reason = "";

        // This throws only if the room is closed. Then the member has no event to leave with, and no client sees it.
        await using var feed = new ChatFeed(room, name, lag, responseStream);
        try
        {
            await context.WriteResponseHeadersAsync([new(NameHeader, name)]);

            // Lines are read only after the feed is open, so that the client receives its own lines.
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
            Task telling = feed.SendAsync(ending.Token);
            Task hearing = HearAsync(name, requestStream, feed, ending.Token);
            try
            {
                // A client that has completed its lines still receives events.
                await await Task.WhenAny(telling, hearing);
                await telling;
            }
            finally
            {
                await ending.CancelAsync();
                await Task.WhenAll(telling, hearing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        catch (SubscriberLaggedException error)
        {
            reason = $"cut off, {error.MissedCount:N0} events behind";
            throw CutOff(error);
        }
        finally
        {
            // The member leaves at once, even if the client does not read, and so does not receive the status yet.
            room.Leave(name, reason);
        }
    }

    public override async Task Monitor(Empty request, IServerStreamWriter<Event> responseStream, ServerCallContext context)
    {
        await using var feed = new ChatFeed(room, $"monitor at {context.Peer}", lag, responseStream);
        try
        {
            await feed.SendAsync(context.CancellationToken);
        }
        catch (SubscriberLaggedException error)
        {
            throw CutOff(error);
        }
    }

    private static RpcException CutOff(SubscriberLaggedException error) =>
        new(new Status(StatusCode.ResourceExhausted, $"You were {error.MissedCount:N0} events behind, which is more than the room allows."));

    private async Task HearAsync(string name, IAsyncStreamReader<Send> lines, ChatFeed feed, CancellationToken ct)
    {
        while (await lines.MoveNext(ct))
        {
            room.Say(name, lines.Current.Text);
            while (feed.Lag > MaxBehind)
            {
                await Task.Delay(5, ct);
            }
        }
    }
}
