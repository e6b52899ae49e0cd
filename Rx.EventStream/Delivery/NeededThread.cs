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

    internal NeededThread(IScheduler scheduler)
    {
        _scheduler = scheduler;
        _id = VirtualTime.IsClockOf(scheduler) ? Environment.CurrentManagedThreadId : 0;
    }

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
        ContextScheduler { Context: var context } => context == caller.Context,
        CurrentThreadScheduler or EventLoopScheduler => Volatile.Read(ref _id) == caller.Id,
        _ => VirtualTime.IsRunning(_scheduler) && Volatile.Read(ref _id) == caller.Id,
    };
}
