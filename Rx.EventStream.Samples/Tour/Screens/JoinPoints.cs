namespace Rx.Samples.Tour;

internal sealed class JoinPoints : Screen
{
    public override string Title => "Join points";

    public override string Text =>
        "A position is a place in the stream. Whoever holds it can join there later: it gets what came since, at once, and then "
        + "follows with the others. Without one, you join now.";

    public override async Task PlayAsync(Stage stage)
    {
        // shown
        using var stream = new EventStream<char>();
        stream.Subscribe(stage.Observer<char>("from the start"));

        await stage.Publish(stream, 'a', 'b');
        EventPosition<char> bookmark = stream.GetNextPosition();
        await stage.Publish(stream, 'c', 'd');

        stream.Subscribe(stage.Observer<char>("now"));
        bookmark.AsObservable()
            .Subscribe(stage.Observer<char>("at the bookmark"));

        await stage.Publish(stream, 'e', 'f');
        await stage.Complete(stream);
        // end
    }
}
