using System.Reactive.Concurrency;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Rx.Parking;

namespace Rx.Delivery;

/// <summary>Delivers on the thread pool, without an allocation or a detour through the scheduler for each batch.</summary>
/// <remarks>For the schedulers that do nothing but hand work to the default thread pool.</remarks>
internal sealed class PoolPump<T> : Pump<T>, IThreadPoolWorkItem
{
    /// <summary>Some eight microseconds, which is less than being woken takes.</summary>
    private const int IdleLingerSpins = 256;

    /// <summary>Settles the call that has returned, begins the next one, and finds that no more may begin: the code that has completed the
    /// call waits for no more than that.</summary>
    private const int AfterCallBatch = 3;

    private readonly IScheduler _scheduler;
    private readonly int _batchSize;

    internal PoolPump(in PumpSetup<T> setup, int batchSize)
        : base(setup)
    {
        _scheduler = setup.Scheduler;
        _batchSize = batchSize;
    }

    private protected override ParkingPlace Place => ParkingPlace.Pool;

    void IThreadPoolWorkItem.Execute() => Run(_batchSize);

    /// <remarks>A continuation of <c>await</c> runs on such a thread too. It saves the pool a second work item for each call.</remarks>
    internal override void WakeAfterCall()
    {
        if (!MayRunHere)
        {
            base.WakeAfterCall();
        }
        else if (TryWake())
        {
            Run(Math.Min(_batchSize, AfterCallBatch));
        }
    }

    /// <summary>Whether this is a thread as the pool gives it, with stack to spare. Without a context of its own the handler would see that of
    /// the code that has completed the call.</summary>
    private bool MayRunHere =>
        HasContext
        && Thread.CurrentThread.IsThreadPoolThread
        && SynchronizationContext.Current is null
        && TaskScheduler.Current == TaskScheduler.Default
        && RuntimeHelpers.TryEnsureSufficientExecutionStack();

    private void Run(int batchSize)
    {
        try
        {
            if (RunBatch(batchSize))
            {
                Schedule();
            }
        }
        catch (Exception error)
        {
            // It leaves an action of the scheduler, which has its own way of handling exceptions.
            _scheduler.Schedule(ExceptionDispatchInfo.Capture(error), static (info, _) => info.Throw());
        }
    }

    private protected override int LingerSpins => ThreadPool.PendingWorkItemCount == 0 ? IdleLingerSpins : 0;

    private protected override void Schedule() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
}
