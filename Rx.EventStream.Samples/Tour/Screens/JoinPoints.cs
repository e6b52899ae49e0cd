namespace Rx.Samples.Tour;

internal sealed class JoinPoints : Screen
{
    public override string Title => "Join points";

    public override string Text =>
        "A position is a place in the stream. A subscriber that joins at a position first receives the events published since then, all "
        + "at once, and then follows the stream. Without a position, a subscriber joins now.";

    public override async Task PlayAsync(ScreenPlayer player)
    {
        // shown
        using var stream = new EventStream<char>();
        stream.Subscribe(player.Observer<char>("from the start"));

        await player.Publish(stream, 'a', 'b');
        EventPosition<char> bookmark = stream.GetNextPosition();
        await player.Publish(stream, 'c', 'd');

        stream.Subscribe(player.Observer<char>("now"));
        bookmark.AsObservable()
            .Subscribe(player.Observer<char>("at the bookmark"));

        await player.Publish(stream, 'e', 'f');
        await player.Complete(stream);
        // end
    }
}
