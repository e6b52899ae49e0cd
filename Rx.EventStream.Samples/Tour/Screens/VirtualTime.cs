using System.Reactive.Concurrency;
using System.Reactive.Linq;

namespace Rx.Samples.Tour;

internal sealed class VirtualTime : Screen
{
    public override string Title => "Tests in virtual time";

    public override string Text =>
        "The stream takes its time from a scheduler, and that can be a test's. Here twelve minutes go by in no time; who "
        + "comes late gets the last five of them.";

    public override async Task PlayAsync(Stage stage)
    {
        // shown
        var clock = new HistoricalScheduler();
        using var stream = new EventStream<char>(new EventStreamOptions
        {
            Scheduler = clock,
            Retention = Retention.Time(TimeSpan.FromMinutes(5)),
        });
        foreach (char value in "abcdef")
        {
            await stage.Publish(stream, value);
            clock.AdvanceBy(TimeSpan.FromMinutes(2));
        }
        List<char> seen = [];
        stream.Do(seen.Add).Subscribe(stage.Observer<char>("late"));
        clock.Start();
        stage.Say($"as expected: {seen.SequenceEqual("ef")}");
        // end
        await stage.Rest(ticks: 1);
    }
}
