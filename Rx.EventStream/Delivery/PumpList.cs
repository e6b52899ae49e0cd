using System.Reactive.Concurrency;
using System.Runtime.InteropServices;
using Rx.Parking;
using Rx.Storage;

namespace Rx.Delivery;

/// <summary>The subscriptions on schedulers, and what they have in common: where they park, and what those share that are on one
/// scheduler.</summary>
internal sealed class PumpList<T>(ParkingLot<T> parking, object? metered) : SubscriptionList(metered)
{
    private readonly UninterruptibleLock _sharing = new();

    /// <summary>The lanes by what their pumps share, or null until the first one. Under the lock.</summary>
    private Dictionary<object, SchedulerLane<T>>? _lanes;

    /// <summary>How many pumps are on a scheduler, or null until the first one is counted. Under the lock.</summary>
    private Dictionary<IScheduler, SharedScheduler>? _shared;

    /// <summary>The readers of the stream, which have cursors of their own as pumps do.</summary>
    internal SubscriptionList Readers { get; } = new(metered);

    /// <summary>Where the pumps park.</summary>
    internal ParkingLot<T> Parking => parking;

    /// <summary>Adds a pump to the lane for a key, which is made if there is none.</summary>
    internal SchedulerLane<T> JoinLane(object key, IScheduler scheduler, LanePump<T> pump)
    {
        using (_sharing.Enter())
        {
            _lanes ??= new(ReferenceEqualityComparer.Instance);
            if (!_lanes.TryGetValue(key, out SchedulerLane<T>? lane))
            {
                lane = new SchedulerLane<T>(key, scheduler);
                _lanes.Add(key, lane);
            }

            lane.Add(pump);
            return lane;
        }
    }

    /// <summary>Takes a pump out of its lane, which ends with its last one.</summary>
    internal void LeaveLane(SchedulerLane<T> lane, LanePump<T> pump)
    {
        using (_sharing.Enter())
        {
            if (lane.Remove(pump))
            {
                _lanes!.Remove(lane.Key);
            }
        }
    }

    /// <summary>Counts a pump on a scheduler.</summary>
    internal SharedScheduler Share(IScheduler scheduler)
    {
        using (_sharing.Enter())
        {
            _shared ??= new(ReferenceEqualityComparer.Instance);
            ref SharedScheduler? shared = ref CollectionsMarshal.GetValueRefOrAddDefault(_shared, scheduler, out _);
            shared ??= new SharedScheduler(scheduler);
            shared.Count++;
            return shared;
        }
    }

    /// <summary>Counts a pump out that was counted on its scheduler.</summary>
    internal void Leave(SharedScheduler shared)
    {
        using (_sharing.Enter())
        {
            if (--shared.Count == 0)
            {
                _shared!.Remove(shared.Scheduler);
            }
        }
    }
}
