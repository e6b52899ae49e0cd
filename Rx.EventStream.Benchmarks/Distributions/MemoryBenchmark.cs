using Rx.Benchmarks.Scenarios;

namespace Rx.Benchmarks.Distributions;

/// <summary>Long runs, in which memory is freed.</summary>
public class MemoryBenchmark() : ScenarioBenchmark(MemoryScenarios.All);
