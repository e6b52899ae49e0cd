namespace Rx.Samples.Dashboard;

/// <summary>A request to stall or release a subscriber.</summary>
internal sealed record StallRequest(bool Stalled);
