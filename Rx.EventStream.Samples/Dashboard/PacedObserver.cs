using System.Diagnostics;

namespace Rx.Samples.Dashboard;

/// <summary>An observer that takes its time for each event, or for ever: it blocks the thread that calls it, as a slow disk would.</summary>
/// <remarks>Called by one thread at a time; all else may be used from any thread.</remarks>
internal sealed class PacedObserver : IObserver<Mark>
{
    /// <summary>Shorter waits are saved up until they make one that a timer can keep.</summary>
    private static readonly TimeSpan _leastWait = TimeSpan.FromMilliseconds(1);

    /// <summary>What it may hurry after the thread came late.</summary>
    private static readonly long _slack = Stopwatch.Frequency / 100;

    private readonly object _gate = new();

    /// <summary>Between two events, in clock ticks; 0 for as fast as possible.</summary>
    private readonly long _interval;

    /// <summary>Whether an event is to look under the lock. Written under it with release, read by who calls with acquire.</summary>
    private bool _isHindered;

    // Under the lock.
    private bool _isStarted;
    private bool _isStalled;
    private bool _isReleased;
    private bool _isLingering;
    private long _due;

    /// <summary>Written by who calls with release, read by anyone with acquire.</summary>
    private long _delivered;

    /// <summary>How it ended, or null. Written once with release, read with acquire.</summary>
    private string? _end;

    /// <param name="speed">The most events in a second, or null for any number.</param>
    public PacedObserver(int? speed) => _interval = speed is { } perSecond ? Stopwatch.Frequency / perSecond : 0;

    public long Delivered => Volatile.Read(ref _delivered);

    /// <summary>What was its last notification, or null while it is to get more.</summary>
    public string? End => Volatile.Read(ref _end);

    /// <summary>Whether it keeps the next event, and whoever calls with it.</summary>
    public bool IsStalled
    {
        get
        {
            lock (_gate)
            {
                return _isStalled;
            }
        }

        set => Change(() => _isStalled = value);
    }

    /// <summary>Whether an event is taking its time, and whoever calls with it has to wait.</summary>
    public bool IsLingering
    {
        get
        {
            lock (_gate)
            {
                return _isLingering;
            }
        }
    }

    /// <summary>Takes its time from now on. What is replayed while it subscribes on its own thread must not keep that thread.</summary>
    public void Start() => Change(() => _isStarted = true);

    /// <summary>Lets go of whoever is calling, for good.</summary>
    public void Release() => Change(() => _isReleased = true);

    public void OnNext(Mark value)
    {
        if (Volatile.Read(ref _isHindered))
        {
            Linger();
        }

        Volatile.Write(ref _delivered, _delivered + 1);
    }

    public void OnError(Exception error) => Volatile.Write(ref _end, error.Message);

    public void OnCompleted() => Volatile.Write(ref _end, "completed");

    private void Change(Action change)
    {
        lock (_gate)
        {
            change();
            Volatile.Write(ref _isHindered, _isStarted && !_isReleased && (_isStalled || _interval > 0));
            Monitor.PulseAll(_gate);
        }
    }

    private void Linger()
    {
        lock (_gate)
        {
            _due = Math.Max(_due, Stopwatch.GetTimestamp() - _slack) + _interval;
            while (_isHindered)
            {
                TimeSpan wait = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), _due);
                _isLingering = true;
                if (_isStalled)
                {
                    Monitor.Wait(_gate);
                }
                else if (wait >= _leastWait)
                {
                    Monitor.Wait(_gate, wait);
                }
                else
                {
                    break;
                }
            }

            _isLingering = false;
        }
    }
}
