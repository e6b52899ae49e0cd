using System.Reactive.Linq;

namespace Rx.Samples.Tour;

internal sealed class LagFail : Screen
{
    public override string Title => "Lag: Fail";

    public override string Text =>
        "For remote clients that had better reconnect: who falls more than two behind ends with an error that says how far "
        + "it had come. The publisher and the others go on.";

    public override async Task PlayAsync(Stage stage)
    {
        // shown
        using var stream = new EventStream<char>();
        Desk desk = stage.Desk(ticks: 3);
        stream.ObserveOn(desk).WithLagPolicy(LagPolicy.Fail(2)).WithName("slow")
            .Do(desk.Handle)
            .Subscribe(stage.Observer<char>("slow"));
        stream.Subscribe(stage.Observer<char>("another"));
        var slow = stream.Subscriptions.Single(s => s.Name == "slow");
        stage.Watch("slow's lag", () => slow.Lag);

        await stage.Publish(stream, "abcdefgh");
        // end
    }
}
