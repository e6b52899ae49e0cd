using Rx.Benchmarks.Scenarios;

namespace Rx.Benchmarks.Distributions;

/// <summary>Publishing with observers on the publishing thread, or with none.</summary>
public class InlineBenchmark() : ScenarioBenchmark(InlineScenarios.All);
