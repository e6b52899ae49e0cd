using System.Reactive.Linq;

namespace Rx.Samples.Tour;

internal sealed class LagUnbounded : Screen
{
    public override string Title => "Lag: Unbounded";

    public override string Text =>
        "The desk takes three ticks for an event, and one comes each tick. Unless you say otherwise nothing is missed: the lag grows, "
        + "and shrinks when it is quiet again.";

    public override async Task PlayAsync(Stage stage)
    {
        // shown
        using var stream = new EventStream<char>();
        Desk desk = stage.Desk(ticks: 3);
        stream.ObserveOn(desk).WithLagPolicy(LagPolicy.Unbounded)
            .Do(desk.Handle)
            .Subscribe(stage.Observer<char>("slow"));
        EventSubscription slow = stream.Subscriptions[0];
        stage.Watch("its lag", () => slow.Lag);

        await stage.Publish(stream, "abcdef");
        await stage.Rest(ticks: 11);
        stage.Say($"delivered {slow.Delivered}, dropped {slow.Dropped}");
        // end
    }
}
