using System.Reactive.Linq;

namespace Rx.Samples.Tour;

internal sealed class LagWait : Screen
{
    public override string Title => "Lag: Wait";

    public override string Text =>
        "For pipelines with bounded memory that must not lose an event: publishers wait while a subscriber is two events behind. OnNext "
        + "blocks; OnNextAsync waits without blocking. The slow subscriber sets the stream's pace.";

    public override async Task PlayAsync(ScreenPlayer player)
    {
        // shown
        using var stream = new EventStream<char>();
        stream.Subscribe(player.Observer<char>("published"));
        SlowScheduler scheduler = player.SlowScheduler(ticks: 3);
        stream.ObserveOn(scheduler).WithLagPolicy(LagPolicy.Wait(2))
            .WithName("slow").Do(scheduler.Handle)
            .Subscribe(player.Observer<char>("slow"));
        var slow = stream.Subscriptions.Single(s => s.Name == "slow");
        player.Watch("slow's lag", () => slow.Lag);

        foreach (char value in "abcdef")
        {
            await player.Await(() => stream.OnNextAsync(value));
        }
        // end
        await player.Advance(ticks: 6);
    }
}
