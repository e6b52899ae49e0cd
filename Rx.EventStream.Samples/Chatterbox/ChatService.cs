using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Rx.Nats;

namespace Rx.Samples.Chatterbox;

/// <summary>The gRPC service of the room. Each call is a client that chats, or a monitor that only watches.</summary>
internal sealed class ChatService(Room room, LagPolicy lag) : ChatterBox.ChatterBoxBase
{
    public override async Task Chat(
        IAsyncStreamReader<Send> requestStream, IServerStreamWriter<Event> responseStream, ServerCallContext context)
    {
        string reason = "";
        try
        {
            JoinResult joined = await room.JoinAsync(context.CancellationToken);
            string name = joined.Name;
            await using var feed = new RoomFeed(room, name, lag, responseStream);
            try
            {
                await feed.WaitForJoinAsync(joined, context.CancellationToken);
                await SendHeadersAsync(feed, context, name);

                // Lines are read only after the feed follows the room, so the client receives its own lines. A client that has completed its
                // lines still receives events.
                using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
                Task receiving = ReceiveLinesAsync(name, requestStream, ending.Token);
                Task sending = SendEventsAsync(feed, ending.Token);
                await Task.WhenAll(CancelOnFailureAsync(receiving, ending), CancelOnFailureAsync(sending, ending));
            }
            catch (SubscriberLaggedException error)
            {
                reason = $"cut off, {error.MissedCount:N0} events behind";
                throw;
            }
            finally
            {
                // The member leaves at once, even if the client does not read and so does not get the status yet.
                await room.LeaveAsync(name, reason);
            }
        }
        catch (Exception error) when (ToRpcException(error) is { } translated)
        {
            throw translated;
        }
    }

    public override async Task Monitor(Empty request, IServerStreamWriter<Event> responseStream, ServerCallContext context)
    {
        try
        {
            await using var feed = new RoomFeed(room, $"monitor at {context.Peer}", lag, responseStream);
            await SendHeadersAsync(feed, context, name: null);
            await SendEventsAsync(feed, context.CancellationToken);
        }
        catch (Exception error) when (ToRpcException(error) is { } translated)
        {
            throw translated;
        }
    }

    /// <summary>Sends the headers that only this sample's clients read.</summary>
    private static Task SendHeadersAsync(RoomFeed feed, ServerCallContext context, string? name)
    {
        var headers = new Metadata();
        if (name is not null)
        {
            headers.Add(RoomHeaders.Name, name);
        }

        if (feed.ResumeAt(LogPosition.From(context.RequestHeaders)) is { } next)
        {
            headers.Add(RoomHeaders.Next, $"{next}");
        }

        return context.WriteResponseHeadersAsync(headers);
    }

    /// <summary>Awaits a part of the call. If it fails, the other part is cancelled.</summary>
    private static async Task CancelOnFailureAsync(Task part, CancellationTokenSource ending)
    {
        try
        {
            await part;
        }
        catch
        {
            await ending.CancelAsync();
            throw;
        }
    }

    private static async Task SendEventsAsync(RoomFeed feed, CancellationToken ct)
    {
        await feed.SendAsync(ct);
        throw new RpcException(new Status(StatusCode.Unavailable, "The room is closed."));
    }

    /// <summary>Translates an error of the room for the client; null for any other error.</summary>
    private static RpcException? ToRpcException(Exception error) => error switch
    {
        SubscriberLaggedException lagged => new RpcException(
            new Status(StatusCode.ResourceExhausted, $"You were {lagged.MissedCount:N0} events behind, which is more than the room allows."),
            [new(RoomHeaders.Missed, $"{lagged.MissedCount}")]),
        EventStreamGapException => new RpcException(new Status(StatusCode.DataLoss, error.Message)),
        NatsEventStreamException or NatsPublishException or UnreadableEventException =>
            new RpcException(new Status(StatusCode.Unavailable, error.Message)),
        _ => null,
    };

    private async Task ReceiveLinesAsync(string name, IAsyncStreamReader<Send> client, CancellationToken ct)
    {
        while (await client.MoveNext(ct))
        {
            await room.SayAsync(name, client.Current.Text, ct);
        }
    }
}
