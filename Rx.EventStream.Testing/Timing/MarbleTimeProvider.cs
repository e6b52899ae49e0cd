namespace Rx.Testing.Timing;

/// <summary>The scheduler's clock as a <see cref="TimeProvider"/>.</summary>
internal sealed class MarbleTimeProvider : TimeProvider
{
    private readonly MarbleScheduler _scheduler;

    public MarbleTimeProvider(MarbleScheduler scheduler) => _scheduler = scheduler;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _scheduler.Clock;

    public override DateTimeOffset GetUtcNow() => _scheduler.Now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        _scheduler.ExpectPoolWork();
        var timer = new MarbleTimer(_scheduler, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }
}
