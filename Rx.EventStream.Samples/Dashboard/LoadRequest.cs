namespace Rx.Samples.Dashboard;

/// <summary>A request to change the load. A value that is null does not change.</summary>
/// <param name="Rate">The events per second of all publishers together.</param>
/// <param name="Publishers">The number of publishing threads.</param>
internal sealed record LoadRequest(int? Rate = null, int? Publishers = null);
