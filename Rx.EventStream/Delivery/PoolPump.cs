using System.Reactive.Concurrency;
using System.Runtime.ExceptionServices;
using Rx.Parking;

namespace Rx.Delivery;

/// <summary>Delivers on the thread pool, without an allocation or a detour through the scheduler for each batch.</summary>
/// <remarks>For the schedulers that do nothing but hand work to the default thread pool.</remarks>
internal sealed class PoolPump<T> : Pump<T>, IThreadPoolWorkItem
{
    /// <summary>Some eight microseconds, which is less than being woken takes.</summary>
    private const int IdleLingerSpins = 256;

    private readonly int _batchSize;

    internal PoolPump(in PumpSetup<T> setup, int batchSize)
        : base(setup)
    {
        _batchSize = batchSize;
    }

    private protected override ParkingPlace Place => ParkingPlace.Pool;

    void IThreadPoolWorkItem.Execute()
    {
        try
        {
            if (RunBatch(_batchSize))
            {
                Schedule();
            }
        }
        catch (Exception error)
        {
            // It leaves an action of the scheduler, which has its own way of handling exceptions.
            Scheduler.Schedule(ExceptionDispatchInfo.Capture(error), static (info, _) => info.Throw());
        }
    }

    private protected override int LingerSpins => PoolBacklog.IsEmpty ? IdleLingerSpins : 0;

    private protected override void Schedule() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
}
