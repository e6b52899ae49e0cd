namespace Rx.Samples.Tour;

internal sealed class Replay : Screen
{
    public override string Title => "Replay";

    public override string Text =>
        "A stream can retain events for late subscribers: by count, by age, or all of them. This stream retains the newest three. A "
        + "replay copies nothing.";

    public override async Task PlayAsync(ScreenPlayer player)
    {
        // shown
        var newest = new EventStreamOptions { Retention = Retention.Count(3) };
        using var stream = new EventStream<char>(newest);

        await player.Publish(stream, 'a', 'b', 'c', 'd', 'e');

        stream.Subscribe(player.Observer<char>("late"));
        stream.GetPosition(4).AsObservable()
            .Subscribe(player.Observer<char>("from 4"));
        player.Note($"oldest retained event: {stream.OldestSequence}");

        await player.Publish(stream, 'f', 'g');
        await player.Complete(stream);
        stream.Subscribe(player.Observer<char>("at the end"));
        // end
    }
}
