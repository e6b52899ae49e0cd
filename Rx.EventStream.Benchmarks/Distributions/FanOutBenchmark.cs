using Rx.Benchmarks.Scenarios;

namespace Rx.Benchmarks.Distributions;

/// <summary>One publisher and observers on the thread pool.</summary>
public class FanOutBenchmark() : ScenarioBenchmark(FanOutScenarios.All);
