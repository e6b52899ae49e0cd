namespace Rx.Nats.Handling;

/// <summary>The time for which an instance may handle its partitions: from before its last sign of life, until shortly before others can take them.</summary>
/// <remarks><b>Concurrency.</b> Any thread. The timer's callback looks at the time again, so a renewal that comes at the same moment wins.</remarks>
internal sealed class Lease : IDisposable
{
    private readonly TimeSpan _duration;
    private readonly TimeProvider _clock;
    private readonly Action _onEnded;
    private readonly ITimer _timer;

    /// <summary>When the last sign of life was sent. Written with release by <see cref="Renew"/>, read with acquire by the timer.</summary>
    private long _renewedAt;

    /// <param name="duration">How long others wait for a sign of life.</param>
    /// <param name="clock">Gives the monotonic time.</param>
    /// <param name="onEnded">Called when the lease ends.</param>
    internal Lease(TimeSpan duration, TimeProvider clock, Action onEnded)
    {
        _duration = duration * 0.75;
        _clock = clock;
        _onEnded = onEnded;
        _timer = clock.CreateTimer(static lease => ((Lease)lease!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Renews the lease.</summary>
    /// <param name="sentAt">The time before the sign of life was sent.</param>
    internal void Renew(long sentAt)
    {
        Volatile.Write(ref _renewedAt, sentAt);
        SetTimer();
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        if (_clock.GetElapsedTime(Volatile.Read(ref _renewedAt)) >= _duration)
        {
            _onEnded();
        }
        else
        {
            SetTimer();
        }
    }

    private void SetTimer()
    {
        TimeSpan rest = _duration - _clock.GetElapsedTime(Volatile.Read(ref _renewedAt));
        _timer.Change(rest > TimeSpan.Zero ? rest : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }
}
