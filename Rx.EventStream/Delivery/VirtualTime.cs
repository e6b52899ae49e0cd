using System.Reactive.Concurrency;

namespace Rx.Delivery;

/// <summary>Tells virtual-time schedulers apart.</summary>
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
}
