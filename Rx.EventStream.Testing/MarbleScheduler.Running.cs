using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reactive.Concurrency;
using Rx.Testing.Syntax;
using Rx.Testing.Timing;

namespace Rx.Testing;

public sealed partial class MarbleScheduler
{
    private readonly MarbleSynchronizationContext _context;
    private readonly ThreadPoolWork _poolWork = new();

    /// <summary>What awaited code posted. Any thread adds; the thread that runs the scheduler removes.</summary>
    private readonly ConcurrentQueue<Action> _posts = new();

    private readonly List<(long FirstTick, Action Play)> _unplayed = [];
    private Task _body = Task.CompletedTask;
    private bool _awaitsBody;
    private bool _hasStarted;
    private bool _hasRunInTick;
    private long _limit = long.MaxValue;
    private int _actions;

    /// <summary>How many actions one run can have: a source that never ends then ends the test instead. A million unless set.</summary>
    public int MaxActions { get; set; } = 1_000_000;

    /// <summary>
    /// How long <see cref="Run(Func{MarbleScheduler, Task})"/> waits in real time for another thread, when no scheduled action is left and the
    /// test's task has not ended. Five seconds unless set.
    /// </summary>
    public TimeSpan RealTimeLimit { get; set; } = TimeSpan.FromSeconds(5);

    private bool HasWork => !_posts.IsEmpty || _unplayed.Count > 0 || base.GetNext() is not null;

    /// <summary>Runs a test with frames of one millisecond: the body first, then all that is scheduled, then the expectations' checks.</summary>
    /// <param name="body">Makes the sources and the expectations.</param>
    /// <exception cref="MarbleException">An expectation failed. The message shows all that did.</exception>
    [StackTraceHidden]
    public static void Run(Action<MarbleScheduler> body) => Run(Marbles.DefaultFrame, body);

    /// <param name="frame">The length of a frame.</param>
    /// <param name="body">Makes the sources and the expectations.</param>
    /// <inheritdoc cref="Run(Action{MarbleScheduler})"/>
    [StackTraceHidden]
    public static void Run(TimeSpan frame, Action<MarbleScheduler> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        Run(frame, scheduler =>
        {
            body(scheduler);
            return Task.CompletedTask;
        });
    }

    /// <summary>
    /// Runs a test with frames of one millisecond: the body until its task ends, in virtual time, then all that is scheduled, then the
    /// expectations' checks.
    /// </summary>
    /// <remarks>
    /// The body awaits on virtual time: <c>Task.Delay</c> with the scheduler's <see cref="TimeProvider"/>, observables, <c>await foreach</c>.
    /// What continues after an <c>await</c> runs in the tick in which the awaited operation completed, on the calling thread. Before the clock
    /// moves on, the scheduler also waits for what this tick started on the thread pool.
    /// </remarks>
    /// <param name="body">Makes the sources and the expectations.</param>
    /// <exception cref="MarbleException">
    /// An expectation failed, and the message shows all that did. Or the task waits for something that no scheduled action completes.
    /// </exception>
    [StackTraceHidden]
    public static void Run(Func<MarbleScheduler, Task> body) => Run(Marbles.DefaultFrame, body);

    /// <param name="frame">The length of a frame.</param>
    /// <param name="body">Makes the sources and the expectations.</param>
    /// <inheritdoc cref="Run(Func{MarbleScheduler, Task})"/>
    [StackTraceHidden]
    public static void Run(TimeSpan frame, Func<MarbleScheduler, Task> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        var scheduler = new MarbleScheduler(frame);
        scheduler.WithContext(() => scheduler._body = body(scheduler));
        scheduler._poolWork.IsExpected |= !scheduler._body.IsCompleted;
        scheduler.RunBody();
        scheduler.Start();
    }

    /// <summary>Runs all that is scheduled, in order of time, until nothing is left. Then it checks the expectations.</summary>
    /// <exception cref="MarbleException">An expectation failed. The message shows all that did.</exception>
    /// <exception cref="InvalidOperationException">The scheduler runs already, or more than <see cref="MaxActions"/> actions have run.</exception>
    [StackTraceHidden]
    public new void Start()
    {
        RunTo(long.MaxValue);

        if (!HasWork)
        {
            RunChecks();
        }
    }

    /// <summary>Runs what is due until the end of the marbles' length, such as <c>"---"</c> for frame 3, and moves the clock there.</summary>
    /// <param name="marbles">The time since frame 0, as dashes and time progressions.</param>
    /// <exception cref="FormatException">The marbles have a mistake. The message shows where.</exception>
    /// <inheritdoc cref="AdvanceTo(long)"/>
    public void AdvanceTo(string marbles) => AdvanceTo(LineParser.Length(marbles, Frame) * Frame.Ticks);

