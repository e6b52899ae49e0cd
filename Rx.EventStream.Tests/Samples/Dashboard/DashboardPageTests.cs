using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Rx.Tests.Samples.Dashboard;

/// <summary>Tests the controls of the page and what the page shows.</summary>
[TestFixture]
internal sealed class DashboardPageTests : DashboardPageFixture
{
    private const string NameOfElement = "e => e === document.body ? 'body' : e.id || e.getAttribute('aria-label') || e.textContent.trim()";

    [TestCase(ColorScheme.Light)]
    [TestCase(ColorScheme.Dark)]
    [CancelAfter(TimeLimit)]
    public async Task Page_Loaded_IsLiveAndRequestsNothingFromOtherSites(ColorScheme scheme)
    {
        await OpenAsync(new() { ColorScheme = scheme });

        await Assertions.Expect(Page.Locator("#status")).ToHaveTextAsync("live");
        await Assertions.Expect(Page.Locator(".row")).ToHaveCountAsync(4);
        await WaitForAsync("() => document.querySelector('[data-row=ledger] .stream [data-stat=rate]').textContent !== '0/s'");
        await WaitForAsync(
            """
            () => [...document.querySelectorAll('.chart .line')].length === 5 && [...document.querySelectorAll('.chart .line')]
                .every(line => /^M\d+\.\d,\d+\.\d(L\d+\.\d,\d+\.\d){9,}$/.test(line.getAttribute('d') ?? ''))
            """);
        Assert.That(await Page.Locator(".key b").AllInnerTextsAsync(), Has.Count.EqualTo(5).And.All.Match("^[0-9]"));
        await Assertions.Expect(Page.Locator("#chart-memory svg")).ToHaveAttributeAsync("aria-label", new Regex("now Heap .* [kMG]B$"));
        await Assertions.Expect(Page.Locator("#chart-cost svg")).ToHaveAttributeAsync("aria-label", new Regex("now EventStream .*s, Subject .*s$"));
        await WaitForAsync(SomethingDrawn, "[data-row=ledger] .stream canvas");
        Assert.That(Requests, Has.Count.GreaterThan(8).And.All.StartsWith(Dashboard.Address.AbsoluteUri));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Stall_Clicked_OnlyItsLagGrowsUntilReleased()
    {
        await OpenAsync();
        await Button("Stall ledger").ClickAsync();
        await WaitForAsync("() => Number(document.querySelector('[data-row=ledger] [data-stat=lag]').textContent.replaceAll(',', '')) > 1500");

        long stalledAt = await StatAsync("ledger", "position");
        Assert.That(await StatAsync("uplink", "position"), Is.GreaterThan(stalledAt + 1_000));
        Assert.That(await StatAsync("uplink", "lag"), Is.LessThan(1_000));
        await Assertions.Expect(Page.Locator("[data-row=publishers] .subject .note")).ToHaveTextAsync("publishers wait");
        await Assertions.Expect(Page.Locator("[data-row=publishers] .stream .note")).ToBeEmptyAsync();
        await Assertions.Expect(Page.Locator("[data-row=uplink] .subject .note")).ToHaveTextAsync("waits for others");
        await Assertions.Expect(Page.Locator("#announcer")).ToHaveTextAsync("ledger stalled");

        await Button("Release ledger").ClickAsync();
        await WaitForAsync("() => Number(document.querySelector('[data-row=ledger] [data-stat=lag]').textContent.replaceAll(',', '')) < 500");
        Assert.That(await StatAsync("ledger", "position"), Is.GreaterThan(stalledAt + 1_000));
        Assert.That(await StatAsync("ledger", "dropped"), Is.Zero);
        await Assertions.Expect(Page.Locator("[data-row=publishers] .subject .note")).ToBeEmptyAsync();
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Bookmark_JoinedLater_ReplaysFromBookmark(CancellationToken ct)
    {
        await OpenAsync();
        await Button("Set bookmark").ClickAsync();
        ILocator join = Page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Join at A") });
        await join.WaitForAsync();
        Frame set = await Dashboard.WaitForAsync("the bookmark", f => f.Bookmarks.Length == 1, ct);
        await Dashboard.WaitForAsync("events after it", f => f.Stream.Published > set.Bookmarks[0].Sequence + 1_000, ct);

        await join.ClickAsync();
        await Page.GetByLabel("Name").FillAsync(Late);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Add", Exact = true }).ClickAsync();

        await Page.Locator($"[data-row={Late}]").WaitForAsync();
        Frame joined = await Dashboard.WaitForAsync(
            "the subscriber caught up", f => f.Subscribers.Any(s => s.Name == Late && s.Delivered > 1_000 && s.Lag < 500), ct);
        Assert.That(joined.Of(Late).Joined, Is.EqualTo(set.Bookmarks[0].Sequence));
        Assert.That(joined.Of(Late).Dropped, Is.Zero);
        await Assertions.Expect(Page.Locator($"[data-row={Late}] .tags"))
            .ToContainTextAsync($"joined at {set.Bookmarks[0].Sequence.ToString("N0", CultureInfo.InvariantCulture)}");
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task AddSubscriber_PolicyWithoutEffect_ShowsErrorAndStaysOpen()
    {
        await OpenAsync();
        await Button("Add subscriber").ClickAsync();
        await Page.GetByLabel("Lag policy").SelectOptionAsync("wait");
        await Page.GetByLabel("Called on").SelectOptionAsync("publishingThread");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Add", Exact = true }).ClickAsync();

        await Assertions.Expect(Page.Locator("dialog [role=alert]")).ToContainTextAsync("never lags");
        await Page.GetByLabel("Called on").SelectOptionAsync("eventLoop");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Add", Exact = true }).ClickAsync();
        await Assertions.Expect(Page.Locator("dialog")).ToBeHiddenAsync();
        await Assertions.Expect(Page.Locator("[data-row='subscriber 1'] .tags")).ToContainTextAsync("Wait(1000)");
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Controls_RemoveCompleteRestart_UpdateThePage(CancellationToken ct)
    {
        await OpenAsync();
        await Page.Locator("#rate").FillAsync("20000");
        await Page.Locator("#rate").PressAsync("Enter");
        await Dashboard.WaitForAsync("the rate", f => f.Rate == 20_000, ct);
        await Assertions.Expect(Page.Locator("#weight")).ToContainTextAsync("5,000 events");
        await Page.Locator("#rate").FillAsync("0");
        await Page.Locator("#rate").PressAsync("Enter");
        await Assertions.Expect(Page.Locator("#problem")).ToContainTextAsync("from 1 to 1,000,000, not 0");

        await Button("Remove screen").ClickAsync();
        await Assertions.Expect(Page.Locator("[data-row=screen]")).ToHaveCountAsync(0);
        await Assertions.Expect(Button("Stall uplink")).ToBeFocusedAsync();

        await Button("Complete").ClickAsync();
        await Assertions.Expect(Page.Locator("[data-row=ledger] .stream .note")).ToHaveTextAsync("completed");
        await Assertions.Expect(Page.Locator("[data-row=ledger] .stream .note")).ToHaveAttributeAsync("data-tone", "neutral");
        await Assertions.Expect(Page.Locator("#rate")).ToBeDisabledAsync();

        await Button("Restart").ClickAsync();
        await Page.Locator("[data-row=screen]").WaitForAsync();
        await Assertions.Expect(Page.Locator("#rate")).ToBeEnabledAsync();
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Reload_Page_ResumesAfterLastFrame()
    {
        await OpenAsync();
        await WaitForAsync("() => Number(document.body.dataset.frame) > 20");

        await Page.ReloadAsync();
        await WaitForAsync("() => document.body.dataset.firstFrame !== undefined");

        long last = long.Parse(await Page.EvaluateAsync<string>("() => sessionStorage['lastEventId /']"), CultureInfo.InvariantCulture);
        long first = long.Parse(await Page.EvaluateAsync<string>("() => document.body.dataset.firstFrame"), CultureInfo.InvariantCulture);
        Assert.That(last, Is.GreaterThan(20));
        Assert.That(first, Is.EqualTo(last + 1));

        // The charts have a point per frame, and they keep the points of the previous page.
        await WaitForAsync("() => document.querySelector('#chart-rate .line.stream').getAttribute('d')?.split('L').length > 20");
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Connection_ServerRestarted_ShowsNewRun(CancellationToken ct)
    {
        await OpenAsync();
        await Assertions.Expect(Page.Locator("#status")).ToHaveTextAsync("live");
        await Button("Stall ledger").ClickAsync();
        await Button("Release ledger").WaitForAsync();

        int port = Dashboard.Address.Port;
        StopDashboard();
        await Assertions.Expect(Page.Locator("#status")).ToHaveTextAsync("reconnecting");
        using SampleProcess other = SampleProcess.Start("dashboard", "--port", $"{port}");
        await other.WaitForAsync("http://", ct);

        await Assertions.Expect(Page.Locator("#status")).ToHaveTextAsync("live", new() { Timeout = TimeLimit });
        await Button("Stall ledger").WaitForAsync();
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Keyboard_Tab_ReachesEveryControlWithVisibleFocus()
    {
        await OpenAsync();
        await Button("Set bookmark").ClickAsync();
        await Page.GetByRole(AriaRole.Button, new() { Name = "Remove bookmark A" }).WaitForAsync();
        string[] all = await Page.EvaluateAsync<string[]>(
            $"() => [...document.querySelectorAll('a, button, input, select, summary')].filter(e => e.checkVisibility()).map({NameOfElement})");

        var reached = new List<string>();

        // Tabs through the whole page from the last click. Between the last and the first control, the browser itself has the focus.
        for (int pressed = 0; reached.Count < all.Length && pressed < 2 * all.Length; pressed++)
        {
            await Page.Keyboard.PressAsync("Tab");
            JsonElement focus = await Page.EvaluateAsync<JsonElement>(
                $$"""
                () => {
                    const e = document.activeElement, s = getComputedStyle(e);
                    return { name: ({{NameOfElement}})(e), width: s.outlineStyle === 'none' ? 0 : parseFloat(s.outlineWidth) };
                }
                """);
            string name = focus.GetProperty("name").GetString()!;
            if (name == "body")
            {
                continue;
            }

            reached.Add(name);
            Assert.That(focus.GetProperty("width").GetDouble(), Is.GreaterThanOrEqualTo(2), $"{name} shows its focus.");
        }

        Assert.That(reached, Is.EquivalentTo(all));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Keyboard_Only_StallsAndAddsSubscriber()
    {
        await OpenAsync();
        await Button("Stall uplink").FocusAsync();
        await Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(Button("Release uplink")).ToBeFocusedAsync();

        await Button("Add subscriber").FocusAsync();
        await Page.Keyboard.PressAsync("Space");
        await Assertions.Expect(Page.GetByLabel("Name")).ToBeFocusedAsync();
        await Page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(Page.Locator("dialog")).ToBeHiddenAsync();
        await Assertions.Expect(Button("Add subscriber")).ToBeFocusedAsync();

        await Page.Keyboard.PressAsync("Enter");
        await Page.Keyboard.TypeAsync(Late);
        await Page.Keyboard.PressAsync("Enter");
        await Page.Locator($"[data-row={Late}]").WaitForAsync();
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Theme_Toggled_ChangesAndIsRemembered()
    {
        await OpenAsync(new() { ColorScheme = ColorScheme.Light });
        string light = await BackgroundAsync();
        await Page.GetByRole(AriaRole.Button, new() { Name = "Dark theme", Pressed = false }).ClickAsync();
        string dark = await BackgroundAsync();
        Assert.That(dark, Is.Not.EqualTo(light));

        await Page.ReloadAsync();
        await Page.GetByRole(AriaRole.Button, new() { Name = "Dark theme", Pressed = true }).WaitForAsync();
        Assert.That(await BackgroundAsync(), Is.EqualTo(dark));
    }

    [TestCase(ReducedMotion.NoPreference, true)]
    [TestCase(ReducedMotion.Reduce, false)]
    [CancelAfter(TimeLimit)]
    public async Task Motion_Preference_IsRespected(ReducedMotion preference, bool moves)
    {
        await OpenAsync(new() { ReducedMotion = preference });
        await WaitForAsync(SomethingDrawn, "[data-row=ledger] .stream canvas");

        // Compares the pictures of consecutive animation frames. With reduced motion, most of them are equal.
        double share = await Page.EvaluateAsync<double>(
            """
            async () => {
                const canvas = document.querySelector('[data-row=ledger] .stream canvas');
                const frames = 30;
                let last = canvas.toDataURL(), changes = 0;
                for (let i = 0; i < frames; i++) {
                    await new Promise(requestAnimationFrame);
                    const next = canvas.toDataURL();
                    changes += next !== last;
                    last = next;
                }
                return changes / frames;
            }
            """);

        Assert.That(share, moves ? Is.GreaterThan(0.5) : Is.LessThan(0.5));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Freeze_Pressed_PictureStopsAndControlsWork(CancellationToken ct)
    {
        await OpenAsync();
        await WaitForAsync(SomethingDrawn, "[data-row=ledger] .stream canvas");
        await Button("Freeze").ClickAsync();
        string frozen = await PictureAsync();
        long position = await StatAsync("ledger", "position");
        string chart = await ChartAsync();
        long frame = await Page.EvaluateAsync<long>("() => Number(document.body.dataset.frame)");
        await WaitForAsync("before => Number(document.body.dataset.frame) > before + 5", frame);

        await Button("Stall uplink").ClickAsync();
        await Button("Release uplink").WaitForAsync();
        await Assertions.Expect(Page.Locator("[data-row=uplink] .subject .note")).ToContainTextAsync("blocks the publishers");
        await Dashboard.DoAsync("subscribers", new { name = Late }, ct);
        await Page.Locator($"[data-row={Late}] [data-stat=lag]").WaitForAsync();
        await Button($"Remove {Late}").ClickAsync();
        await Assertions.Expect(Page.Locator($"[data-row={Late}]")).ToHaveCountAsync(0);
        Assert.That(await PictureAsync(), Is.EqualTo(frozen));
        Assert.That(await StatAsync("ledger", "position"), Is.EqualTo(position));
        Assert.That(await ChartAsync(), Is.EqualTo(chart));

        await Button("Freeze").ClickAsync();
        await WaitForAsync("before => document.querySelector('[data-row=ledger] .stream canvas').toDataURL() !== before", frozen);
        await WaitForAsync(
            "before => Number(document.querySelector('[data-row=ledger] [data-stat=position]').textContent.replaceAll(',', '')) > before", position);
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Subject_SlowSubscriber_OthersWaitForIt(CancellationToken ct)
    {
        await Dashboard.DoAsync("subscribers", new { name = "slow", speed = 1 }, ct);
        await OpenAsync();

        await Assertions.Expect(Page.Locator("[data-row=slow] .subject .note")).ToHaveTextAsync("its OnNext blocks the publishers");
        await Assertions.Expect(Page.Locator("[data-row=uplink] .subject .note")).ToHaveTextAsync("waits for others");
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task MaxHeld_SeveralRemoved_OneNoticeUntilDismissed(CancellationToken ct)
    {
        await StartAsync(ct, "--most-held", "10000");
        await OpenAsync();
        await Button("Set bookmark").ClickAsync();
        await Button("Stall ledger").ClickAsync();
        await Dashboard.DoAsync("load", new { rate = 20_000 }, ct);

        ILocator notice = Page.Locator("#notices");
        await Assertions.Expect(notice).ToContainTextAsync("ledger was removed");
        await Assertions.Expect(notice).ToContainTextAsync("Bookmark A was removed");
        await Assertions.Expect(Button("Dismiss")).ToBeInViewportAsync();
        await Button("Dismiss").ClickAsync();
        await Assertions.Expect(notice).ToBeEmptyAsync();
        await Assertions.Expect(Button("Add subscriber")).ToBeFocusedAsync();

        await Page.ReloadAsync();
        await Page.Locator("[data-row=uplink]").WaitForAsync();
        await Assertions.Expect(notice).ToBeEmptyAsync();
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task AddSubscriber_ClickedTwice_AddsOne(CancellationToken ct)
    {
        await OpenAsync();
        await Button("Add subscriber").ClickAsync();
        await Page.EvaluateAsync("() => { const add = document.querySelector('dialog [type=submit]'); add.click(); add.click(); }");
        await Page.Locator("[data-row='subscriber 1']").WaitForAsync();

        Frame before = await Dashboard.WaitForAsync("the new subscriber", f => f.Subscribers.Length > 3, ct);
        Frame after = await Dashboard.WaitForAsync("a later frame", f => f.Time > before.Time + 1, ct);
        Assert.That(after.Subscribers.Select(s => s.Name), Is.EqualTo(new[] { "ledger", "screen", "uplink", "subscriber 1" }));
    }

    [TestCase("#rate", "2.5", "Publish rate must be a whole number from 1 to 1,000,000, not 2.5.")]
    [TestCase("#rate", "99999999999", "Publish rate must be a whole number from 1 to 1,000,000, not 99,999,999,999.")]
    [TestCase("#rate", "", "Publish rate must be a whole number from 1 to 1,000,000.")]
    [TestCase("#publishers", "9", "Publishers must be a whole number from 1 to 8, not 9.")]
    [CancelAfter(TimeLimit)]
    public async Task Load_InvalidNumber_ShowsMessage(string input, string text, string expected)
    {
        await OpenAsync();
        await Page.Locator(input).FillAsync(text);
        await Page.Locator(input).PressAsync("Enter");

        await Assertions.Expect(Page.Locator("#problem")).ToHaveTextAsync(expected);
        await Page.Locator("#rate").FillAsync("2000");
        await Page.Locator("#rate").PressAsync("Enter");
        await Assertions.Expect(Page.Locator("#problem")).ToBeHiddenAsync();
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task AddSubscriber_InvalidCapacity_ShowsMessageAndStaysOpen()
    {
        await OpenAsync();
        await Button("Add subscriber").ClickAsync();
        await Page.GetByLabel("Lag policy").SelectOptionAsync("wait");
        await Page.GetByLabel("n, in events").FillAsync("1.5");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Add", Exact = true }).ClickAsync();

        await Assertions.Expect(Page.Locator("dialog [role=alert]")).ToHaveTextAsync(
            "n, in events must be a whole number from 1 to 1,000,000, not 1.5.");
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task RateSlider_Moved_SetsTheRate(CancellationToken ct)
    {
        await OpenAsync();
        ILocator slider = Page.Locator("#rate-slider");
        await slider.FillAsync("400");

        await Dashboard.WaitForAsync("the rate", f => f.Rate == 10_000, ct);
        await Assertions.Expect(Page.Locator("#rate")).ToHaveValueAsync("10000");
        await Assertions.Expect(slider).ToHaveAttributeAsync("aria-valuetext", "10,000 per second");
        await slider.FocusAsync();
        await Page.Keyboard.PressAsync("End");
        await Dashboard.WaitForAsync("the maximum rate", f => f.Rate == 1_000_000, ct);
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Subscriber_Ended_CannotBeStalled(CancellationToken ct)
    {
        await Dashboard.DoAsync("subscribers", new { name = "picky", policy = "fail", capacity = 500 }, ct);
        await OpenAsync();
        await Button("Stall picky").ClickAsync();
        await WaitForAsync("() => Number(document.querySelector('[data-row=picky] [data-stat=lag]').textContent.replaceAll(',', '')) > 1500");
        await Button("Release picky").ClickAsync();

        await Assertions.Expect(Page.Locator("[data-row=picky] .stream .note")).ToContainTextAsync("ended: ");
        await Assertions.Expect(Page.Locator("[data-row=picky] .stall")).ToBeHiddenAsync();
        await Assertions.Expect(Button("Remove picky")).ToBeFocusedAsync();
        Assert.That(await Page.Locator(".stall[aria-pressed]").CountAsync(), Is.Zero, "A button that changes its label has no pressed state.");
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Legend_Opened_ExplainsEveryNumber()
    {
        await OpenAsync();
        await Page.GetByText("How to read the lanes").ClickAsync();

        string text = await Page.Locator(".legend").InnerTextAsync();
        foreach (string name in await Page.Locator("[data-row=publishers] .stream dt, [data-row=ledger] .stream dt").AllInnerTextsAsync())
        {
            Assert.That(name == "published" || text.Contains(name, StringComparison.Ordinal), name);
        }
    }

    private Task<string> ChartAsync() => Page.EvaluateAsync<string>("() => document.querySelector('#chart-rate .line.stream').getAttribute('d')");
}
