using System.Reactive.Concurrency;
using System.Reactive.Disposables;

namespace Rx.Testing.Timing;

/// <summary>A timer on virtual time. A timer that is due at once fires in the next tick.</summary>
internal sealed class MarbleTimer : ITimer
{
    private readonly MarbleScheduler _scheduler;
    private readonly TimerCallback _callback;
    private readonly object? _state;
    private readonly ExecutionContext? _context = ExecutionContext.Capture();
    private readonly SerialDisposable _next = new();

    public MarbleTimer(MarbleScheduler scheduler, TimerCallback callback, object? state) =>
        (_scheduler, _callback, _state) = (scheduler, callback, state);

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        Check(dueTime);
        Check(period);

        if (_next.IsDisposed)
        {
            return false;
        }

        Schedule(dueTime, period);
        return true;
    }

    public void Dispose() => _next.Dispose();

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    private static void Check(TimeSpan time)
    {
        if (time < TimeSpan.Zero && time != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(nameof(time), time, "A time of a timer is not negative, unless it is Timeout.InfiniteTimeSpan.");
        }
    }

    private void Schedule(TimeSpan dueTime, TimeSpan period) =>
        _next.Disposable = dueTime == Timeout.InfiniteTimeSpan ? Disposable.Empty : _scheduler.Schedule(dueTime, () => Fire(period));

    private void Fire(TimeSpan period)
    {
        if (period > TimeSpan.Zero)
        {
            Schedule(period, period);
        }

        if (_context is null)
        {
            _callback(_state);
        }
        else
        {
            ExecutionContext.Run(_context, static timer => ((MarbleTimer)timer!)._callback(((MarbleTimer)timer)._state), this);
        }
    }
}
