using Rx.Benchmarks.Measuring;

namespace Rx.Benchmarks.Scenarios;

/// <summary>All scenarios that need no server, in the order of the tables.</summary>
internal static class Catalogue
{
    public static IReadOnlyList<Scenario> All { get; } =
    [
        .. InlineScenarios.All,
        .. ContendedScenarios.All,
        .. FanOutScenarios.All,
        .. ScaleScenarios.All,
        .. HandlerScenarios.All,
        .. LatencyScenarios.All,
        .. ReplayScenarios.All,
        .. SubscriptionScenarios.All,
        .. MemoryScenarios.All,
    ];

    /// <summary>The scenarios with a figure of that name, or with a figure whose name starts with it and a hyphen.</summary>
    public static IReadOnlyList<Scenario> Find(string name, IReadOnlyList<Scenario> all) =>
        [.. all.Where(s => s.Figures.Any(f => f.Name == name || f.Name.StartsWith(name + "-", StringComparison.Ordinal)))];
}
