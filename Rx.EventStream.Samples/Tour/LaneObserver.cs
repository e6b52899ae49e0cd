namespace Rx.Samples.Tour;

/// <summary>Records each notification and its tick. The tour's pictures show only what was recorded.</summary>
internal sealed class LaneObserver<T>(Lane lane, ScreenPlayer player) : IObserver<T>
{
    public void OnNext(T value) => lane.Add(new Marble(player.Tick, $"{value}"));

    public void OnError(Exception error)
    {
        lane.Add(new Marble(player.Tick, "X", IsEnd: true));
        player.Note($"{lane.Name}: {error.GetType().Name}");
        player.Note(error.Message);
    }

    public void OnCompleted() => lane.Add(new Marble(player.Tick, "|", IsEnd: true));
}
