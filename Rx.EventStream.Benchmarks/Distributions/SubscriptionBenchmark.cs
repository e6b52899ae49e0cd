using Rx.Benchmarks.Scenarios;

namespace Rx.Benchmarks.Distributions;

/// <summary>Coming and going, of each of so many.</summary>
public class SubscriptionBenchmark() : ScenarioBenchmark(SubscriptionScenarios.All);
