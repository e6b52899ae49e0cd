using System.Diagnostics;

namespace Rx.Parking;

/// <summary>One wait of a thread that stays awake. A mutable struct: always used in place.</summary>
internal struct Spinner
{
    /// <summary>Where another thread can publish only once this one gives the processor up.</summary>
    private static readonly bool _hasOneProcessor = Environment.ProcessorCount == 1;

    private readonly long _ticks;

    /// <summary>When the wait is over, or 0 while it has not begun.</summary>
    private long _end;

    /// <param name="ticks">How long to stay awake, in ticks of <see cref="Stopwatch"/>; 0 for not at all, <see cref="long.MaxValue"/> for
    /// good.</param>
    internal Spinner(long ticks) => _ticks = ticks;

    /// <summary>Lets a moment pass; false if the time is over, and the thread should sleep.</summary>
    internal bool TrySpin()
    {
        if (_ticks < long.MaxValue && !IsWithinTime())
        {
            return false;
        }

        if (_hasOneProcessor)
        {
            Thread.Yield();
        }
        else
        {
            Thread.SpinWait(1);
        }

        return true;
    }

    private bool IsWithinTime()
    {
        if (_ticks == 0)
        {
            return false;
        }

        long now = Stopwatch.GetTimestamp();
        if (_end == 0)
        {
            _end = now + _ticks;
        }

        return now < _end;
    }
}
