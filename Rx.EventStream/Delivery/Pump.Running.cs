using Rx.Parking;

namespace Rx.Delivery;

/// <content>Scheduling the pump, and running it in an action.</content>
internal abstract partial class Pump<T>
{
    /// <summary>Schedules, and ends the subscription if its scheduler takes no work any more.</summary>
    /// <remarks>If a batch has begun, the exception comes from an action that the scheduler has run at once, and the subscription does not rely on
    /// it.</remarks>
    private protected void ScheduleOrEnd()
    {
        int batches = Volatile.Read(ref _batches);
        try
        {
            Needs?.OnScheduling();
            Schedule();
        }
        catch (ObjectDisposedException) when (IsDisposed && !HasThrown)
        {
            // Disposed while another thread was waking it, and its scheduler with it: no event is missed.
        }
        catch (Exception error)
        {
            if (Volatile.Read(ref _batches) == batches)
            {
                EndWith(error);
            }

            throw;
        }
    }

    /// <summary>Has an exception leave an action of the scheduler without ending the subscription. By the observer, while it is called.</summary>
    internal virtual void PassOnOwned(Exception error) => _passing.Add(error);

    /// <summary>Delivers up to <paramref name="maxCount"/> events, or the terminal event; parks when there is no more.</summary>
    /// <returns>True if there is more: the caller schedules it.</returns>
    /// <remarks>
    /// An observer that throws ends this subscription, and the exception leaves this method. Between two events the stack
    /// holds a segment's array, but no segment.
    /// </remarks>
    private protected bool RunBatch(int maxCount)
    {
        if (!_state.TryRun())
        {
            return false;
        }

        Volatile.Write(ref _batches, _batches + 1);
        Needs?.OnRunning();
        ParkingLot<T> parking = _subscriptions.Parking;
        bool hasMore = false;
        object? outer = DeliveryScope.Enter(_log);
        try
        {
            if (DeliverInContextOwned(maxCount))
            {
                NoteReturnedOwned(parking);
                TakePassingOwned().Throw();
                return false;
            }

            if (!IsDisposed)
            {
                PrepareNextOwned();
                hasMore = IsDueOwned() || HasEndedOwned(); // inside: an observer may schedule what wakes it
            }
        }
        catch (Exception error)
        {
            HasThrown = true;
            try
            {
                EndWith(error);
            }
            finally
            {
                CloseOwned();
                NoteReturnedOwned(parking);
            }

            throw;
        }
        finally
        {
            DeliveryScope.Leave(outer);
            parking.NotifyProgress();
        }

        ErrorList passing = default;
        if (hasMore)
        {
            if (_state.TryReschedule())
            {
                return true;
            }
        }
        else
        {
            passing = TakePassingOwned(); // before another thread runs the pump
            if (TryParkOwned(out bool isAwake))
            {
                if (isAwake)
                {
                    _passing = passing; // no thread runs it before the caller schedules it
                    return true;
                }

                passing.Throw();
                return false;
            }
        }

        CloseOwned(); // disposed while it ran
        NoteReturnedOwned(parking);
        passing.AddRange(TakePassingOwned());
        passing.Throw();
        return false;
    }

    private ErrorList TakePassingOwned()
    {
        ErrorList passing = _passing;
        if (!passing.IsEmpty)
        {
            _passing = default;
        }

        return passing;
    }

    /// <summary>Ends the pump because an action that it relied on will not run; false if it relied on none.</summary>
    internal bool TryEndScheduled(Exception error)
    {
        bool isScheduled = _state.IsScheduled;
        if (isScheduled)
        {
            EndWith(error);
        }

        return isScheduled;
    }

    /// <summary>Parked to Scheduled, for an action of the pump's scheduler, which then runs the pump.</summary>
    private protected bool TryWake() => _state.TryWake();

    /// <summary>Parked to Scheduled where there is an event, for a caller that then runs the pump; false if it is not parked, or dry.</summary>
    private protected bool TryWakeReady() =>
        IsParked && Volatile.Read(ref _log) is { } log && LooksReady(log) && _state.TryWake();
}