    /// <summary>Runs what is due until a tick, this tick included, and moves the clock there. It checks no expectations.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The clock is past this time.</exception>
    /// <exception cref="InvalidOperationException">The scheduler runs already, or more than <see cref="MaxActions"/> actions have run.</exception>
    public new void AdvanceTo(long time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, Clock);
        RunTo(time);
        Clock = Math.Max(Clock, time);
    }

    /// <summary>Runs what is due in the next ticks, and moves the clock by their number. It checks no expectations.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    /// <inheritdoc cref="AdvanceTo(long)"/>
    public new void AdvanceBy(long time)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(time);
        AdvanceTo(Clock + time);
    }

    /// <summary>Plays a hot source when the clock starts, after all that was scheduled until then for the same tick.</summary>
    internal void PlayWhenStarted(long firstTick, Action play)
    {
        ThrowIfPast(firstTick);
        _unplayed.Add((firstTick, play));
    }

    /// <summary>Runs an action in the current tick. Any thread may call this.</summary>
    internal void Post(Action action)
    {
        ExpectPoolWork();
        _posts.Enqueue(action);
    }

    /// <summary>Code of the test awaits something, and may do so on the thread pool.</summary>
    internal void ExpectPoolWork() => _poolWork.IsExpected = true;

    /// <inheritdoc/>
    protected override IScheduledItem<long>? GetNext()
    {
        PlayHotSources();

        while (true)
        {
            while (_posts.TryDequeue(out Action? post))
            {
                ScheduleAt(Clock, post);
            }

            IScheduledItem<long>? next = base.GetNext();

            if (_awaitsBody && _body.IsCompleted)
            {
                return null;
            }

            if (next is not null && next.DueTime <= Clock)
            {
                return Count(next);
            }

            if (!_hasRunInTick)
            {
                return next is null || next.DueTime > _limit ? null : Count(next);
            }

            EndTick();
        }
    }

    private void EndTick()
    {
        _poolWork.WaitUntilDone(_posts);
        long next = base.GetNext()?.DueTime ?? long.MaxValue;

        if (!_posts.IsEmpty || next <= Clock)
        {
            return;
        }

        _hasRunInTick = false;

        if (next > _limit || Marbles.FrameOf(next, Frame) > Marbles.FrameOf(Clock, Frame))
        {
            _samples.ForEach(sample => sample());
        }
    }

    private IScheduledItem<long> Count(IScheduledItem<long> next)
    {
        _hasRunInTick = true;
        return ++_actions <= MaxActions
            ? next
            : throw new InvalidOperationException(
                $"More than {MaxActions} actions have run, and the clock is in frame {Marbles.FrameOf(Clock, Frame)}: a source does not end. "
                + "End its subscription with '!', or use AdvanceTo.");
    }

    private void PlayHotSources()
    {
        if (!_hasStarted)
        {
            _hasStarted = _hasRunInTick = true;
            Clock = _unplayed.Select(source => source.FirstTick).Append(Clock).Min();
        }

        foreach ((_, Action play) in _unplayed)
        {
            play();
        }

        _unplayed.Clear();
    }

    private void RunTo(long limit)
    {
        if (IsEnabled)
        {
            throw new InvalidOperationException("The scheduler is running already. Code that it runs can await instead.");
        }

        (_limit, _actions) = (limit, 0);
        WithContext(base.Start);
    }

    private void WithContext(Action action)
    {
        SynchronizationContext? previous = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(_context);

        try
        {
            using (_poolWork.Enter())
            {
                action();
            }
        }
        finally
        {
            // An exception of an action leaves the base class's loop.
            Stop();
            SynchronizationContext.SetSynchronizationContext(previous);
        }
    }

    private void RunBody()
    {
        long waitingSince = Stopwatch.GetTimestamp();

        for (_awaitsBody = true; !_body.IsCompleted;)
        {
            if (HasWork)
            {
                RunTo(long.MaxValue);
                waitingSince = Stopwatch.GetTimestamp();
            }
            else if (Stopwatch.GetElapsedTime(waitingSince) < RealTimeLimit)
            {
                Thread.Sleep(1);
            }
            else
            {
                throw new MarbleException(
                    $"The test waits for something that no scheduled action completes. Nothing is left to run in frame {Marbles.FrameOf(Clock, Frame)}, "
                    + $"and no other thread has completed it in {RealTimeLimit.TotalSeconds} s.");
            }
        }

        _awaitsBody = false;
        _body.GetAwaiter().GetResult();
    }
}
