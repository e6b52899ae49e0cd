using Rx.Storage;

namespace Rx.Parking;

/// <summary>Waits until subscribers have come far enough: for room to publish, or for everything to be consumed.</summary>
internal sealed class ProgressWait<T> : TaskCompletionSource, IParked
{
    private readonly ParkingLot<T> _parking;
    private readonly Func<bool> _isDone;
    private readonly Waiter _waiter = new();

    private ProgressWait(ParkingLot<T> parking, Func<bool> isDone)
        : base(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        _parking = parking;
        _isDone = isDone;
    }

    public bool IsReadyWhileParked => Task.IsCompleted || _isDone();

    /// <summary>A task that completes when <paramref name="isDone"/> returns true; it is asked whenever a subscriber has moved.</summary>
    internal static async Task Until(ParkingLot<T> parking, Func<bool> isDone, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var wait = new ProgressWait<T>(parking, isDone);
        using CancellationTokenRegistration registration =
            cancellationToken.UnsafeRegister(static (wait, token) => ((ProgressWait<T>)wait!).Cancel(token), wait);
        wait.Park();
        await wait.Task.ConfigureAwait(false);
    }

    public void Wake() => Park();

    private void Cancel(CancellationToken token)
    {
        TrySetCanceled(token);
        _parking.Abandon(ParkingPlace.Progress, _waiter, live: 0);
    }

    /// <remarks>
    /// <code>
    /// P (pump): has moved;     does a caller wait?
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

        _parking.Push(ParkingPlace.Progress, _waiter, this);
        Interlocked.MemoryBarrierProcessWide();
        if (_isDone())
        {
            _waiter.Disarm();
            TrySetResult();
        }
    }
}
