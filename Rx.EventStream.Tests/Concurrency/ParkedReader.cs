using Rx.Storage;

namespace Rx.Tests.Concurrency;

/// <summary>A cursor's owner whose parking is done in steps, and which only counts how often it was woken.</summary>
internal sealed class ParkedReader : IParked
{
    private readonly EventLog<int> _log;
    private readonly Waiter _waiter = new();
    private Cursor<int> _cursor;
    private int _wakes;

    public ParkedReader(EventLog<int> log)
    {
        _log = log;
        log.ExpectReaders();
        _cursor = log.JoinNext();
    }

    public bool IsReadyWhileParked => _cursor.IsReadyWhileParked(_log);

    public int Wakes => Volatile.Read(ref _wakes);

    public Waiter Waiter => _waiter;

    public void Wake() => Interlocked.Increment(ref _wakes);

    /// <summary>The first half of parking: the push, without the look that must follow.</summary>
    public void Push()
    {
        if (_waiter.Arm(this))
        {
            _log.Waiting.Push(_waiter);
        }
    }

    /// <summary>The second half: the look, and waking everyone if there is an event.</summary>
    public void Look()
    {
        if (IsReadyWhileParked)
        {
            _log.Waiting.WakeAll();
        }
    }

    public bool TryRead(out int value) => _cursor.TryRead(_log, out value);

    public void Close() => _cursor.Close(_log);
}
