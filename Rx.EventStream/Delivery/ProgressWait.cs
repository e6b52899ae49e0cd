using Rx.Storage;

namespace Rx.Delivery;

/// <summary>Waits until subscribers have come far enough: for room to publish, or for everything to be consumed.</summary>
internal sealed class ProgressWait<T> : TaskCompletionSource, IParked
{
    private readonly EventLog<T> _log;
    private readonly Func<bool> _isDone;
    private readonly Waiter _waiter = new();

    private ProgressWait(EventLog<T> log, Func<bool> isDone)
        : base(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        _log = log;
        _isDone = isDone;
    }

    public bool IsReadyWhileParked => Task.IsCompleted || _isDone();

    /// <summary>A task that is done when <paramref name="isDone"/> says so, which is asked whenever a subscriber has moved.</summary>
    internal static async Task Until(EventLog<T> log, Func<bool> isDone, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var wait = new ProgressWait<T>(log, isDone);
        using CancellationTokenRegistration registration =
            ct.UnsafeRegister(static (wait, token) => ((ProgressWait<T>)wait!).Cancel(token), wait);
        wait.Park();
        await wait.Task.ConfigureAwait(false);
    }

    public void Wake() => Park();

    private void Cancel(CancellationToken token)
    {
        TrySetCanceled(token);

        // Its entry stays on the stack, with nobody behind it; many of those are cleared away.
        _waiter.Disarm();
        if (_waiter.IsOnStack && _log.Side.ForProgress.Abandon(live: 0))
        {
            _log.Side.ForProgress.Sweep();
        }
    }

    /// <remarks>
    /// <code>
    /// P (pump): has moved;     somebody waits?
    /// C (this): push;  barrier;  moved far enough?
    /// </code>
    /// The barrier is process-wide, so that moving needs no fence.
    /// </remarks>
    private void Park()
    {
        if (Task.IsCompleted)
        {
            return;
        }

        if (_isDone())
        {
            TrySetResult();
            return;
        }

        if (_waiter.Arm(this))
        {
            _log.Side.ForProgress.Push(_waiter);
        }

        Interlocked.MemoryBarrierProcessWide();
        if (_isDone())
        {
            _waiter.Disarm();
            TrySetResult();
        }
    }
}
