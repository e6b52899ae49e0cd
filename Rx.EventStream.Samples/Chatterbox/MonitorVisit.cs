using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Rx.Samples.Chatterbox;

/// <summary>A visit of one who only watches.</summary>
internal sealed class MonitorVisit(IReadOnlyList<RoomAddress> addresses, IRoomView view) : Visit(addresses, view)
{
    public Task<int> RunAsync(CancellationToken ct) => StayAsync(ct);

    protected override async Task CallAsync(ChatterBox.ChatterBoxClient room, CancellationToken ct)
    {
        using AsyncServerStreamingCall<Event> call = room.Monitor(new Empty(), Resuming, cancellationToken: ct);
        await ArriveAsync(call.ResponseHeadersAsync, call.ResponseStream, ct);
        await FollowAsync(call.ResponseStream, ct);
    }
}
