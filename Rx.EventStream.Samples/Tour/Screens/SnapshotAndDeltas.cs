using System.Reactive.Linq;

namespace Rx.Samples.Tour;

internal sealed class SnapshotAndDeltas : Screen
{
    public override string Title => "Snapshot and deltas";

    public override string Text =>
        "A projection folds the events into a state. A new client takes the state together with its position, and can take its time: it "
        + "then follows the stream from that position. No event is missed or counted twice, and no lock is held.";

    public override async Task PlayAsync(ScreenPlayer player)
    {
        // shown
        using var deposits = new EventStream<int>();
        using var balance = deposits.ToProjection(0, (sum, d) => sum + d);
        player.Watch("balance", () => balance.State);
        await player.Publish(deposits, 10, 5);

        using EventSnapshot<int, int> snapshot = balance.Current;
        await player.Publish(deposits, 1, 2);    // not in the snapshot

        player.Note($"the client starts with {snapshot.State}");
        snapshot.Position.AsObservable()
            .Scan(snapshot.State, (sum, d) => sum + d)
            .Subscribe(player.Observer<int>("the client's"));
        await player.Publish(deposits, 4, 3);
        // end
    }
}
