using Rx.Parking;
using Rx.Storage;

namespace Rx.Delivery;

/// <content>Parking, and the look before sleeping.</content>
internal abstract partial class Pump<T>
{
    /// <summary>Sleeps until there is an event; false if the pump was disposed while it ran, and this thread still owns the
    /// cursor.</summary>
    /// <param name="isAwake">Whether it must be scheduled at once.</param>
    /// <remarks>
    /// After the transition to Parked the pump may be woken and run on another thread at any moment. If the look after the push finds an
    /// event, every owner that is parked there is woken, since all were waiting for it.
    /// <para>A pump that is called in its turn needs no entry in the parking lot: see <see cref="PumpTurn{T}"/>. Nor does one that no event
    /// can wake.</para>
    /// </remarks>
    private bool TryParkOwned(out bool isAwake)
    {
        ParkingLot<T> parking = _subscriptions.Parking;
        Waiter waiter = _waiter;
        isAwake = false;
        bool isCalled = IsCalledAt(_cursor.Sequence) || _taking is { IsBusy: true };
        if (!_state.TryPark())
        {
            return false;
        }

        if (isCalled)
        {
            isAwake = IsReadyWhileParked(parking) && _state.TryWake();
            return true;
        }

        parking.Push(Place, waiter, this);
        if (IsReadyWhileParked(parking))
        {
            parking.WakeAll(Place);
        }
        else if (IsDisposed)
        {
            waiter.Disarm(); // disposed between the transition and the push
        }

        return true;
    }

    /// <summary>Links the segment of the next event while there is nothing else to do, so that no publisher has to.</summary>
    private protected void PrepareNextOwned() => _cursor.PrepareNext(_log);

    /// <summary>Whether an action would deliver something now, or end the pump; true, too, where the observer takes events from the cursor
    /// itself. For the thread that is about to run it.</summary>
    internal bool CanDeliver =>
        _taking is not null || _cursor.HasFailed || Volatile.Read(ref _log) is not { } log || LooksReady(log);

    private bool LooksReady(EventLog<T> log) =>
        _taking is { } taking
            ? taking.IsDue || (!taking.IsBusy && taking.Awaited(in _cursor).LooksReady(log))
            : _cursor.LooksReady(log);

    /// <summary>The look between parking and sleeping; see <see cref="ParkingLot{T}.IsReadyWhileParked"/>.</summary>
    private bool IsReadyWhileParked(ParkingLot<T> parking)
    {
        if (_taking is not { } taking)
        {
            return _cursor.Sequence < Granted && parking.IsReadyWhileParked(ref _cursor);
        }

        Cursor<T> awaited = taking.Awaited(in _cursor);
        return taking.IsDue || (!taking.IsBusy && awaited.Sequence < Granted && parking.IsReadyWhileParked(ref awaited));
    }
}
