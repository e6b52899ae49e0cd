namespace Rx.Tests.Samples.Dashboard;

/// <summary>A server-sent event with a frame.</summary>
internal sealed record DashboardEvent(long Id, Frame Frame);
