using BenchmarkDotNet.Attributes;
using Rx.Benchmarks.Measuring;

namespace Rx.Benchmarks.Distributions;

/// <summary>Runs scenarios of the comparison under BenchmarkDotNet, which shows distributions. A run is all operations of a scenario.</summary>
[MemoryDiagnoser]
public abstract class ScenarioBenchmark
{
    private readonly Dictionary<string, (Scenario Scenario, Contender Contender)> _cases;
    private Session? _session;

    private protected ScenarioBenchmark(IEnumerable<Scenario> scenarios) =>
        _cases = scenarios
            .SelectMany(static s => s.Contenders, static (s, c) => (Scenario: s, Contender: c))
            .Where(static c => c.Contender.Prepare is not null)
            .ToDictionary(static c => $"{c.Scenario.Name}, {c.Contender.Name}");

    /// <summary>The scenario and the contender.</summary>
    [ParamsSource(nameof(Cases))]
    public string Case { get; set; } = "";

    /// <summary>Every scenario with every contender.</summary>
    public IEnumerable<string> Cases => _cases.Keys;

    /// <summary>Prepares one run of the work.</summary>
    [IterationSetup]
    public void Prepare() => _session = _cases[Case].Contender.Prepare!(_cases[Case].Scenario.Operations);

    /// <summary>Runs all operations of the scenario.</summary>
    [Benchmark]
    public void Run() => _session!.Run();

    /// <summary>Frees what the work holds.</summary>
    [IterationCleanup]
    public void Close() => _session!.Close?.Invoke();
}
