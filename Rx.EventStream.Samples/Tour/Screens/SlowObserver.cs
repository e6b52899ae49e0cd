using System.Reactive.Concurrency;
using System.Reactive.Linq;

namespace Rx.Samples.Tour;

internal sealed class SlowObserver : Screen
{
    public override string Title => "A slow observer";

    public override string Text =>
        "One observer blocks its thread, for real. No other observer is delayed. Its events wait, in order, in the list that all subscribers "
        + "share.";

    public override async Task PlayAsync(ScreenPlayer player)
    {
        // shown
        using var stream = new EventStream<char>();
        using var thread = new EventLoopScheduler();
        using var gate = new ManualResetEventSlim();
        stream.ObserveOn(thread).Do(_ => gate.Wait())
            .Subscribe(player.Observer<char>("blocked"));
        stream.Subscribe(player.Observer<char>("another"));

        await player.Publish(stream, 'a', 'b', 'c', 'd', 'e');
        player.Note("the gate opens");
        gate.Set();
        await stream.WhenCaughtUpAsync();          // every observer has all

        await player.Publish(stream, 'f');
        await stream.WhenCaughtUpAsync();
        // end
        await player.Advance(ticks: 1);
    }
}
