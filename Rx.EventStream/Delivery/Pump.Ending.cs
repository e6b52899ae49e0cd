using Rx.Parking;
using Rx.Storage;

namespace Rx.Delivery;

/// <content>Ending: disposed, at the terminal event, or with an exception.</content>
internal abstract partial class Pump<T>
{
    public override void Dispose()
    {
        EventLog<T> log = Volatile.Read(ref _log);
        PumpList<T> subscriptions = Volatile.Read(ref _subscriptions);
        Waiter waiter = Volatile.Read(ref _waiter);
        PumpEnd end = _state.End();
        if (end == PumpEnd.EndedBefore)
        {
            return;
        }

        Release();
        _wasRunning = end == PumpEnd.WasRunning;
        subscriptions.Remove(this);
        OnLeaving(subscriptions, isDisposed: true);
        if (end != PumpEnd.WasRunning)
        {
            CloseOwned();
            NoteReturnedOwned(subscriptions);
        }
        else if (!_cursor.IsBounded)
        {
            _cursor.Close(log); // the call may take long; a bounded cursor keeps little, and the thread that runs the pump closes it
        }

        if (end == PumpEnd.WasParked)
        {
            subscriptions.Parking.Abandon(Place, waiter, subscriptions.Count);
        }

        // First, since publishers may wait for this pump: what is canceled runs foreign code, which may publish, or throw.
        ErrorList errors = _endActions.Run();
        errors.AddRange(ReleaseTaking());
        errors.Run(OnDisposed); // a scheduler may not be able to cancel
        subscriptions.Parking.NotifyProgress();
        errors.Throw();
    }

    internal sealed override async Task WhenReturnedAsync()
    {
        if (Volatile.Read(ref _subscriptions) is { Parking: var parking })
        {
            await ProgressWait<T>.Until(parking, () => Volatile.Read(ref _subscriptions) is null, CancellationToken.None).ConfigureAwait(false);
        }

        if (_taking is { } taking)
        {
            await taking.WhenReturnedAsync().ConfigureAwait(false);
        }
    }

    private void FinishOwned()
    {
        IObserver<T>? observer = Volatile.Read(ref _observer);
        bool isMine = _state.TryEndRunning();
        Termination? termination = _log.Termination;
        PumpList<T> subscriptions = _subscriptions;
        CloseOwned();
        if (!isMine || observer is null)
        {
            return;
        }

        Exception? failure = _cursor.HasFailed ? Observers.LaggedError(Name, in _cursor) : _taking?.FailureOwned;
        Error = failure; // before it leaves the list, which counts failures
        Release();
        subscriptions.Remove(this);
        OnLeaving(subscriptions, isDisposed: false);
        LeaveWithOwned(_endActions.Run());
        Error ??= termination?.Error;
        ErrorList errors = default;
        errors.Run(() =>
        {
            if (failure is not null)
            {
                observer.OnError(failure);
            }
            else
            {
                Observers.Notify(observer, termination);
            }
        });
        errors.AddRange(ReleaseTaking());
        errors.Throw();
    }

    /// <summary>Gives back the lease, and forgets the stream. By the thread that owns the cursor, or by the one that ended the pump when no
    /// thread did.</summary>
    private void CloseOwned()
    {
        _cursor.Close(_log);
        Volatile.Write(ref _log, null!);
        Volatile.Write(ref _waiter, null!);
    }

    /// <summary>Notes that the pump calls its observer no more. By the thread that has closed the cursor.</summary>
    private void NoteReturnedOwned(PumpList<T> subscriptions)
    {
        Volatile.Write(ref _subscriptions, null!);
        subscriptions.Parking.NotifyProgress();
    }

    /// <summary>As <see cref="NoteReturnedOwned"/>, by a thread that has run the pump, which another one may have ended in between.</summary>
    private void NoteRunOwned(PumpList<T> subscriptions)
    {
        Volatile.Write(ref _hasReturned, true);
        subscriptions.CountReturned(this);
        NoteReturnedOwned(subscriptions);
    }

    /// <summary>Ends the pump with an exception, which the caller throws.</summary>
    private protected void EndWith(Exception error)
    {
        if (!IsDisposed) // or it had ended before, and the exception is not what ended it
        {
            Error ??= error;
        }

        try
        {
            Dispose();
        }
        catch (Exception)
        {
            // A scheduler that cannot cancel, or an end action: everything is given back, and the first exception counts.
        }
    }

    /// <summary>Has what takes from the cursor itself forget what it knows; returns what foreign code threw, such as a callback of a token.</summary>
    private ErrorList ReleaseTaking()
    {
        ErrorList errors = default;
        if (_taking is { } taking)
        {
            errors.Run(taking.Release);
        }

        return errors;
    }

    /// <summary>Forgets the observer and its context, so that they can be collected at once.</summary>
    private void Release()
    {
        Volatile.Write(ref _observer, null);
        Volatile.Write(ref _context, null);
    }
}
