using System.Reactive.Linq;

namespace Rx.Samples.Tour;

internal sealed class Batches : Screen
{
    public override string Title => "Batches";

    public override string Text =>
        "Work that costs the same for one event or a hundred, such as a write to a disk, can take all that has come meanwhile. A batch is a "
        + "slice of the stream's own memory: nothing is copied.";

    public override async Task PlayAsync(Stage stage)
    {
        // shown
        using var stream = new EventStream<char>();
        Desk disk = stage.Desk(ticks: 3);
        stream.ObserveOn(disk).Batch(maxCount: 4)
            .Do(disk.Handle)
            .Select(batch => $"[{batch.Span}]")
            .Subscribe(stage.Observer<string>("written"));
        EventSubscription disks = stream.Subscriptions[0];
        stage.Watch("its lag", () => disks.Lag);

        await stage.Publish(stream, "abcdefgh");
        await stage.Complete(stream);
        // end
        await stage.Rest(ticks: 4);
    }
}
