using System.Text.Json;

namespace Rx.Tests.Samples.Dashboard;

/// <summary>Tests the behaviour of both sides by the numbers in their frames.</summary>
[TestFixture]
internal sealed class DashboardExperimentTests
{
    private const int TimeLimit = 90_000;

    private DashboardProcess _dashboard = null!;

    [SetUp]
    public Task Start() => StartAsync(TestContext.CurrentContext.CancellationToken);

    [TearDown]
    public void End() => _dashboard.Dispose();

    [TestCase(1, 1)]
    [TestCase(1_000_000, 4)]
    [CancelAfter(TimeLimit)]
    public async Task Load_AnyRate_BothSidesPublish(int rate, int publishers)
    {
        CancellationToken ct = TestContext.CurrentContext.CancellationToken;
        await _dashboard.DoAsync("load", new { rate, publishers }, ct);
        Frame before = await _dashboard.WaitForAsync("the new load", f => f.Rate == rate && f.Publishers == publishers, ct);

        long more = rate * 2L;
        Frame after = await _dashboard.WaitForAsync(
            "the events of two seconds",
            f => f.Stream.Published >= before.Stream.Published + more && f.Subject.Published >= before.Subject.Published + more,
            ct);

        Assert.That(after.Stream.Cost, Is.Positive);
        Assert.That(after.Memory, Is.Positive);
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Stall_OneSubscriber_StreamContinuesAndSubjectStops(CancellationToken ct)
    {
        await _dashboard.DoAsync("subscribers/1/stall", new { stalled = true }, ct);
        Frame stalled = await _dashboard.WaitForAsync("a stalled publisher of the subject", f => f.Subject.StalledFor > 0, ct);

        // Some publishers of the subject may not be in a call yet, but none returns from one.
        Frame later = await _dashboard.WaitForAsync("a growing lag on the stream", f => f.Of("ledger").Lag > 2_000, ct);
        Assert.That(later.Stream.Published, Is.GreaterThan(stalled.Stream.Published + 1_000));
        Assert.That(later.Stream.StalledFor, Is.Zero);
        Assert.That(later.Of("uplink").Position, Is.GreaterThan(later.Of("ledger").Position + 1_000), "The other subscribers do not lag.");
        Assert.That(later.Of("ledger").Position, Is.EqualTo(stalled.Of("ledger").Position));
        Assert.That(later.Subject.Published, Is.EqualTo(stalled.Subject.Published));
        Assert.That(later.Of("uplink").Subject.Delivered, Is.EqualTo(stalled.Of("uplink").Subject.Delivered));

        await _dashboard.DoAsync("subscribers/1/stall", new { stalled = false }, ct);
        Frame released = await _dashboard.WaitForAsync(
            "the subscriber catching up", f => f.Of("ledger").Position > later.Stream.Published && f.Subject.Published > later.Subject.Published, ct);
        Assert.That(released.Of("ledger").Dropped, Is.Zero);
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Join_AtBookmark_ReplaysFromBookmark(CancellationToken ct)
    {
        JsonElement bookmark = await _dashboard.DoAsync("bookmarks", null, ct);
        long sequence = bookmark.GetProperty("sequence").GetInt64();
        await _dashboard.WaitForAsync("events after the bookmark", f => f.Stream.Published > sequence + 1_000, ct);

        await _dashboard.DoAsync("subscribers", new { name = "late", joinAt = "bookmark", bookmark = "A" }, ct);

        Frame frame = await _dashboard.WaitForAsync("the subscriber caught up", f => HasSubscriber(f, "late") && f.Of("late").Lag < 1_000, ct);
        Assert.That(frame.Of("late").Joined, Is.EqualTo(sequence));
        Assert.That(frame.Of("late").Dropped, Is.Zero);
        Assert.That(frame.Of("late").Delivered, Is.GreaterThan(1_000));
        Assert.That(frame.Of("late").Subject.Delivered, Is.LessThan(frame.Of("late").Delivered), "A subject replays nothing.");
    }

    [TestCase("threadPool")]
    [TestCase("eventLoop")]
    [TestCase("newThread")]
    [TestCase("publishingThread")]
    [CancelAfter(TimeLimit)]
    public async Task Join_AtOldest_ReplaysRetainedEvents(string scheduler)
    {
        CancellationToken ct = TestContext.CurrentContext.CancellationToken;
        await _dashboard.DoAsync("load", new { rate = 50_000 }, ct);
        await _dashboard.WaitForAsync("more events than are retained", f => f.Stream.Published > 15_000, ct);
        await _dashboard.DoAsync("load", new { rate = 1_000 }, ct);
        Frame before = await _dashboard.WaitForAsync("the lower rate", f => f.Stream.Rate < 1_500, ct);

        await _dashboard.DoAsync("subscribers", new { name = "late", joinAt = "oldest", scheduler, speed = 100_000 }, ct);

        Frame frame = await _dashboard.WaitForAsync("the subscriber caught up", f => HasSubscriber(f, "late") && f.Of("late").Lag < 500, ct);
        Assert.That(frame.Of("late").Joined, Is.EqualTo(before.Stream.Published - 10_000).Within(2_000), "The stream retains 10,000 events.");
        Assert.That(frame.Of("late").Delivered, Is.GreaterThan(9_000));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Policy_Wait_StalledSubscriberBlocksPublishersUntilRemoved(CancellationToken ct)
    {
        JsonElement added = await _dashboard.DoAsync("subscribers", new { name = "strict", policy = "wait", capacity = 100 }, ct);
        int id = added.GetProperty("id").GetInt32();
        await _dashboard.DoAsync($"subscribers/{id}/stall", new { stalled = true }, ct);
        Frame waiting = await _dashboard.WaitForAsync("a stalled publisher of the stream", f => f.Stream.StalledFor > 0, ct);
        Assert.That(waiting.Of("strict").Lag, Is.LessThanOrEqualTo(100));

        await _dashboard.DeleteAsync($"subscribers/{id}", ct);

        await _dashboard.WaitForAsync(
            "the publishers continuing", f => f.Stream.StalledFor == 0 && f.Stream.Published > waiting.Stream.Published + 1_000 && !HasSubscriber(f, "strict"), ct);
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Policy_Fail_StalledSubscriberEndsWithReason(CancellationToken ct)
    {
        JsonElement added = await _dashboard.DoAsync("subscribers", new { name = "picky", policy = "fail", capacity = 10 }, ct);
        string path = $"subscribers/{added.GetProperty("id").GetInt32()}/stall";
        await _dashboard.DoAsync(path, new { stalled = true }, ct);
        await _dashboard.WaitForAsync("a lag", f => HasSubscriber(f, "picky") && f.Of("picky").Lag > 100, ct);
        await _dashboard.DoAsync(path, new { stalled = false }, ct);

        Frame frame = await _dashboard.WaitForAsync("the end of the subscription", f => f.Of("picky").End is not null, ct);

        Assert.That(frame.Of("picky").End, Does.Contain("'picky'").And.Contain("more than the 10"));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Complete_OneSubscriberStalled_ItCompletesWhenReleased(CancellationToken ct)
    {
        await _dashboard.DoAsync("subscribers/1/stall", new { stalled = true }, ct);
        await _dashboard.WaitForAsync("a lag", f => f.Of("ledger").Lag > 1_000, ct);

        await _dashboard.DoAsync("complete", null, ct);
        await _dashboard.DoAsync("complete", null, ct);

        Frame completed = await _dashboard.WaitForAsync("the completion of the others", f => f.Of("uplink").End == "completed", ct);
        Assert.That(completed.Of("uplink").Position, Is.EqualTo(completed.Stream.Published));
        Assert.That(completed.Of("ledger").End, Is.Null);
        Assert.That(completed.Of("uplink").Subject.End, Is.Null, "The subject's publisher is still in its call.");

        await _dashboard.DoAsync("subscribers/1/stall", new { stalled = false }, ct);
        Frame all = await _dashboard.WaitForAsync(
            "the completion of all", f => f.Subscribers.All(s => s.End == "completed" && s.Subject.End == "completed"), ct);
        Assert.That(all.Of("ledger").Delivered, Is.EqualTo(all.Stream.Published));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Restart_PublishersBlocked_StartsNewRun(CancellationToken ct)
    {
        await _dashboard.DoAsync("subscribers", new { name = "inline", scheduler = "publishingThread" }, ct);
        foreach (Frame.Subscriber subscriber in (await _dashboard.WaitForAsync("the new subscriber", f => HasSubscriber(f, "inline"), ct)).Subscribers)
        {
            await _dashboard.DoAsync($"subscribers/{subscriber.Id}/stall", new { stalled = true }, ct);
        }

        Frame before = await _dashboard.WaitForAsync("stalled publishers on both sides", f => f.Subject.StalledFor > 0 && f.Stream.StalledFor > 0, ct);

        await _dashboard.DoAsync("restart", null, ct);

        Frame after = await _dashboard.WaitForAsync("a new run", f => f.Run != before.Run && f.Stream.Published > 100, ct);
        Assert.That(after.Subscribers.Select(s => s.Name), Is.EqualTo(new[] { "ledger", "screen", "uplink" }));
        Assert.That(after.Subscribers.Select(s => s.Stalled), Has.None.True);
        Assert.That(after.Subject.StalledFor, Is.Zero);
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Subject_OneSlowSubscriber_OnlyThatOneIsBusy(CancellationToken ct)
    {
        await _dashboard.DoAsync("subscribers", new { name = "slow", speed = 1 }, ct);

        Frame frame = await _dashboard.WaitForAsync(
            "publishers that wait for the slow subscriber", f => f.Subject.StalledFor > 0 && HasSubscriber(f, "slow") && f.Of("slow").Subject.Busy, ct);

        Assert.That(frame.Subscribers.Where(s => s.Name != "slow").Select(s => s.Subject.Busy), Has.None.True);
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task MaxHeld_Exceeded_RemovesWithNoticeAndFreesMemory(CancellationToken ct)
    {
        _dashboard.Dispose();
        await StartAsync(ct, "--most-held", "6000000");
        await _dashboard.DoAsync("bookmarks", null, ct);
        await _dashboard.DoAsync("subscribers/1/stall", new { stalled = true }, ct);
        await _dashboard.DoAsync("load", new { rate = 1_000_000, publishers = 2 }, ct);
        long max = 0;

        Frame removed = await _dashboard.WaitForAsync(
            "both notices",
            f =>
            {
                max = Math.Max(max, f.Memory);
                return f.Notices.Length == 2;
            },
            ct);

        Assert.That(removed.Notices.Select(n => n.Text), Has.One.StartsWith("ledger was removed: it kept more than 6,000,000 events").And
            .One.StartsWith("Bookmark A was removed: it kept more than 6,000,000 events"));
        await _dashboard.DoAsync("load", new { rate = 1_000, publishers = 2 }, ct);
        Frame after = await _dashboard.WaitForAsync("half of the memory freed", f => f.Memory < max / 2, ct);
        Assert.That(after.Time, Is.LessThan(removed.Time + 10), "Only an explicit collection frees the memory so soon.");
        Assert.That(after.Subscribers.Select(s => s.Name), Is.EqualTo(new[] { "screen", "uplink" }));
        Assert.That(after.Bookmarks, Is.Empty);
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Restart_ManyEventsKept_FreesMemory(CancellationToken ct)
    {
        await _dashboard.DoAsync("subscribers/1/stall", new { stalled = true }, ct);
        await _dashboard.DoAsync("load", new { rate = 1_000_000, publishers = 2 }, ct);
        Frame before = await _dashboard.WaitForAsync("many kept events", f => f.Of("ledger").Lag > 3_000_000, ct);

        await _dashboard.DoAsync("restart", null, ct);

        Frame after = await _dashboard.WaitForAsync("a new run", f => f.Run != before.Run && f.Memory < before.Memory / 2, ct);
        Assert.That(after.Time, Is.LessThan(5), "Only an explicit collection frees the memory so soon.");
    }

    private async Task StartAsync(CancellationToken ct, params string[] options)
    {
        _dashboard = await DashboardProcess.StartAsync(ct, options);

        // Slow enough that a busy machine does not cause a lag.
        await _dashboard.DoAsync("load", new { rate = 1_000, publishers = 2 }, ct);
    }

    private static bool HasSubscriber(Frame frame, string name) => frame.Subscribers.Any(s => s.Name == name);
}
