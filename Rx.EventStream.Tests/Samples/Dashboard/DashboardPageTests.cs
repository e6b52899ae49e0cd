using System.Globalization;
using System.Text.Json;
using Microsoft.Playwright;

namespace Rx.Tests.Samples.Dashboard;

/// <summary>The page, in a real browser.</summary>
[TestFixture]
internal sealed class DashboardPageTests
{
    private const int TimeLimit = 90_000;
    private const string Late = "late";

    private const string SomethingDrawn =
        """
        selector => {
            // From a copy: Chromium warns of a canvas that is read again and again.
            const canvas = document.querySelector(selector);
            const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
            copy.drawImage(canvas, 0, 0);
            const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
            const colours = new Set();
            for (let i = 0; i < data.length; i += 4) {
                if (data[i + 3] === 255) {
                    colours.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
                }
            }
            return colours.size > 20;
        }
        """;

    private const string NameOfElement = "e => e === document.body ? 'body' : e.id || e.getAttribute('aria-label') || e.textContent.trim()";

    private readonly List<string> _complaints = [];
    private readonly List<string> _requests = [];
    private Browser _browser = null!;
    private DashboardProcess _dashboard = null!;
    private IBrowserContext? _context;
    private IPage _page = null!;

    [OneTimeSetUp]
    public async Task StartBrowser() => _browser = await Browser.StartAsync();

