namespace Rx.Samples.Dashboard;

/// <summary>The state of the publishers of one side.</summary>
/// <param name="Published">The number of published events.</param>
/// <param name="Rate">The number of events published in the last second.</param>
/// <param name="Cost">The time to publish an event, in nanoseconds.</param>
/// <param name="StalledFor">The seconds that the longest stalled publisher has been in its call; 0 if no publisher is stalled.</param>
internal sealed record SideFrame(long Published, double Rate, double Cost, double StalledFor);
