using System.Reactive.Concurrency;
using System.Runtime.ExceptionServices;
using Rx.Parking;

namespace Rx.Delivery;

/// <content>Scheduling the pump, and running it in an action.</content>
internal abstract partial class Pump<T>
{
    /// <summary>Schedules, and ends the subscription if its scheduler takes no work any more.</summary>
    /// <remarks>If the action has begun, the exception has passed through it, or came after it, and the subscription does not rely on it.</remarks>
    private protected void ScheduleOrEnd()
    {
        int begun = ActionsBegun;
        try
        {
            Needs?.OnScheduling();
            Schedule();
        }
        catch (ObjectDisposedException error) when (IsDisposed && !HasThrown && Error != error)
        {
            // Disposed while another thread was waking it, and its scheduler with it: no event is missed.
        }
        catch (Exception error)
        {
            if (ActionsBegun == begun)
            {
                EndWith(error);
            }

            throw;
        }
    }

    /// <summary>Has an exception leave an action of the scheduler without ending the subscription. By the observer, while it is called.</summary>
    internal void PassOnOwned(Exception error)
    {
        try
        {
            Scheduler.Schedule(ExceptionDispatchInfo.Capture(error), static (info, _) => info.Throw());
        }
        catch (Exception)
        {
            _passing.Add(error); // the scheduler runs actions at once, or takes none any more: it leaves the one that runs
        }
    }

    /// <summary>Has exceptions leave the action that runs, although the subscription did not end with them. By the observer, while it is called
    /// for the last time, or by the thread that ends the subscription after the terminal event.</summary>
    internal void LeaveWithOwned(ErrorList errors) => _passing.AddRange(errors);

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
        bool hasMore = RunOwned(maxCount, out ErrorList passing);
        passing.Throw();
        return hasMore;
    }

    /// <param name="maxCount">The most events to deliver.</param>
    /// <param name="passing">What has to leave the action now: nothing while there is more, since the caller must schedule that first.</param>
    private bool RunOwned(int maxCount, out ErrorList passing)
    {
        Needs?.OnRunning();
        passing = default;
        PumpList<T> subscriptions = _subscriptions;
        bool hasFinished = false;
        bool hasMore = false;
        object? outer = DeliveryScope.Enter(_log);
        try
        {
            if (DeliverInContextOwned(maxCount))
            {
                NoteRunOwned(subscriptions);
                hasFinished = true;
            }
            else if (!IsDisposed)
            {
                PrepareNextOwned();
                hasMore = IsDueOwned() || HasEndedOwned(); // inside: an observer may schedule what wakes it
            }
        }
        catch (Exception error)
        {
            HasThrown = true;
            EndWith(error);
            CloseOwned();
            NoteRunOwned(subscriptions);
            _passing.Add(error);
            hasFinished = true;
        }
        finally
        {
            DeliveryScope.Leave(outer);
            subscriptions.Parking.NotifyProgress();
        }

        if (hasMore && _state.TryReschedule())
        {
            return true;
        }

        passing = TakePassingOwned(); // before another thread runs the pump
        if (hasFinished)
        {
            return false;
        }

        if (!hasMore && TryParkOwned(out bool isAwake))
        {
            if (isAwake)
            {
                _passing = passing; // no thread runs it before the caller schedules it
                passing = default;
            }

            return isAwake;
        }

        CloseOwned(); // disposed while it ran
        NoteRunOwned(subscriptions);
        return false;
    }

    private ErrorList TakePassingOwned()
    {
        ErrorList passing = _passing;
        if (!passing.IsEmpty)
        {
            HasThrown = true;
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

    /// <summary>Parks although there is more, and waits a moment for a thread that publishes to wake it; false if none did. For a pump that is called
    /// in its turn, by the thread that has run it and has scheduled nothing.</summary>
    private protected bool TryLeaveToPublisher()
    {
        _state.SleepAgain();
        return CatchUpRounds.IsTakenSoon(this, static pump => pump.IsParked) || !_state.TryWake();
    }

    /// <summary>Parked to Scheduled where there is an event, for a caller that then runs the pump; false if it is not parked, or dry.</summary>
    private protected bool TryWakeReady() =>
        IsParked && Volatile.Read(ref _log) is { } log && LooksReady(log) && _state.TryWake();
}