    [OneTimeTearDown]
    public async Task EndBrowser()
    {
        // Null where the tests are ignored for want of one.
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }
    }

    [SetUp]
    public async Task Start()
    {
        _complaints.Clear();
        _requests.Clear();
        _dashboard = await DashboardProcess.StartAsync(TestContext.CurrentContext.CancellationToken);
    }

    [TearDown]
    public async Task End()
    {
        if (_context is not null)
        {
            await _context.DisposeAsync();
            _context = null;
        }

        _dashboard?.Dispose();
    }

    [TestCase(ColorScheme.Light)]
    [TestCase(ColorScheme.Dark)]
    [CancelAfter(TimeLimit)]
    public async Task Page_Loaded_LiveWithoutComplaintsAndNothingFromElsewhere(ColorScheme scheme)
    {
        await OpenAsync(new() { ColorScheme = scheme });

        await Assertions.Expect(_page.Locator("#status")).ToHaveTextAsync("live");
        await Assertions.Expect(_page.Locator(".row")).ToHaveCountAsync(4);
        await WaitForAsync("() => document.querySelector('[data-row=ledger] .stream [data-stat=rate]').textContent !== '0/s'");
        await WaitForAsync("() => document.querySelector('#chart-rate .line.stream').getAttribute('d')?.length > 100");
        await WaitForAsync(SomethingDrawn, "[data-row=ledger] .stream canvas");
        Assert.That(_complaints, Is.Empty);
        Assert.That(_requests, Has.Count.GreaterThan(8).And.All.StartsWith(_dashboard.Address.AbsoluteUri));
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Stall_Clicked_LagGrowsOthersStayAndReleaseCatchesUp()
    {
        await OpenAsync(new());
        await Button("Stall ledger").ClickAsync();
        await WaitForAsync("() => Number(document.querySelector('[data-row=ledger] [data-stat=lag]').textContent.replaceAll(',', '')) > 1500");

        long stalledAt = await StatAsync("ledger", "position");
        Assert.That(await StatAsync("uplink", "position"), Is.GreaterThan(stalledAt + 1_000));
        Assert.That(await StatAsync("uplink", "lag"), Is.LessThan(1_000));
        await Assertions.Expect(_page.Locator("[data-row=publishers] .subject .note")).ToHaveTextAsync("publishers wait");
        await Assertions.Expect(_page.Locator("[data-row=publishers] .stream .note")).ToBeEmptyAsync();
        await Assertions.Expect(_page.Locator("[data-row=uplink] .subject .note")).ToHaveTextAsync("gets nothing");
        await Assertions.Expect(_page.Locator("#announcer")).ToHaveTextAsync("ledger stalled");

        await Button("Release ledger").ClickAsync();
        await WaitForAsync("() => Number(document.querySelector('[data-row=ledger] [data-stat=lag]').textContent.replaceAll(',', '')) < 500");
        Assert.That(await StatAsync("ledger", "position"), Is.GreaterThan(stalledAt + 1_000));
        Assert.That(await StatAsync("ledger", "dropped"), Is.Zero);
        await Assertions.Expect(_page.Locator("[data-row=publishers] .subject .note")).ToBeEmptyAsync();
        Assert.That(_complaints, Is.Empty);
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Bookmark_JoinedLater_ReplaysFromThere(CancellationToken ct)
    {
        await OpenAsync(new());
        await Button("Set bookmark").ClickAsync();
        ILocator join = _page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Join at A") });
        await join.WaitForAsync();
        Frame set = await _dashboard.WaitForAsync("the bookmark", f => f.Bookmarks.Length == 1, ct);
        await _dashboard.WaitForAsync("events behind it", f => f.Stream.Published > set.Bookmarks[0].Sequence + 1_000, ct);

        await join.ClickAsync();
        await _page.GetByLabel("Name").FillAsync(Late);
        await _page.GetByRole(AriaRole.Button, new() { Name = "Add", Exact = true }).ClickAsync();

        await _page.Locator($"[data-row={Late}]").WaitForAsync();
        Frame joined = await _dashboard.WaitForAsync(
            "it has caught up", f => f.Members.Any(m => m.Name == Late && m.Delivered > 1_000 && m.Lag < 500), ct);
        Assert.That(joined.Of(Late).Joined, Is.EqualTo(set.Bookmarks[0].Sequence));
        Assert.That(joined.Of(Late).Dropped, Is.Zero);
        await Assertions.Expect(_page.Locator($"[data-row={Late}] .tags"))
            .ToContainTextAsync($"joined at {set.Bookmarks[0].Sequence.ToString("N0", CultureInfo.InvariantCulture)}");
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task AddSubscriber_PolicyMeansNothingThere_SaysSoAndStaysOpen()
    {
        await OpenAsync(new());
        await Button("Add subscriber").ClickAsync();
        await _page.GetByLabel("When it lags").SelectOptionAsync("wait");
        await _page.GetByLabel("Is called on").SelectOptionAsync("publishingThread");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Add", Exact = true }).ClickAsync();

        await Assertions.Expect(_page.Locator("dialog [role=alert]")).ToContainTextAsync("nobody lags");
        await _page.GetByLabel("Is called on").SelectOptionAsync("eventLoop");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Add", Exact = true }).ClickAsync();
        await Assertions.Expect(_page.Locator("dialog")).ToBeHiddenAsync();
        await Assertions.Expect(_page.Locator("[data-row='subscriber 1'] .tags")).ToContainTextAsync("Wait(1000)");
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Controls_RemoveCompleteStartAgain_ShowOnThePage(CancellationToken ct)
    {
        await OpenAsync(new());
        await _page.Locator("#rate").FillAsync("20000");
        await _page.Locator("#rate").PressAsync("Enter");
        await _dashboard.WaitForAsync("the rate", f => f.Rate == 20_000, ct);
        await Assertions.Expect(_page.Locator("#weight")).ToContainTextAsync("5,000 events");
        await _page.Locator("#rate").FillAsync("0");
        await _page.Locator("#rate").PressAsync("Enter");
        await Assertions.Expect(_page.Locator("#problem")).ToContainTextAsync("from 1 to 1,000,000, not 0");

        await Button("Remove screen").ClickAsync();
        await Assertions.Expect(_page.Locator("[data-row=screen]")).ToHaveCountAsync(0);
        await Assertions.Expect(Button("Stall uplink")).ToBeFocusedAsync();

        await Button("Complete").ClickAsync();
        await Assertions.Expect(_page.Locator("[data-row=ledger] .stream .note")).ToHaveTextAsync("completed");
        await Assertions.Expect(_page.Locator("#rate")).ToBeDisabledAsync();

        await Button("Start again").ClickAsync();
        await _page.Locator("[data-row=screen]").WaitForAsync();
        await Assertions.Expect(_page.Locator("#rate")).ToBeEnabledAsync();
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Reload_FramesMeanwhile_ResumesBehindTheLastOne()
    {
        await OpenAsync(new());
        await WaitForAsync("() => Number(document.body.dataset.frame) > 20");

        await _page.ReloadAsync();
        await WaitForAsync("() => document.body.dataset.firstFrame !== undefined");

        long last = long.Parse(await _page.EvaluateAsync<string>("() => sessionStorage.lastEventId"), CultureInfo.InvariantCulture);
        long first = long.Parse(await _page.EvaluateAsync<string>("() => document.body.dataset.firstFrame"), CultureInfo.InvariantCulture);
        Assert.That(last, Is.GreaterThan(20));
        Assert.That(first, Is.EqualTo(last + 1));

        // A point for each frame: the charts go on from what the page before has seen.
        await WaitForAsync("() => document.querySelector('#chart-rate .line.stream').getAttribute('d').split('L').length > 20");
        Assert.That(_complaints, Is.Empty);
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Connection_ServerComesBack_PageShowsItsRun(CancellationToken ct)
    {
        await OpenAsync(new());
        await Assertions.Expect(_page.Locator("#status")).ToHaveTextAsync("live");
        await Button("Stall ledger").ClickAsync();
        await Button("Release ledger").WaitForAsync();

        int port = _dashboard.Address.Port;
        _dashboard.Dispose();
        _dashboard = null!;
        await Assertions.Expect(_page.Locator("#status")).ToHaveTextAsync("reconnecting");
        using SampleProcess other = SampleProcess.Start("dashboard", "--port", $"{port}");
        await other.WaitForAsync("http://", ct);

        await Assertions.Expect(_page.Locator("#status")).ToHaveTextAsync("live", new() { Timeout = TimeLimit });
        await Button("Stall ledger").WaitForAsync();
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Narrow_390Pixels_NothingCutOffAndUsable()
    {
        await OpenAsync(new() { ViewportSize = new() { Width = 390, Height = 844 }, HasTouch = true });
        await Button("Set bookmark").TapAsync();
        await Button("Stall ledger").TapAsync();
        await Button("Release ledger").WaitForAsync();

        int width = await _page.EvaluateAsync<int>("() => document.documentElement.scrollWidth");
        Assert.That(width, Is.LessThanOrEqualTo(390));
        string[] outside = await _page.EvaluateAsync<string[]>(
            """
            () => [...document.querySelectorAll('button, input, select, canvas, dd, h1, h2, h3, .note')]
                .filter(e => e.checkVisibility())
                .filter(e => { const r = e.getBoundingClientRect(); return r.left < 0 || r.right > innerWidth || r.width === 0; })
                .map(e => e.outerHTML)
            """);
        Assert.That(outside, Is.Empty);
        string[] small = await _page.EvaluateAsync<string[]>(
            """
            () => [...document.querySelectorAll('button, input')]
                .filter(e => e.checkVisibility())
                .filter(e => { const r = e.getBoundingClientRect(); return r.width < 24 || r.height < 24; })
                .map(e => e.outerHTML)
            """);
        Assert.That(small, Is.Empty, "Fingers need 24 pixels.");

        await Button("Add subscriber").TapAsync();
        await Assertions.Expect(_page.GetByRole(AriaRole.Button, new() { Name = "Add", Exact = true })).ToBeInViewportAsync();
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Keyboard_TabThrough_ReachesAllWithVisibleFocus()
    {
        await OpenAsync(new());
        await Button("Set bookmark").ClickAsync();
        await _page.GetByRole(AriaRole.Button, new() { Name = "Remove bookmark A" }).WaitForAsync();
        string[] all = await _page.EvaluateAsync<string[]>(
            $"() => [...document.querySelectorAll('a, button, input, select')].filter(e => e.checkVisibility()).map({NameOfElement})");

        var reached = new List<string>();

        // Once around from where the last click was; between the end and the beginning the browser itself has the focus.
        while (reached.Count < all.Length)
        {
            await _page.Keyboard.PressAsync("Tab");
            JsonElement focus = await _page.EvaluateAsync<JsonElement>(
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
    public async Task Keyboard_Only_StallsAndAddsASubscriber()
    {
        await OpenAsync(new());
        await Button("Stall uplink").FocusAsync();
        await _page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(Button("Release uplink")).ToBeFocusedAsync();

        await Button("Add subscriber").FocusAsync();
        await _page.Keyboard.PressAsync("Space");
        await Assertions.Expect(_page.GetByLabel("Name")).ToBeFocusedAsync();
        await _page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(_page.Locator("dialog")).ToBeHiddenAsync();
        await Assertions.Expect(Button("Add subscriber")).ToBeFocusedAsync();

        await _page.Keyboard.PressAsync("Enter");
        await _page.Keyboard.TypeAsync(Late);
        await _page.Keyboard.PressAsync("Enter");
        await _page.Locator($"[data-row={Late}]").WaitForAsync();
    }

    [TestCase(ColorScheme.Light)]
    [TestCase(ColorScheme.Dark)]
    [CancelAfter(TimeLimit)]
    public async Task Contrast_EveryTextInEveryState_AtLeastAA(ColorScheme scheme)
    {
        await OpenAsync(new() { ColorScheme = scheme });
        await Button("Set bookmark").ClickAsync();
        await Button("Stall ledger").ClickAsync();
        await _page.Locator("#rate").FillAsync("0");
        await _page.Locator("#rate").PressAsync("Enter");
        await Assertions.Expect(_page.Locator("#problem")).ToBeVisibleAsync();
        await Assertions.Expect(_page.Locator("[data-row=ledger] .subject .note")).ToHaveTextAsync("holds the publisher");
        await WaitForAsync("() => document.querySelector('[data-row=screen] .stats').dataset.dropping === 'true'");
        await AssertContrastAsync();

        await Button("Add subscriber").ClickAsync();
        await _page.GetByLabel("When it lags").SelectOptionAsync("wait");
        await _page.GetByLabel("Is called on").SelectOptionAsync("publishingThread");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Add", Exact = true }).ClickAsync();
        await Assertions.Expect(_page.Locator("dialog [role=alert]")).ToBeVisibleAsync();
        await AssertContrastAsync();
    }

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Theme_Toggled_ChangesAndIsRemembered()
    {
        await OpenAsync(new() { ColorScheme = ColorScheme.Light });
        string light = await BackgroundAsync();
        await _page.GetByRole(AriaRole.Button, new() { Name = "Dark theme", Pressed = false }).ClickAsync();
        string dark = await BackgroundAsync();
        Assert.That(dark, Is.Not.EqualTo(light));

        await _page.ReloadAsync();
        await _page.GetByRole(AriaRole.Button, new() { Name = "Dark theme", Pressed = true }).WaitForAsync();
        Assert.That(await BackgroundAsync(), Is.EqualTo(dark));
    }

    [TestCase(ReducedMotion.NoPreference, true)]
    [TestCase(ReducedMotion.Reduce, false)]
    [CancelAfter(TimeLimit)]
    public async Task Motion_Preference_IsRespected(ReducedMotion preference, bool moves)
    {
        await OpenAsync(new() { ReducedMotion = preference });
        await WaitForAsync(SomethingDrawn, "[data-row=ledger] .stream canvas");

        // The pictures of so many animation frames, most of which are the same where nothing moves.
        double share = await _page.EvaluateAsync<double>(
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
    public async Task Freeze_Pressed_PictureStaysAndEventsGoOn(CancellationToken ct)
    {
        await OpenAsync(new());
        await WaitForAsync(SomethingDrawn, "[data-row=ledger] .stream canvas");
        await Button("Freeze").ClickAsync();
        string frozen = await PictureAsync();
        long frame = await _page.EvaluateAsync<long>("() => Number(document.body.dataset.frame)");
        await WaitForAsync("before => Number(document.body.dataset.frame) > before + 5", frame);
        Assert.That(await PictureAsync(), Is.EqualTo(frozen));

        await Button("Freeze").ClickAsync();
        await WaitForAsync("before => document.querySelector('[data-row=ledger] .stream canvas').toDataURL() !== before", frozen);
    }

    private async Task OpenAsync(BrowserNewContextOptions options)
    {
        options.ViewportSize ??= new() { Width = 1280, Height = 900 };
        _context = await _browser.NewContextAsync(options);
        _page = await _context.NewPageAsync();
        _page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                _complaints.Add(message.Text);
            }
        };
        _page.PageError += (_, error) => _complaints.Add(error);
        _page.Request += (_, request) => _requests.Add(request.Url);
        await _page.GotoAsync(_dashboard.Address.AbsoluteUri);
        await _page.Locator("[data-row=ledger]").WaitForAsync();
    }

    private ILocator Button(string name) => _page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    private Task WaitForAsync(string condition, object? argument = null) => _page.WaitForFunctionAsync(condition, argument);

    private async Task<long> StatAsync(string row, string name)
    {
        string text = await _page.Locator($"[data-row={row}] .stream [data-stat={name}]").InnerTextAsync();
        return long.Parse(text, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
    }

    private Task<string> BackgroundAsync() => _page.EvaluateAsync<string>("() => getComputedStyle(document.body).backgroundColor");

    private Task<string> PictureAsync() =>
        _page.EvaluateAsync<string>("() => document.querySelector('[data-row=ledger] .stream canvas').toDataURL()");

    private async Task AssertContrastAsync()
    {
        // A colour that is just changing is that of no state.
        await WaitForAsync("() => document.getAnimations().every(a => a.playState !== 'running')");
        JsonElement result = await _page.EvaluateAsync<JsonElement>(Contrast.Script);
        Assert.That(result.GetProperty("checked").GetInt32(), Is.GreaterThan(50), "It looks at the texts of the page.");
        Assert.That(result.GetProperty("failures").EnumerateArray().Select(f => f.GetString()), Is.Empty);
    }
}
