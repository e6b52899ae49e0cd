using Rx.Benchmarks.Scenarios;

namespace Rx.Benchmarks.Distributions;

/// <summary>Subscribing and unsubscribing each of many observers.</summary>
public class SubscriptionBenchmark() : ScenarioBenchmark(SubscriptionScenarios.All);
