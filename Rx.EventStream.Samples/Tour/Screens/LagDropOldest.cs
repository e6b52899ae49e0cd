using System.Reactive.Linq;

namespace Rx.Samples.Tour;

internal sealed class LagDropOldest : Screen
{
    public override string Title => "Lag: DropOldest";

    public override string Text =>
        "Who is more than two behind goes on with the newest two. The others are counted, and the gap shows in the "
        + "sequences, so that you know what was missed.";

    public override async Task PlayAsync(Stage stage)
    {
        // shown
        using var stream = new EventStream<char>();
        Desk desk = stage.Desk(ticks: 3);
        stream.ObserveOn(desk).WithLagPolicy(LagPolicy.DropOldest(2))
            .WithSequence()
            .Do(desk.Handle)
            .Select(e => $"{e.Sequence}{e.Value}")
            .Subscribe(stage.Observer<string>("slow"));
        EventSubscription slow = stream.Subscriptions[0];
        stage.Watch("its lag", () => slow.Lag);

        await stage.Publish(stream, "abcdefgh");
        await stage.Rest(ticks: 6);
        stage.Say($"delivered {slow.Delivered}, dropped {slow.Dropped}");
        // end
    }
}
