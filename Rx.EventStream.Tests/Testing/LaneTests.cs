using System.Reactive.Linq;

namespace Rx.Tests.Testing;

/// <summary>Values that change, and observables of observables, as lanes.</summary>
[TestFixture]
internal sealed class LaneTests
{
    [Test]
    public void Track_LagAndDropsOfASubscriber_Lanes([Values(1, 2, 64)] int segmentCapacity) => MarbleScheduler.Run(TimeSpan.FromTicks(1), scheduler =>
    {
        var stream = new EventStream<char>(new EventStreamOptions { SegmentCapacity = segmentCapacity });
        EventSubscription? subscription = null;
        IObservable<char> slow = Observable.Create<char>(observer =>
            subscription = stream.ObserveOn(scheduler).WithLagPolicy(LagPolicy.DropOldest(2)).Subscribe(observer));
        scheduler.Hot("-(abcde)---f|").Subscribe(stream);
        MarbleRecording<long> lag = scheduler.Track("lag", () => subscription?.Lag ?? 0);
        MarbleRecording<long> dropped = scheduler.Track("dropped", () => subscription?.Dropped ?? 0);
        MarbleRecording<char> recording = scheduler.Record(slow);

        scheduler.Expect(recording).ToBe("--de--f|");
        scheduler.Start();

        Assert.That(recording.ToString(), Is.EqualTo(
            """
                     --de--f|
            lag      0510-10
            dropped  0-3
            """.ReplaceLineEndings()));
        Assert.That((lag.ToString(), dropped.ToString()), Is.EqualTo(("lag  0510-10", "dropped  0-3")));
    });

    [Test]
    public void Track_LargeNumbers_ByMapOrLetter() => MarbleScheduler.Run(scheduler =>
    {
        int sum = 0;
        scheduler.Hot<int>("-9-9-9").Subscribe(i => sum += i);
        MarbleRecording<int> lane = scheduler.Track("sum", () => sum);

        scheduler.Expect(lane).ToBe("09-x-y", ('x', 18), ('y', 27));
        scheduler.Start();

        Assert.That(lane.ToString(), Is.EqualTo(string.Join(Environment.NewLine, "sum  09-a-b", "sum: a = 18", "sum: b = 27")));
    });

    [Test]
    public void ExpectNested_WindowsAndGroups_Lanes() => MarbleScheduler.Run(scheduler =>
    {
        IObservable<char> source = scheduler.Hot("-a-b-c-d-|");

        scheduler.ExpectNested(source.Window(2)).ToBe("x--y---z-|", ('x', "-a-(b|)"), ('y', "--c-(d|)"), ('z', "--|"));
        scheduler.ExpectNested(source.GroupBy(c => c < 'c')).ToBe("-x---y---|", ('x', "a-b-----|"), ('y', "c-d-|"));
        scheduler.ExpectNested(source.Window(2).Select(w => w.Select(c => c - 'a' + 10))).ToBe(
            "x--y---z-|", new MarbleValues<int> { { 'A', 10 }, { 'B', 11 }, { 'C', 12 }, { 'D', 13 } }, ('x', "-A-(B|)"), ('y', "--C-(D|)"), ('z', "--|"));
    });

    // The inner windows would go on without end.
    [Test]
    public void ExpectNested_Unsubscribed_InnerOnesEndToo() => MarbleScheduler.Run(scheduler =>
        scheduler.ExpectNested(Observable.Interval(TimeSpan.FromMilliseconds(1), scheduler).Window(3), "^-----!").ToBe("x--y", ('x', "-01(2|)"), ('y', "-34")));

    [Test]
    public void Of_ManyLargeValues_ALetterEach() => MarbleScheduler.Run(scheduler =>
    {
        MarbleRecording<int> recording = scheduler.Record(Observable.Range(10, 100));
        scheduler.Start();

        string[] lines = recording.ToString().Split(Environment.NewLine);

        Assert.That(lines[0], Does.StartWith("(abcdefgh").And.EndsWith("|)"));
        Assert.That(lines[0].Distinct().Count(), Is.EqualTo(103));
        Assert.That(lines, Has.Length.EqualTo(101));
    });
}
