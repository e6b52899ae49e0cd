namespace Rx.Samples.Tour;

/// <summary>Writes down what it is told, when it is told: the pictures of the tour show nothing else.</summary>
internal sealed class LaneObserver<T>(Lane lane, Stage stage) : IObserver<T>
{
    public void OnNext(T value) => lane.Add(new Mark(stage.Tick, $"{value}"));

    public void OnError(Exception error)
    {
        lane.Add(new Mark(stage.Tick, "X", IsEnd: true));
        stage.Say($"{lane.Name}: {error.GetType().Name}");
        stage.Say(error.Message);
    }

    public void OnCompleted() => lane.Add(new Mark(stage.Tick, "|", IsEnd: true));
}
