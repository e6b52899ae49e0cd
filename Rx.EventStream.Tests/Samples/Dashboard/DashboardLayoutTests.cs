using System.Text.Json;
using Microsoft.Playwright;

namespace Rx.Tests.Samples.Dashboard;

/// <summary>Tests the layout of the page: that elements do not move, are readable, and fit into a narrow window.</summary>
[TestFixture]
internal sealed class DashboardLayoutTests : DashboardPageFixture
{
    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Page_390PixelsWide_NothingIsCutOff()
    {
        await OpenAsync(new() { ViewportSize = new() { Width = 390, Height = 844 }, HasTouch = true });
        await Button("Set bookmark").TapAsync();
        await Button("Stall ledger").TapAsync();
        await Button("Release ledger").WaitForAsync();

        int width = await Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth");
        Assert.That(width, Is.LessThanOrEqualTo(390));
        string[] outside = await Page.EvaluateAsync<string[]>(
            """
            () => [...document.querySelectorAll('button, input, select, canvas, dd, h1, h2, h3, .note')]
                .filter(e => e.checkVisibility())
                .filter(e => { const r = e.getBoundingClientRect(); return r.left < 0 || r.right > innerWidth || r.width === 0; })
                .map(e => e.outerHTML)
            """);
        Assert.That(outside, Is.Empty);
        string[] small = await Page.EvaluateAsync<string[]>(
            """
            () => [...document.querySelectorAll('button, input')]
                .filter(e => e.checkVisibility())
                .filter(e => { const r = e.getBoundingClientRect(); return r.width < 24 || r.height < 24; })
                .map(e => e.outerHTML)
            """);
        Assert.That(small, Is.Empty, "Touch targets need at least 24 pixels.");

        await Button("Add subscriber").TapAsync();
        await Assertions.Expect(Page.GetByRole(AriaRole.Button, new() { Name = "Add", Exact = true })).ToBeInViewportAsync();
    }

