using System.Reactive.Concurrency;

namespace Rx.Delivery;

/// <summary>Chooses the pump for a scheduler.</summary>
internal static class PumpFactory
{
    /// <summary>After so many events in one action other work on the pool gets its turn.</summary>
    private const int PoolBatchSize = 1024;

    /// <summary>After so many events in one action an event loop gets to its other work.</summary>
    private const int BatchSize = 64;

    /// <remarks>Asks the scheduler what it can do, which may throw; then the caller still owns the cursor.</remarks>
    internal static Pump<T> Create<T>(in PumpSetup<T> setup)
    {
        Pump<T> pump = Choose(setup);
        if (setup.WaitStrategy.Spins && pump is not ThreadPump<T>)
        {
            throw setup.WaitStrategy.NeedsThread($"on {setup.Scheduler.GetType().Name} a thread that spins would keep other work from running.");
        }

        return pump;
    }

    private static Pump<T> Choose<T>(in PumpSetup<T> setup)
    {
        int maxBatch = setup.MaxBatch == 0 ? BatchSize : setup.MaxBatch;
        switch (setup.Scheduler)
        {
            case DefaultScheduler or ThreadPoolScheduler:
            case TaskPoolScheduler when ReferenceEquals(setup.Scheduler, TaskPoolScheduler.Default):
                return new PoolPump<T>(setup, setup.MaxBatch == 0 ? PoolBatchSize : setup.MaxBatch);

            // It can run long, but a caller with a task factory does not expect a thread for each subscriber.
            case TaskPoolScheduler:
                return new SchedulerPump<T>(setup, maxBatch);
        }

        // With one event in each action, the scheduler's own queue gives the order in which several streams publish, as with Rx.
        if (maxBatch > 1 && LaneKey(setup.Scheduler) is { } key)
        {
            return new LanePump<T>(setup, key, maxBatch);
        }

        if (setup.Scheduler.AsLongRunning() is { } longRunning)
        {
            return new ThreadPump<T>(setup, longRunning);
        }

        bool isDeterministic = setup.Scheduler is CurrentThreadScheduler || VirtualTime.IsClockOf(setup.Scheduler);
        return new SchedulerPump<T>(setup, isDeterministic ? 1 : maxBatch);
    }

    /// <summary>The key of the lane of observers that run one after the other, on a scheduler known to run one action at a time; else null.</summary>
    private static object? LaneKey(IScheduler scheduler) => scheduler switch
    {
        EventLoopScheduler => scheduler,

        // The base class posts to the thread pool, where observers do not wait for each other.
        ContextScheduler { Context: var context } => context.GetType() == typeof(SynchronizationContext) ? null : context,
        SynchronizationContextScheduler => scheduler,
        _ => null,
    };
}
