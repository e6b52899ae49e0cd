using System.Reactive.Linq;

namespace Rx.Samples.Tour;

internal sealed class SnapshotAndDeltas : Screen
{
    public override string Title => "Snapshot and deltas";

    public override string Text =>
        "A projection folds the events into a state. A new client takes the state together with the position it belongs to, "
        + "in no hurry, and then follows from there: nothing is missed, nothing is counted twice, and nobody holds a lock.";

    public override async Task PlayAsync(Stage stage)
    {
        // shown
        using var deposits = new EventStream<int>();
        using var balance = deposits.ToProjection(0, (sum, d) => sum + d);
        stage.Watch("balance", () => balance.Current.State);
        await stage.Publish(deposits, 10, 5);

        EventSnapshot<int, int> snapshot = balance.Current;
        await stage.Publish(deposits, 1, 2);    // meanwhile

        stage.Say($"the client starts with {snapshot.State}");
        snapshot.Position.AsObservable()
            .Scan(snapshot.State, (sum, d) => sum + d)
            .Subscribe(stage.Observer<int>("the client's"));
        await stage.Publish(deposits, 4, 3);
        // end
    }
}
