using System.Reactive.Linq;

namespace Rx.Samples.Tour;

internal sealed class LagLatest : Screen
{
    public override string Title => "Lag: Latest";

    public override string Text =>
        "For prices, positions and user interfaces: a subscriber that was busy continues with the newest event. At most one event waits "
        + "for it.";

    public override async Task PlayAsync(ScreenPlayer player)
    {
        // shown
        using var stream = new EventStream<char>();
        SlowScheduler scheduler = player.SlowScheduler(ticks: 3);
        stream.ObserveOn(scheduler).WithLagPolicy(LagPolicy.Latest)
            .Do(scheduler.Handle)
            .Subscribe(player.Observer<char>("slow"));
        EventSubscription slow = stream.Subscriptions[0];
        player.Watch("its lag", () => slow.Lag);

        await player.Publish(stream, "abcdefgh");
        await player.Advance(ticks: 3);
        player.Note($"delivered {slow.Delivered}, dropped {slow.Dropped}");
        // end
    }
}
