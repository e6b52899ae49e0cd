using System.Diagnostics;

namespace Rx.Samples.Dashboard;

/// <summary>Runs experiments, one after the other. Thread-safe: requests run one at a time.</summary>
internal sealed class ExperimentRunner : IAsyncDisposable
{
    /// <summary>High enough for a publisher to have several events each time it wakes. With one event at a time, the publish cost would be
    /// mainly the cost of waking parked subscribers on the thread pool.</summary>
    private const int InitialRate = 50_000;
    private const int InitialPublishers = 2;

    /// <summary>Makes the run names of this process unique, because a page can outlive the process.</summary>
    private readonly string _process = Guid.NewGuid().ToString("N")[..8];
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly long _maxHeld;
    private Run _run;
    private int _runs = 1;

    /// <param name="maxHeld">How many events a subscriber or bookmark may keep in memory.</param>
    public ExperimentRunner(long maxHeld)
    {
        _maxHeld = maxHeld;
        _run = NewRun();
    }

    /// <summary>Captures the current state of the experiment. Not thread-safe.</summary>
    public DashboardFrame CaptureFrame()
    {
        Run run = Volatile.Read(ref _run);
        return run.Experiment.CaptureFrame(run.Name, run.Watch.Elapsed.TotalSeconds);
    }

    /// <summary>Runs an action on the current experiment.</summary>
    /// <exception cref="RequestException">The action rejected the request.</exception>
    public async Task<T> DoAsync<T>(Func<Experiment, T> action)
    {
        await _gate.WaitAsync();
        try
        {
            return action(_run.Experiment);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Ends the experiment and starts a new one.</summary>
    public async Task RestartAsync()
    {
        await ReplaceAsync();

        // The new run allocates so little that no collection would happen soon, and the chart would show the old run's memory for minutes.
        // The collection is here because no local variable refers to the old run any more. It runs twice because bookmarks free their events
        // in a finalizer.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
    }

    public async ValueTask DisposeAsync()
    {
        await _gate.WaitAsync();
        await _run.Experiment.DisposeAsync();
        _gate.Dispose();
    }

    private async Task ReplaceAsync()
    {
        await _gate.WaitAsync();
        try
        {
            _runs++;
            Run previous = _run;
            Volatile.Write(ref _run, NewRun());
            await previous.Experiment.DisposeAsync();
        }
        finally
        {
            _gate.Release();
        }
    }

    private Run NewRun() =>
        new($"{_process}-{_runs}", new Experiment(InitialRate, InitialPublishers, _maxHeld), Stopwatch.StartNew());

    private sealed record Run(string Name, Experiment Experiment, Stopwatch Watch);
}
