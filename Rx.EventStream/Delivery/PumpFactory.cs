using System.Reactive.Concurrency;

namespace Rx.Delivery;

/// <summary>Chooses the pump for a scheduler.</summary>
internal static class PumpFactory
{
    /// <summary>After so many events in one action an event loop gets to its other work.</summary>
    private const int BatchSize = 64;

    internal static Pump<T> Create<T>(in PumpSetup<T> setup) => setup.Scheduler switch
    {
        DefaultScheduler or ThreadPoolScheduler => new PoolPump<T>(setup),
        TaskPoolScheduler when ReferenceEquals(setup.Scheduler, TaskPoolScheduler.Default) => new PoolPump<T>(setup),

        // It can run long, but a caller with a task factory does not expect a thread for each subscriber.
        TaskPoolScheduler => new SchedulerPump<T>(setup, BatchSize),
        _ when setup.Scheduler.AsLongRunning() is { } longRunning => new ThreadPump<T>(setup, longRunning),
        _ => new SchedulerPump<T>(setup, VirtualTime.IsClockOf(setup.Scheduler) ? 1 : BatchSize),
    };
}
