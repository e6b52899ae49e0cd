using System.Reactive.Linq;

namespace Rx.Samples.Tour;

internal sealed class LagFail : Screen
{
    public override string Title => "Lag: Fail";

    public override string Text =>
        "For remote clients that should reconnect: a subscriber that is more than two events behind ends with an error that includes its "
        + "position. The publisher and the other subscribers continue.";

    public override async Task PlayAsync(ScreenPlayer player)
    {
        // shown
        using var stream = new EventStream<char>();
        SlowScheduler scheduler = player.SlowScheduler(ticks: 3);
        stream.ObserveOn(scheduler).WithLagPolicy(LagPolicy.Fail(2)).WithName("slow")
            .Do(scheduler.Handle)
            .Subscribe(player.Observer<char>("slow"));
        stream.Subscribe(player.Observer<char>("another"));
        var slow = stream.Subscriptions.Single(s => s.Name == "slow");
        player.Watch("slow's lag", () => slow.Lag);

        await player.Publish(stream, "abcdefgh");
        // end
    }
}
