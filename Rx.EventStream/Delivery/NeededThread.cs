using System.Reactive.Concurrency;
using System.Runtime.CompilerServices;
using Rx.Parking;

namespace Rx.Delivery;

/// <summary>The thread on which an observer with <see cref="LagPolicy.Wait"/> will be called next, as far as its scheduler shows it. A publisher
/// there that waited for the observer would wait for itself.</summary>
internal sealed class NeededThread
{
    /// <summary>What the observers of any stream on a scheduler have shown, where it has one thread or context for all.</summary>
    private static readonly ConditionalWeakTable<IScheduler, NeededThread> _shared = [];

    private readonly IScheduler _scheduler;

    /// <summary>The identifier of the thread, or 0 if it is unknown. For <c>CurrentThreadScheduler</c>: the thread that has queued the pump's action.
    /// For others: the thread that ran the pump's last action. On virtual time, before the first action: the subscribing thread.</summary>
    /// <remarks>Written with release by the thread that schedules or runs the action, read with acquire by publishers, and by threads that look
    /// for blocked ones. Only a thread itself writes its identifier, and a publisher that was called looks again: so it gives up only where
    /// the value is its own.</remarks>
    private int _id;

    /// <summary>Of Rx's scheduler for a context, which does not tell the context: what was current in the pump's last action. Written with release by the
    /// thread that runs the action, read with acquire by publishers.</summary>
    private SynchronizationContext? _context;

    private NeededThread(IScheduler scheduler)
    {
        _scheduler = scheduler;
        _id = VirtualTime.IsClockOf(scheduler) ? Environment.CurrentManagedThreadId : 0;
    }

    /// <summary>What is known of a scheduler's thread; null for one that has none of its own, or is not known.</summary>
    /// <param name="scheduler">The scheduler.</param>
    /// <param name="isWaitedFor">Whether publishers wait for the observer. For others only that is noted which helps observers on the same
    /// scheduler.</param>
    internal static NeededThread? Of(IScheduler scheduler, bool isWaitedFor) => scheduler switch
    {
        // The base class posts to the thread pool.
        ContextScheduler { Context: var context } => isWaitedFor && context.GetType() != typeof(SynchronizationContext) ? new NeededThread(scheduler) : null,
        EventLoopScheduler or SynchronizationContextScheduler => _shared.GetValue(scheduler, static scheduler => new NeededThread(scheduler)),
        _ => isWaitedFor && (scheduler is CurrentThreadScheduler || VirtualTime.IsClockOf(scheduler)) ? new NeededThread(scheduler) : null,
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
    internal void OnRunning()
    {
        if (_scheduler is SynchronizationContextScheduler and not ContextScheduler)
        {
            Volatile.Write(ref _context, SynchronizationContext.Current);
        }

        Volatile.Write(ref _id, _scheduler is CurrentThreadScheduler ? 0 : Environment.CurrentManagedThreadId);
    }

    /// <summary>Whether the observer cannot be called before this thread returns from what it does.</summary>
    internal bool Is(CallingThread caller) => _scheduler switch
    {
        ContextScheduler { Context: var context } => IsInside(context, caller),
        SynchronizationContextScheduler => Volatile.Read(ref _context) is { } context && IsInside(context, caller),
        CurrentThreadScheduler or EventLoopScheduler => Volatile.Read(ref _id) == caller.Id,
        _ => VirtualTime.IsRunning(_scheduler) && Volatile.Read(ref _id) == caller.Id,
    };

    /// <remarks>A context may have a new object for each of its callbacks, as WPF's has.</remarks>
    private bool IsInside(SynchronizationContext context, CallingThread caller) =>
        context == caller.Context || (Volatile.Read(ref _id) == caller.Id && caller.Context?.GetType() == context.GetType());
}
