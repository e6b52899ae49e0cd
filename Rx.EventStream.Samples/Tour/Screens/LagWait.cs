using System.Reactive.Linq;

namespace Rx.Samples.Tour;

internal sealed class LagWait : Screen
{
    public override string Title => "Lag: Wait";

    public override string Text =>
        "For pipelines where nothing may be lost and memory is bounded: publishers wait while a subscriber is two behind. OnNext blocks "
        + "then; OnNextAsync waits without blocking. The stream takes the pace of the slow one.";

    public override async Task PlayAsync(Stage stage)
    {
        // shown
        using var stream = new EventStream<char>();
        stream.Subscribe(stage.Observer<char>("published"));
        Desk desk = stage.Desk(ticks: 3);
        stream.ObserveOn(desk).WithLagPolicy(LagPolicy.Wait(2)).WithName("slow")
            .Do(desk.Handle)
            .Subscribe(stage.Observer<char>("slow"));
        var slow = stream.Subscriptions.Single(s => s.Name == "slow");
        stage.Watch("slow's lag", () => slow.Lag);

        foreach (char value in "abcdef")
        {
            await stage.Until(() => stream.OnNextAsync(value));
        }
        // end
        await stage.Rest(ticks: 6);
    }
}
