using System.Reactive.Concurrency;

namespace Rx.Samples.Tour;

/// <summary>A scheduler that is busy for some ticks after each event. It runs in virtual time, so the tour shows the same picture every
/// time.</summary>
internal sealed class SlowScheduler(ScreenPlayer player, int ticks) : HistoricalScheduler
{
    private int _freeAt;

    /// <summary>An observer on this scheduler calls it with each event.</summary>
    public void Handle<T>(T value)
    {
        _freeAt = player.Tick + ticks;
        Stop();
    }

    /// <summary>Runs the work that is due in this tick.</summary>
    /// <returns>Whether an event was handled.</returns>
    public bool RunTick()
    {
        if (player.Tick < _freeAt)
        {
            return false;
        }

        int before = _freeAt;
        Start();
        return _freeAt != before;
    }
}
