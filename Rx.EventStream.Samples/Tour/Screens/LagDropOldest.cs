using System.Reactive.Linq;

namespace Rx.Samples.Tour;

internal sealed class LagDropOldest : Screen
{
    public override string Title => "Lag: DropOldest";

    public override string Text =>
        "A subscriber that is more than two events behind continues with the newest two. The dropped events are counted, and the "
        + "sequence numbers show the gap, so you know what was missed.";

    public override async Task PlayAsync(ScreenPlayer player)
    {
        // shown
        using var stream = new EventStream<char>();
        SlowScheduler scheduler = player.SlowScheduler(ticks: 3);
        stream.ObserveOn(scheduler).WithLagPolicy(LagPolicy.DropOldest(2))
            .WithSequence()
            .Do(scheduler.Handle)
            .Select(e => $"{e.Sequence}{e.Value}")
            .Subscribe(player.Observer<string>("slow"));
        EventSubscription slow = stream.Subscriptions[0];
        player.Watch("its lag", () => slow.Lag);

        await player.Publish(stream, "abcdefgh");
        await player.Advance(ticks: 6);
        player.Note($"delivered {slow.Delivered}, dropped {slow.Dropped}");
        // end
    }
}
