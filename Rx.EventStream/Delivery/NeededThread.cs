using System.Reactive.Concurrency;
using Rx.Parking;

namespace Rx.Delivery;

/// <summary>The thread on which an observer with <see cref="LagPolicy.Wait"/> will be called next, as far as its scheduler shows it. A publisher
/// there that waited for the observer would wait for itself.</summary>
internal sealed class NeededThread
{
    private readonly IScheduler _scheduler;

    /// <summary>The identifier of the thread, or 0. On the current thread's scheduler it is the thread that has queued an action of the pump; else
    /// the thread that ran the last one, and on virtual time before that the subscribing thread. Written with release by the thread that
    /// schedules or runs the action, read with acquire by publishers. A publisher acts on its own identifier, which only its own thread
    /// has written.</summary>
    private int _id;

    private NeededThread(IScheduler scheduler)
    {
        _scheduler = scheduler;
        _id = VirtualTime.IsClockOf(scheduler) ? Environment.CurrentManagedThreadId : 0;
    }

    /// <summary>What is known of a scheduler's thread; null for one that has none of its own, or is not known.</summary>
    internal static NeededThread? Of(IScheduler scheduler) => scheduler switch
    {
        // The base class posts to the thread pool.
        ContextScheduler { Context: var context } when context.GetType() == typeof(SynchronizationContext) => null,
        ContextScheduler or CurrentThreadScheduler or EventLoopScheduler => new NeededThread(scheduler),
        _ => VirtualTime.IsClockOf(scheduler) ? new NeededThread(scheduler) : null,
    };

    /// <summary>The pump is about to schedule an action.</summary>
    internal void OnScheduling()
    {
        if (_scheduler is CurrentThreadScheduler)
        {
            Volatile.Write(ref _id, Environment.CurrentManagedThreadId);
        }
    }

    /// <summary>An action of the pump begins.</summary>
    internal void OnRunning() => Volatile.Write(ref _id, _scheduler is CurrentThreadScheduler ? 0 : Environment.CurrentManagedThreadId);

    /// <summary>Whether the observer cannot be called before this thread returns from what it does.</summary>
    internal bool Is(CallingThread caller) => _scheduler switch
    {
        // A context may have a new object for each of its callbacks, as WPF's has.
        ContextScheduler { Context: var context } =>
            context == caller.Context || (Volatile.Read(ref _id) == caller.Id && caller.Context?.GetType() == context.GetType()),
        CurrentThreadScheduler or EventLoopScheduler => Volatile.Read(ref _id) == caller.Id,
        _ => VirtualTime.IsRunning(_scheduler) && Volatile.Read(ref _id) == caller.Id,
    };
}
