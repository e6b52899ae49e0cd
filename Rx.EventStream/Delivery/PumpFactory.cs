using System.Reactive.Concurrency;
using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Chooses the pump for a scheduler.</summary>
internal static class PumpFactory
{
    /// <summary>After so many events in one action an event loop gets to its other work.</summary>
    private const int BatchSize = 64;

    internal static Pump<T> Create<T>(
        EventLog<T> log, SubscriptionList subscriptions, Cursor<T> cursor, IObserver<T> observer, string? name, IScheduler scheduler) =>
        scheduler switch
        {
            DefaultScheduler or ThreadPoolScheduler => new PoolPump<T>(log, subscriptions, cursor, observer, name, scheduler),
            TaskPoolScheduler when ReferenceEquals(scheduler, TaskPoolScheduler.Default) =>
                new PoolPump<T>(log, subscriptions, cursor, observer, name, scheduler),

            // It can run long, but a thread for each subscriber is not what somebody with a task factory wants.
            TaskPoolScheduler => new SchedulerPump<T>(log, subscriptions, cursor, observer, name, scheduler, BatchSize),
            _ when scheduler.AsLongRunning() is { } longRunning =>
                new ThreadPump<T>(log, subscriptions, cursor, observer, name, longRunning),
            _ => new SchedulerPump<T>(log, subscriptions, cursor, observer, name, scheduler, IsVirtualTime(scheduler.GetType()) ? 1 : BatchSize),
        };

    /// <summary>In virtual time each event takes an action of its own, so that ticks are those of Rx's <c>ObserveOn</c>.</summary>
    internal static bool IsVirtualTime(Type? type)
    {
        for (; type is not null; type = type.BaseType)
        {
            if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(VirtualTimeSchedulerBase<,>))
            {
                return true;
            }
        }

        return false;
    }
}
