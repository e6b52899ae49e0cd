using System.Collections.Concurrent;
using System.Reactive.Concurrency;

namespace Rx.Tests.Contract;

/// <summary>One scheduler for one test.</summary>
internal sealed class SchedulerUnderTest(IScheduler scheduler, Action? run = null, Action? dispose = null) : IDisposable
{
    public IScheduler Scheduler { get; } = scheduler;

    /// <summary>What left the actions of <see cref="Catching"/>.</summary>
    public ConcurrentQueue<Exception> Caught { get; } = new();

    /// <summary>The scheduler, with a handler for what its actions throw.</summary>
    public IScheduler Catching => Scheduler.Catch<Exception>(error =>
    {
        Caught.Enqueue(error);
        return true;
    });

    /// <summary>Has everything scheduled run, where that is the test's to do.</summary>
    public void Run() => run?.Invoke();

    /// <summary>Has everything scheduled run, and fails if the condition never comes true.</summary>
    public void RunUntil(Func<bool> condition, string what)
    {
        Run();
        Eventually.IsTrue(condition, what);
    }

    public void Dispose() => dispose?.Invoke();
}
