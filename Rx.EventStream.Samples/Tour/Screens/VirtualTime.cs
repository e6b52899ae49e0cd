using System.Reactive.Concurrency;
using System.Reactive.Linq;

namespace Rx.Samples.Tour;

internal sealed class VirtualTime : Screen
{
    public override string Title => "Tests in virtual time";

    public override string Text =>
        "The stream takes its time from a scheduler, such as a test's. Here, twelve minutes pass at once. A late subscriber gets the last "
        + "five minutes.";

    public override async Task PlayAsync(ScreenPlayer player)
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
            await player.Publish(stream, value);
            clock.AdvanceBy(TimeSpan.FromMinutes(2));
        }
        List<char> seen = [];
        stream.Do(seen.Add).Subscribe(player.Observer<char>("late"));
        clock.Start();
        player.Note($"as expected: {seen.SequenceEqual("ef")}");
        // end
        await player.Advance(ticks: 1);
    }
}
