using System.Diagnostics;

namespace Rx.Samples.Dashboard;

/// <summary>Where experiments are run, one after the other. Any thread may use it; requests take turns.</summary>
internal sealed class Bench : IAsyncDisposable
{
    /// <summary>High enough that a publisher has several events to publish each time it wakes. With one event at a time the cost would be that
    /// of waking subscribers that sleep, which is the thread pool's.</summary>
    private const int FirstRate = 50_000;
    private const int FirstPublishers = 2;

    /// <summary>Tells the runs of this process from those of others, for pages that outlive it.</summary>
    private readonly string _process = Guid.NewGuid().ToString("N")[..8];
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly long _mostHeld;
    private Run _run;
    private int _runs = 1;

    /// <param name="mostHeld">How many events one subscriber or bookmark may keep in memory.</param>
    public Bench(long mostHeld)
    {
        _mostHeld = mostHeld;
        _run = NewRun();
    }

    /// <summary>Takes the figures of this moment. For one thread at a time.</summary>
    public DashboardFrame Look()
    {
        Run run = Volatile.Read(ref _run);
        return run.Experiment.Look(run.Name, run.Watch.Elapsed.TotalSeconds);
    }

    /// <summary>Does something with the experiment there is.</summary>
    /// <exception cref="RequestException">It makes no sense.</exception>
    public async Task<T> DoAsync<T>(Func<Experiment, T> action)
    {
        await _turn.WaitAsync();
        try
        {
            return action(_run.Experiment);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Ends the experiment and begins another.</summary>
    public async Task StartAgainAsync()
    {
        await ReplaceAsync();

        // The new run allocates too little for the collector to come by itself, and the chart would show the old one's memory for minutes.
        // Here, where no local variable refers to it any more; and twice, since bookmarks give back what they keep in their finalizers.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
    }

    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync();
        await _run.Experiment.DisposeAsync();
        _turn.Dispose();
    }

    private async Task ReplaceAsync()
    {
        await _turn.WaitAsync();
        try
        {
            _runs++;
            Run before = _run;
            Volatile.Write(ref _run, NewRun());
            await before.Experiment.DisposeAsync();
        }
        finally
        {
            _turn.Release();
        }
    }

    private Run NewRun() =>
        new($"{_process}-{_runs}", new Experiment(FirstRate, FirstPublishers, _mostHeld), Stopwatch.StartNew());

    private sealed record Run(string Name, Experiment Experiment, Stopwatch Watch);
}
