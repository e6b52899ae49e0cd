using Rx.AspNetCore.ServerSentEvents;

namespace Rx.AspNetCore.Dashboard;

/// <summary>What exists while pages are open, and for as long afterwards as their frames are retained.</summary>
/// <param name="Camera">Captures the frames.</param>
/// <param name="Endpoint">Serves the stream of the frames.</param>
internal sealed record DashboardSession(FrameCamera Camera, EventStreamEndpoint<DashboardFrame> Endpoint)
{
    internal void Publish() => Endpoint.Origin.Stream.OnNext(Camera.Capture());
}
