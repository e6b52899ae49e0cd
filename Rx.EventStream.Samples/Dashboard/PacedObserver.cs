using System.Diagnostics;

namespace Rx.Samples.Dashboard;

/// <summary>An observer that is slow or stalled: it blocks the calling thread, as a slow disk would.</summary>
/// <remarks>Only one thread at a time calls the observer. The other members are thread-safe.</remarks>
internal sealed class PacedObserver : IObserver<PublishedEvent>
{
    /// <summary>Shorter waits are accumulated, because a timer cannot measure them.</summary>
    private static readonly TimeSpan _minWait = TimeSpan.FromMilliseconds(1);

    /// <summary>How much time the observer can make up for after the calling thread was late.</summary>
    private static readonly long _slack = Stopwatch.Frequency / 100;

    private readonly object _gate = new();

    /// <summary>The interval between two events, in clock ticks; 0 for no delay.</summary>
    private readonly long _interval;

    /// <summary>Whether OnNext must take the lock and check for a delay. Written under the lock with release, read by the calling thread with
    /// acquire.</summary>
    private bool _mustDelay;

    // Guarded by the lock.
    private bool _isStarted;
    private bool _isStalled;
    private bool _isReleased;
    private bool _isBusy;
    private long _due;

    /// <summary>Written by the calling thread with release, read by any thread with acquire.</summary>
    private long _delivered;

    /// <summary>The terminal notification, or null. Written once with release, read with acquire.</summary>
    private string? _end;

    /// <param name="speed">The maximum events per second; null for no maximum.</param>
    public PacedObserver(int? speed) => _interval = speed is { } perSecond ? Stopwatch.Frequency / perSecond : 0;

    public long Delivered => Volatile.Read(ref _delivered);

    /// <summary>The terminal notification, or null if the observer has not ended.</summary>
    public string? End => Volatile.Read(ref _end);

    /// <summary>Whether the observer blocks the calling thread until it is released.</summary>
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

    /// <summary>Whether a calling thread is waiting in OnNext.</summary>
    public bool IsBusy
    {
        get
        {
            lock (_gate)
            {
                return _isBusy;
            }
        }
    }

    /// <summary>Enables the delays. They are disabled at first, so that a replay on the subscribing thread does not block that thread.</summary>
    public void Start() => Change(() => _isStarted = true);

    /// <summary>Releases the calling thread, and disables the delays permanently.</summary>
    public void Release() => Change(() => _isReleased = true);

    public void OnNext(PublishedEvent value)
    {
        if (Volatile.Read(ref _mustDelay))
        {
            Delay();
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
            Volatile.Write(ref _mustDelay, _isStarted && !_isReleased && (_isStalled || _interval > 0));
            Monitor.PulseAll(_gate);
        }
    }

    private void Delay()
    {
        lock (_gate)
        {
            _due = Math.Max(_due, Stopwatch.GetTimestamp() - _slack) + _interval;
            while (_mustDelay)
            {
                TimeSpan wait = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), _due);
                _isBusy = true;
                if (_isStalled)
                {
                    Monitor.Wait(_gate);
                }
                else if (wait >= _minWait)
                {
                    Monitor.Wait(_gate, wait);
                }
                else
                {
                    break;
                }
            }

            _isBusy = false;
        }
    }
}
