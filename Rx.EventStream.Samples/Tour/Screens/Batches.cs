using System.Reactive.Linq;

namespace Rx.Samples.Tour;

internal sealed class Batches : Screen
{
    public override string Title => "Batches";

    public override string Text =>
        "Some work costs the same for one event as for a hundred: a write to a disk, for example. A batch holds the events that have "
        + "arrived, up to a maximum count. It is a slice of the stream's own memory: nothing is copied.";

    public override async Task PlayAsync(ScreenPlayer player)
    {
        // shown
        using var stream = new EventStream<char>();
        SlowScheduler disk = player.SlowScheduler(ticks: 3);
        stream.ObserveOn(disk).Batch(maxCount: 4)
            .Do(disk.Handle)
            .Select(batch => $"[{batch.Span}]")
            .Subscribe(player.Observer<string>("written"));
        EventSubscription written = stream.Subscriptions[0];
        player.Watch("its lag", () => written.Lag);

        await player.Publish(stream, "abcdefgh");
        await player.Complete(stream);
        // end
        await player.Advance(ticks: 4);
    }
}
