using Rx.Benchmarks.Scenarios;

namespace Rx.Benchmarks.Distributions;

/// <summary>Streams with retention.</summary>
public class ReplayBenchmark() : ScenarioBenchmark(ReplayScenarios.All);
