using System.Reactive.Concurrency;

namespace Rx.Samples.Tour;

/// <summary>A scheduler whose work takes its time: after an event it does nothing for some ticks of the stage. In virtual time, so
/// that the tour shows the same each time.</summary>
internal sealed class Desk(Stage stage, int ticks) : HistoricalScheduler
{
    private int _freeAt;

    /// <summary>What an observer here calls with each event.</summary>
    public void Handle<T>(T value)
    {
        _freeAt = stage.Tick + ticks;
        Stop();
    }

    /// <summary>Does what there is to do in this tick; true if an event was handled.</summary>
    public bool Work()
    {
        if (stage.Tick < _freeAt)
        {
            return false;
        }

        int before = _freeAt;
        Start();
        return _freeAt != before;
    }
}
