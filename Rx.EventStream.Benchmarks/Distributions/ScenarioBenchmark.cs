using BenchmarkDotNet.Attributes;
using Rx.Benchmarks.Measuring;

namespace Rx.Benchmarks.Distributions;

/// <summary>Scenarios of the comparison under BenchmarkDotNet, for those who want distributions. A run is all operations of a scenario.</summary>
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

    /// <summary>Which scenario, and who does it.</summary>
    [ParamsSource(nameof(Cases))]
    public string Case { get; set; } = "";

    /// <summary>All there are.</summary>
    public IEnumerable<string> Cases => _cases.Keys;

    /// <summary>Makes the work ready; it can be done once.</summary>
    [IterationSetup]
    public void Prepare() => _session = _cases[Case].Contender.Prepare!(_cases[Case].Scenario.Operations);

    /// <summary>All operations of the scenario.</summary>
    [Benchmark]
    public void Run() => _session!.Run();

    /// <summary>Gives back what the work held.</summary>
    [IterationCleanup]
    public void Close() => _session!.Close?.Invoke();
}
