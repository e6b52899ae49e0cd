namespace Rx.Samples.Dashboard;

/// <summary>Asks for another load; what is null stays as it is.</summary>
/// <param name="Rate">Events a second, of all publishers together.</param>
/// <param name="Publishers">How many threads.</param>
internal sealed record LoadRequest(int? Rate = null, int? Publishers = null);
