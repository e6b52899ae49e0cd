using System.Reactive.Concurrency;
using System.Reactive.Disposables;

namespace Rx.Tests.Soak;

/// <summary>A scheduler that keeps no promise: it throws at times, runs actions inside <c>Schedule</c>, or never runs them.</summary>
internal sealed class HostileScheduler : LocalScheduler
{
    private readonly IScheduler? _inner;
    private readonly bool _throws;
    private int _count;

    private HostileScheduler(IScheduler? inner, bool throws)
    {
        _inner = inner;
        _throws = throws;
    }

    /// <summary>Takes work and never runs it.</summary>
    public static IScheduler Never { get; } = new HostileScheduler(null, throws: false);

    /// <summary>Runs work at once, inside <c>Schedule</c>, nested as deep as it comes.</summary>
    public static IScheduler AtOnce { get; } = new HostileScheduler(ImmediateScheduler.Instance, throws: false);

    /// <summary>Throws at every eighth piece of work, and runs the others.</summary>
    public static IScheduler Throwing(IScheduler inner) => new HostileScheduler(inner, throws: true);

    public override IDisposable Schedule<TState>(TState state, TimeSpan dueTime, Func<IScheduler, TState, IDisposable> action)
    {
        if (_throws && Interlocked.Increment(ref _count) % 8 == 0)
        {
            throw new TortureException();
        }

        return _inner is null ? Disposable.Empty : _inner.Schedule(() =>
        {
            try
            {
                action(this, state);
            }
            catch (TortureException)
            {
                // Thrown by this scheduler in the action that schedules the next one.
            }
        });
    }
}
