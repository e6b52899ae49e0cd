using System.Reactive.Concurrency;

namespace Rx.Delivery;

/// <summary>Tells virtual-time schedulers apart, and whether one runs.</summary>
/// <remarks>In virtual time each event takes an action of its own, so that ticks are those of Rx's <c>ObserveOn</c>.</remarks>
internal static class VirtualTime
{
    internal static bool IsClockOf(IScheduler scheduler)
    {
        for (Type? type = scheduler.GetType(); type is not null; type = type.BaseType)
        {
            if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(VirtualTimeSchedulerBase<,>))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the clock runs its actions at this moment. Known of clocks of Rx's two kinds: those of ticks, such as
    /// <c>TestScheduler</c>, and those of dates.</summary>
    internal static bool IsRunning(IScheduler clock) =>
        clock is VirtualTimeSchedulerBase<long, long> { IsEnabled: true } or VirtualTimeSchedulerBase<DateTimeOffset, TimeSpan> { IsEnabled: true };
}
