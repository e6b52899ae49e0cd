namespace Rx.Samples.Dashboard;

/// <summary>How the publishers of one side fare.</summary>
/// <param name="Published">How many events were published.</param>
/// <param name="Rate">How many in the last second.</param>
/// <param name="Cost">What publishing an event takes, in nanoseconds.</param>
/// <param name="StalledFor">How many seconds the publisher that waits longest has been inside its call, or 0.</param>
internal sealed record SideFrame(long Published, double Rate, double Cost, double StalledFor);
