using System.Reactive.Concurrency;
using System.Reactive.Linq;

namespace Rx.Samples.Tour;

internal sealed class SlowObserver : Screen
{
    public override string Title => "A slow observer";

    public override string Text =>
        "One observer blocks its thread, for real. The publisher and the others do not notice. Its events wait in the list that "
        + "everyone reads, in order.";

    public override async Task PlayAsync(Stage stage)
    {
        // shown
        using var stream = new EventStream<char>();
        using var thread = new EventLoopScheduler();
        using var gate = new ManualResetEventSlim();
        stream.ObserveOn(thread).Do(_ => gate.Wait())
            .Subscribe(stage.Observer<char>("blocked"));
        stream.Subscribe(stage.Observer<char>("another"));

        await stage.Publish(stream, 'a', 'b', 'c', 'd', 'e');
        stage.Say("the gate opens");
        gate.Set();
        await stream.WhenCaughtUpAsync();          // until all have all

        await stage.Publish(stream, 'f');
        await stream.WhenCaughtUpAsync();
        // end
        await stage.Rest(ticks: 1);
    }
}
