using System.Reactive.Concurrency;

namespace Rx.Delivery;

/// <summary>How many pumps of a stream are on a scheduler.</summary>
internal sealed class SharedScheduler(IScheduler scheduler)
{
    private int _count;

    internal IScheduler Scheduler => scheduler;

    /// <summary>How many there are. Written under the lock of the <see cref="PumpList{T}"/> with release, read with acquire by pumps as
    /// they run.</summary>
    internal int Count
    {
        get => Volatile.Read(ref _count);
        set => Volatile.Write(ref _count, value);
    }
}