    [TestCase(ColorScheme.Light)]
    [TestCase(ColorScheme.Dark)]
    [CancelAfter(TimeLimit)]
    public async Task Contrast_EveryTextInEveryState_AtLeastAA(ColorScheme scheme)
    {
        await OpenAsync(new() { ColorScheme = scheme }, CanvasTexts.Script);
        await Button("Set bookmark").ClickAsync();
        await Button("Stall ledger").ClickAsync();
        await Button("Release ledger").WaitForAsync();
        await Page.Locator("#rate").FillAsync("0");
        await Page.Locator("#rate").PressAsync("Enter");
        await Assertions.Expect(Page.Locator("#problem")).ToBeVisibleAsync();
        await Assertions.Expect(Page.Locator("[data-row=ledger] .subject .note")).ToHaveTextAsync("its OnNext blocks the publishers");
        await WaitForAsync("() => document.querySelector('[data-row=screen] .stats').dataset.dropping === 'true'");
        await AssertContrastAsync();

        await Button("Add subscriber").ClickAsync();
        await Page.GetByLabel("Lag policy").SelectOptionAsync("wait");
        await Page.GetByLabel("Called on").SelectOptionAsync("publishingThread");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Add", Exact = true }).ClickAsync();
        await Assertions.Expect(Page.Locator("dialog [role=alert]")).ToBeVisibleAsync();
        await AssertContrastAsync();
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Bookmark_SetTwice_ButtonsDoNotMove(CancellationToken ct)
    {
        await OpenAsync();
        Frame before = await Dashboard.WaitForAsync("a frame", _ => true, ct);
        LocatorBoundingBoxResult place = (await Button("Set bookmark").BoundingBoxAsync())!;
        for (int i = 1; i <= 2; i++)
        {
            await Page.Mouse.ClickAsync(place.X + (place.Width / 2), place.Y + (place.Height / 2));
            await Assertions.Expect(Page.Locator("#bookmarks li")).ToHaveCountAsync(i);
        }

        LocatorBoundingBoxResult after = (await Button("Set bookmark").BoundingBoxAsync())!;
        Assert.That((after.X, after.Y), Is.EqualTo((place.X, place.Y)));
        Frame frame = await Dashboard.WaitForAsync("a later frame", f => f.Bookmarks.Length == 2, ct);
        Assert.That(frame.Run, Is.EqualTo(before.Run));
    }

    [TestCase(1280)]
    [TestCase(390)]
    [CancelAfter(TimeLimit)]
    public async Task Rows_StalledAndReleased_DoNotMove(int width)
    {
        CancellationToken ct = TestContext.CurrentContext.CancellationToken;
        await Dashboard.DoAsync("subscribers", new { name = "picky", policy = "fail", capacity = 1_000 }, ct);
        await OpenAsync(new() { ViewportSize = new() { Width = width, Height = 900 } });
        await WaitForAsync("() => document.querySelectorAll('[data-row=picky] dd').length === 6 && document.querySelector('.key b').textContent");
        string before = await PositionsAsync();

        await Button("Set bookmark").ClickAsync();
        await Button("Stall ledger").ClickAsync();
        await Assertions.Expect(Page.Locator("[data-row=publishers] .subject .note")).ToHaveTextAsync("publishers wait");
        await WaitForAsync("() => document.querySelector('#chart-cost').textContent.match(/Subject [0-9.]+ s/)");
        Assert.That(await PositionsAsync(), Is.EqualTo(before), "stalled");

        await Button("Release ledger").ClickAsync();
        await Assertions.Expect(Page.Locator("[data-row=publishers] .subject .note")).ToBeEmptyAsync();
        Assert.That(await PositionsAsync(), Is.EqualTo(before), "released");
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Stats_RowsWithNotes_LineUp(CancellationToken ct)
    {
        await Dashboard.DoAsync("subscribers", new { name = "picky", policy = "fail", capacity = 500 }, ct);
        await Dashboard.DoAsync("subscribers/4/stall", new { stalled = true }, ct);
        await Dashboard.WaitForAsync("a lag", f => f.Subscribers.Any(s => s.Name == "picky" && s.Lag > 1_500), ct);
        await Dashboard.DoAsync("subscribers/4/stall", new { stalled = false }, ct);
        await OpenAsync();
        await Assertions.Expect(Page.Locator("[data-row=picky] .stream .note")).ToContainTextAsync("ended: ");

        string[] columns = await Page.EvaluateAsync<string[]>(
            """
            () => ['stream', 'subject'].map(side => [...document.querySelectorAll(`.side.${side} .stats`)]
                .map(stats => [...stats.children].map(e => Math.round(e.getBoundingClientRect().left))))
                .flatMap(rows => rows.map((row, i) => row.slice(0, rows[0].length).every((x, c) => x === rows[0][c]) ? '' : `row ${i}: ${row}`))
                .filter(problem => problem)
            """);
        Assert.That(columns, Is.Empty);
        string[] clipped = await Page.EvaluateAsync<string[]>(
            "() => [...document.querySelectorAll('dd, .note')].filter(e => e.scrollWidth > e.clientWidth).map(e => e.outerHTML)");
        Assert.That(clipped, Is.Empty);
        double[] plots = await Page.EvaluateAsync<double[]>("() => [...document.querySelectorAll('.chart svg')].map(e => e.getBoundingClientRect().top)");
        Assert.That(plots, Has.Length.EqualTo(3).And.All.EqualTo(plots[0]), "The plots line up.");
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Marbles_CatchUpAndBookmark_NoTextIsCovered(CancellationToken ct)
    {
        await OpenAsync(new(), CanvasTexts.Script);
        await Button("Stall ledger").ClickAsync();
        await WaitForAsync("() => Number(document.querySelector('[data-row=ledger] [data-stat=lag]').textContent.replaceAll(',', '')) > 3000");
        await Button("Release ledger").ClickAsync();
        await Dashboard.WaitForAsync("the subscriber catching up", f => f.Of("ledger").Lag < 500, ct);
        await Button("Set bookmark").ClickAsync();
        Frame set = await Dashboard.WaitForAsync("the bookmark", f => f.Bookmarks.Length > 0, ct);
        await Dashboard.WaitForAsync("the whole catch-up in the picture", f => f.Time > set.Time + 1, ct);

        string[] texts = await CollectCanvasTextsAsync();

        Assert.That(texts, Has.Some.Matches("^[+]"));
        Assert.That(texts, Has.Some.EqualTo("A"));
        Assert.That(texts, Has.None.EndsWith("covered"));
    }

    private async Task AssertContrastAsync()
    {
        // During a transition, a colour belongs to neither state.
        await WaitForAsync("() => document.getAnimations().every(a => a.playState !== 'running')");
        await CollectCanvasTextsAsync();
        JsonElement result = await Page.EvaluateAsync<JsonElement>(Contrast.Script);
        Assert.That(result.GetProperty("checked").GetInt32(), Is.GreaterThan(50), "The texts of the page are checked.");
        Assert.That(result.GetProperty("onCanvas").GetInt32(), Is.GreaterThan(3), "The texts of the lanes are checked.");
        Assert.That(result.GetProperty("failures").EnumerateArray().Select(f => f.GetString()), Is.Empty);
    }

    /// <summary>The texts of the lanes, each followed by "covered" if something is drawn over it.</summary>
    private async Task<string[]> CollectCanvasTextsAsync()
    {
        await Page.EvaluateAsync("() => { window.canvasTexts.length = 0; window.isCollecting = true; }");
        await WaitForAsync("() => window.canvasTexts.some(t => t.isDone)");
        return await Page.EvaluateAsync<string[]>(
            """
            () => {
                window.isCollecting = false;
                return window.canvasTexts.filter(t => t.isDone).map(t => t.isCovered ? `${t.text} covered` : t.text);
            }
            """);
    }

    /// <summary>The positions of the rows, the charts, and their elements.</summary>
    private Task<string> PositionsAsync() => Page.EvaluateAsync<string>(
        """
        () => [...document.querySelectorAll('.row, .row canvas, .row dd, .chart, .chart svg')]
            .map(e => e.getBoundingClientRect())
            .map(r => `${Math.round(r.left)},${Math.round(r.top + scrollY)}`)
            .join(' ')
        """);
}
