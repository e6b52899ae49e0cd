using Rx.Parking;
using Rx.Storage;

namespace Rx.Tests.Concurrency;

/// <summary>A cursor's owner whose parking is done in steps, and which only counts how often it was woken.</summary>
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

    /// <summary>The first half of parking: the push, without the look that must follow.</summary>
    public void Push() => _parking.Push(ParkingPlace.Direct, _waiter, this);

    /// <summary>The second half: the look, and waking everyone if there is an event.</summary>
    public void Look()
    {
        if (IsReadyWhileParked)
        {
            _parking.WakeAll(ParkingPlace.Direct);
        }
    }

    public bool TryRead(out int value) => _cursor.TryRead(_log, out value);

    public void Close() => _cursor.Close(_log);
}
