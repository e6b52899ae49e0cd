namespace Rx.Tests.Samples.Dashboard;

/// <summary>One event that the page gets.</summary>
internal sealed record DashboardEvent(long Id, Frame Frame);
