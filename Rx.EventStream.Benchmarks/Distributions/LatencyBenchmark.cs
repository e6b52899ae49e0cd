using Rx.Benchmarks.Scenarios;

namespace Rx.Benchmarks.Distributions;

/// <summary>How long one event is on its way to an observer that was idle.</summary>
public class LatencyBenchmark() : ScenarioBenchmark(LatencyScenarios.All);
