using System.Reactive.Linq;

namespace Rx.Samples.Tour;

internal sealed class LagLatest : Screen
{
    public override string Title => "Lag: Latest";

    public override string Text =>
        "For prices, positions and user interfaces: who was busy goes on with what is current. It is never more than one "
        + "event behind when it comes back.";

    public override async Task PlayAsync(Stage stage)
    {
        // shown
        using var stream = new EventStream<char>();
        Desk desk = stage.Desk(ticks: 3);
        stream.ObserveOn(desk).WithLagPolicy(LagPolicy.Latest)
            .Do(desk.Handle)
            .Subscribe(stage.Observer<char>("slow"));
        EventSubscription slow = stream.Subscriptions[0];
        stage.Watch("its lag", () => slow.Lag);

        await stage.Publish(stream, "abcdefgh");
        await stage.Rest(ticks: 3);
        stage.Say($"delivered {slow.Delivered}, dropped {slow.Dropped}");
        // end
    }
}
