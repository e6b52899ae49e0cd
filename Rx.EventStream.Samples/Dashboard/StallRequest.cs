namespace Rx.Samples.Dashboard;

/// <summary>Asks a subscriber to stop or to go on.</summary>
internal sealed record StallRequest(bool Stalled);
