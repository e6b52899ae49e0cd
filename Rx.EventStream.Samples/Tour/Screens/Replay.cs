namespace Rx.Samples.Tour;

internal sealed class Replay : Screen
{
    public override string Title => "Replay";

    public override string Text =>
        "A stream can retain events for those who come late: by number, by age, or all. Here it is the newest three. Nothing is "
        + "copied for a replay.";

    public override async Task PlayAsync(Stage stage)
    {
        // shown
        var newest = new EventStreamOptions { Retention = Retention.Count(3) };
        using var stream = new EventStream<char>(newest);

        await stage.Publish(stream, 'a', 'b', 'c', 'd', 'e');

        stream.Subscribe(stage.Observer<char>("late"));
        stream.GetPosition(4).AsObservable()
            .Subscribe(stage.Observer<char>("from 4"));
        stage.Say($"oldest retained: sequence {stream.GetOldestPosition().Sequence}");

        await stage.Publish(stream, 'f', 'g');
        await stage.Complete(stream);
        stream.Subscribe(stage.Observer<char>("at the end"));
        // end
    }
}
