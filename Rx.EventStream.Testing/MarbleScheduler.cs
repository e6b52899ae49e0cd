using System.Reactive.Concurrency;
using System.Reactive.Disposables;
using Rx.Testing.Timing;

namespace Rx.Testing;

/// <summary>A virtual clock that plays marbles, records observables, and compares what it recorded with other marbles.</summary>
/// <remarks>
/// <code>
/// MarbleScheduler.Run(scheduler =>
/// {
///     var source = scheduler.Hot("-a--b-c|");
///     scheduler.Expect(source.Throttle(TimeSpan.FromMilliseconds(2), scheduler)).ToBe("---a---(c|)");
/// });
/// </code>
/// <para>
/// The clock counts ticks of 100 ns. A frame, which is one character of marbles, is one millisecond unless the constructor gets another
/// length. Frame 0 starts in tick 0. Marbles play at the start of their frames.
/// </para>
/// <para>
/// The ticks are those of <c>TestScheduler</c> in Microsoft.Reactive.Testing: an action that is due now or earlier runs in the next tick, so
/// that each hop of <c>ObserveOn</c> takes one tick. With a frame of one tick, marbles show each hop.
/// </para>
/// <para><b>Concurrency:</b> one thread makes the sources and expectations and runs the scheduler. Other threads may schedule actions, and may
/// post to the <see cref="SynchronizationContext"/> that awaited code captures while the scheduler runs.</para>
/// </remarks>
public sealed partial class MarbleScheduler : VirtualTimeScheduler<long, long>
{
    /// <summary>Creates a scheduler with frames of one millisecond, as in RxJS.</summary>
    public MarbleScheduler()
        : this(Marbles.DefaultFrame)
    {
    }

    /// <summary>Creates a scheduler with frames of the given length.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The length is not positive.</exception>
    public MarbleScheduler(TimeSpan frame)
    {
        Frame = Marbles.CheckFrame(frame);
        TimeProvider = new MarbleTimeProvider(this);
        _context = new MarbleSynchronizationContext(this);
    }

    /// <summary>The length of a frame, which is one character of marbles.</summary>
    public TimeSpan Frame { get; }

    /// <summary>The same clock for code that waits with <see cref="Task.Delay(TimeSpan, System.TimeProvider)"/>, timers and timeouts.</summary>
    public TimeProvider TimeProvider { get; }

    /// <summary>Schedules an action. If it is due now or earlier, it runs in the next tick.</summary>
    public override IDisposable ScheduleAbsolute<TState>(TState state, long dueTime, Func<IScheduler, TState, IDisposable> action) =>
        base.ScheduleAbsolute(state, Math.Max(dueTime, Clock + 1), action);

    /// <summary>Schedules an action for the tick itself, also if it is the current one.</summary>
    internal IDisposable ScheduleAt(long tick, Action action) =>
        base.ScheduleAbsolute(action, tick, static (_, action) =>
        {
            action();
            return Disposable.Empty;
        });

    /// <inheritdoc/>
    protected override long Add(long absolute, long relative) => absolute + relative;

    /// <inheritdoc/>
    protected override DateTimeOffset ToDateTimeOffset(long absolute) => DateTimeOffset.UnixEpoch.AddTicks(absolute);

    /// <inheritdoc/>
    protected override long ToRelative(TimeSpan timeSpan) => timeSpan.Ticks;
}
