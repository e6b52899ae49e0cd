using System.Reactive.Concurrency;

namespace Rx.Tests.Operators;

/// <summary>The time of a scheduler as a <see cref="TimeProvider"/>, for timers that fire once.</summary>
internal sealed class SchedulerTime(IScheduler scheduler) : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Timer(scheduler.Schedule(dueTime, () => callback(state)));

    private sealed class Timer(IDisposable scheduled) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => throw new NotSupportedException();

        public void Dispose() => scheduled.Dispose();

        public ValueTask DisposeAsync()
        {
            scheduled.Dispose();
            return default;
        }
    }
}
