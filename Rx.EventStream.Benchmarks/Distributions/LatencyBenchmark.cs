using Rx.Benchmarks.Scenarios;

namespace Rx.Benchmarks.Distributions;

/// <summary>How long one event takes to reach an idle observer.</summary>
public class LatencyBenchmark() : ScenarioBenchmark(LatencyScenarios.All);
