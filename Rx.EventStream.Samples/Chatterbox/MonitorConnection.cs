using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Rx.Samples.Chatterbox;

/// <summary>The connection of a monitor, which watches the room without joining it.</summary>
internal sealed class MonitorConnection(IReadOnlyList<RoomAddress> addresses, IRoomView view) : RoomConnection(addresses, view)
{
    public Task<int> RunAsync(CancellationToken ct) => KeepConnectedAsync(ct);

    protected override async Task CallAsync(ChatterBox.ChatterBoxClient room, CancellationToken ct)
    {
        using AsyncServerStreamingCall<Event> call = room.Monitor(new Empty(), ResumeHeaders, cancellationToken: ct);
        await ReceiveMembersAsync(call.ResponseHeadersAsync, call.ResponseStream, ct);
        await FollowAsync(call.ResponseStream, ct);
    }
}
