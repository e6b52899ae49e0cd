using System.Reactive.Concurrency;

namespace Rx.Operators;

/// <summary>An action after a time, on the clock that a stream's options name.</summary>
internal static class DelayedAction
{
    /// <summary>Schedules the action; disposing the result cancels it.</summary>
    /// <remarks>A scheduler of the calling thread would sleep there, so a timer takes its place.</remarks>
    internal static IDisposable Schedule(EventStreamOptions options, TimeSpan delay, Action action) =>
        options.TimeProvider is null && options.Scheduler is { } scheduler and not (ImmediateScheduler or CurrentThreadScheduler)
            ? scheduler.Schedule(delay, action)
            : (options.TimeProvider ?? TimeProvider.System).CreateTimer(
                static state => ((Action)state!)(), action, delay, Timeout.InfiniteTimeSpan);
}
