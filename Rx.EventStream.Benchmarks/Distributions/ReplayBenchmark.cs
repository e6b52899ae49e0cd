using Rx.Benchmarks.Scenarios;

namespace Rx.Benchmarks.Distributions;

/// <summary>Streams that keep something for those who come late.</summary>
public class ReplayBenchmark() : ScenarioBenchmark(ReplayScenarios.All);
