using System.Reactive.Linq;

namespace Rx.Samples.Tour;

internal sealed class LagUnbounded : Screen
{
    public override string Title => "Lag: Unbounded";

    public override string Text =>
        "The subscriber needs three ticks per event, and one event is published per tick. By default nothing is missed: the lag grows, "
        + "and shrinks again when publishing stops.";

    public override async Task PlayAsync(ScreenPlayer player)
    {
        // shown
        using var stream = new EventStream<char>();
        SlowScheduler scheduler = player.SlowScheduler(ticks: 3);
        stream.ObserveOn(scheduler).WithLagPolicy(LagPolicy.Unbounded)
            .Do(scheduler.Handle)
            .Subscribe(player.Observer<char>("slow"));
        EventSubscription slow = stream.Subscriptions[0];
        player.Watch("its lag", () => slow.Lag);

        await player.Publish(stream, "abcdef");
        await player.Advance(ticks: 11);
        player.Note($"delivered {slow.Delivered}, dropped {slow.Dropped}");
        // end
    }
}
