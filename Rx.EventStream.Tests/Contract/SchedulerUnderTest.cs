using System.Collections.Concurrent;
using System.Reactive.Concurrency;

namespace Rx.Tests.Contract;

/// <summary>One scheduler for one test.</summary>
internal sealed class SchedulerUnderTest(IScheduler scheduler, Action? run = null, Action? dispose = null) : IDisposable
{
    public IScheduler Scheduler { get; } = scheduler;

    /// <summary>The exceptions that actions of <see cref="Catching"/> threw.</summary>
    public ConcurrentQueue<Exception> Caught { get; } = new();

    /// <summary>The scheduler, with a handler for the exceptions of its actions.</summary>
    public IScheduler Catching => Scheduler.Catch<Exception>(error =>
    {
        Caught.Enqueue(error);
        return true;
    });

    /// <summary>Runs all scheduled actions, if the scheduler leaves that to the test.</summary>
    public void Run() => run?.Invoke();

    /// <summary>Runs all scheduled actions as <see cref="Run"/> does, and fails if the condition does not become true.</summary>
    public void RunUntil(Func<bool> condition, string what)
    {
        Run();
        Eventually.IsTrue(condition, what);
    }

    public void Dispose() => dispose?.Invoke();
}
