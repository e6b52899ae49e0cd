using Rx.Parking;
using Rx.Storage;

namespace Rx.Tests.Parking;

/// <summary>A reader that a test parks step by step, and that only counts how often it is woken.</summary>
internal sealed class ParkedReader : IParked
{
    private readonly EventLog<int> _log;
    private readonly ParkingLot<int> _parking;
    private readonly Waiter _waiter = new();
    private Cursor<int> _cursor;
    private int _wakes;

    public ParkedReader(EventLog<int> log, ParkingLot<int> parking)
    {
        _log = log;
        _parking = parking;
        parking.AnnounceWaiters();
        _cursor = log.JoinNext();
    }

    public bool IsReadyWhileParked => _parking.IsReadyWhileParked(ref _cursor);

    public int Wakes => Volatile.Read(ref _wakes);

    public Waiter Waiter => _waiter;

    public void Wake() => Interlocked.Increment(ref _wakes);

    /// <summary>The first half of parking: pushes the entry, without the check that must follow.</summary>
    public void Push() => _parking.Push(ParkingPlace.Direct, _waiter, this);

    /// <summary>The second half: checks for an event, and wakes all parked readers if there is one.</summary>
    public void Recheck()
    {
        if (IsReadyWhileParked)
        {
            _parking.WakeAll(ParkingPlace.Direct);
        }
    }

    public bool TryRead(out int value) => _cursor.TryRead(_log, out value);

    public void Close() => _cursor.Close(_log);
}
