using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Rx.Nats;

namespace Rx.Samples.Chatterbox;

/// <summary>The room as a gRPC service: each call is a client that comes, talks and goes, or one that only watches.</summary>
internal sealed class ChatService(Room room, LagPolicy lag) : ChatterBox.ChatterBoxBase
{
    public override async Task Chat(
        IAsyncStreamReader<Send> requestStream, IServerStreamWriter<Event> responseStream, ServerCallContext context)
    {
        string reason = "";
        try
        {
            Newcomer newcomer = await room.JoinAsync(context.CancellationToken);
            string name = newcomer.Name;
            await using var feed = new RoomFeed(room, name, lag, responseStream);
            try
            {
                await feed.AwaitJoinAsync(newcomer, context.CancellationToken);
                await GreetAsync(feed, context, name);

                // Heard only now that it follows the room, so that the client hears itself. When it has said its last word, it may
                // go on listening.
                using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
                Task hearing = HearAsync(name, requestStream, ending.Token);
                Task telling = TellAsync(feed, ending.Token);
                await Task.WhenAll(EndsTheCall(hearing, ending), EndsTheCall(telling, ending));
            }
            catch (SubscriberLaggedException error)
            {
                reason = $"cut off, {error.MissedCount:N0} events behind";
                throw;
            }
            finally
            {
                // At once, not when a client that does not read has been told.
                await room.LeaveAsync(name, reason);
            }
        }
        catch (Exception error) when (Translate(error) is { } told)
        {
            throw told;
        }
    }

    public override async Task Monitor(Empty request, IServerStreamWriter<Event> responseStream, ServerCallContext context)
    {
        try
        {
            await using var feed = new RoomFeed(room, $"monitor at {context.Peer}", lag, responseStream);
            await GreetAsync(feed, context, name: null);
            await TellAsync(feed, context.CancellationToken);
        }
        catch (Exception error) when (Translate(error) is { } told)
        {
            throw told;
        }
    }

    /// <summary>Tells the client what these programs know about each other.</summary>
    private static Task GreetAsync(RoomFeed feed, ServerCallContext context, string? name)
    {
        var headers = new Metadata();
        if (name is not null)
        {
            headers.Add(RoomHeaders.Name, name);
        }

        if (feed.GoOnAt(LogPlace.From(context.RequestHeaders)) is { } next)
        {
            headers.Add(RoomHeaders.Next, $"{next}");
        }

        return context.WriteResponseHeadersAsync(headers);
    }

    /// <summary>The part, whose failure ends the other part of the call, too.</summary>
    private static async Task EndsTheCall(Task part, CancellationTokenSource ending)
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

    private static async Task TellAsync(RoomFeed feed, CancellationToken ct)
    {
        await feed.SendAsync(ct);
        throw new RpcException(new Status(StatusCode.Unavailable, "The room is closed."));
    }

    /// <summary>What the client is told of an error of the room; null if the error is another.</summary>
    private static RpcException? Translate(Exception error) => error switch
    {
        SubscriberLaggedException lagged => new RpcException(
            new Status(StatusCode.ResourceExhausted, $"You were {lagged.MissedCount:N0} events behind, which is more than the room allows."),
            [new(RoomHeaders.Missed, $"{lagged.MissedCount}")]),
        EventStreamGapException => new RpcException(new Status(StatusCode.DataLoss, error.Message)),
        NatsEventStreamException or NatsPublishException or UnreadableEventException =>
            new RpcException(new Status(StatusCode.Unavailable, error.Message)),
        _ => null,
    };

    private async Task HearAsync(string name, IAsyncStreamReader<Send> client, CancellationToken ct)
    {
        while (await client.MoveNext(ct))
        {
            await room.SayAsync(name, client.Current.Text, ct);
        }
    }
}
