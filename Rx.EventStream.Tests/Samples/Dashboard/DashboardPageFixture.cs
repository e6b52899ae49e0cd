using System.Globalization;
using Microsoft.Playwright;

namespace Rx.Tests.Samples.Dashboard;

/// <summary>Opens the page in a real browser, with a new dashboard for each test.</summary>
internal abstract class DashboardPageFixture
{
    protected const int TimeLimit = 90_000;
    protected const string Late = "late";

    protected const string SomethingDrawn =
        """
        selector => {
            // Reads from a copy, because Chromium warns about a canvas that is read often.
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

    private readonly List<string> _messages = [];
    private readonly List<string> _requests = [];
    private Browser _browser = null!;
    private DashboardProcess? _dashboard;
    private IBrowserContext? _context;
    private IPage? _page;

    /// <summary>The URLs that the page has requested.</summary>
    protected IReadOnlyList<string> Requests => _requests;

    protected DashboardProcess Dashboard => _dashboard!;

    protected IPage Page => _page!;

    [OneTimeSetUp]
    public async Task StartBrowser() => _browser = await Browser.StartAsync();

    [OneTimeTearDown]
    public async Task EndBrowser()
    {
        // Null if the tests are ignored because no browser is installed.
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }
    }

    [SetUp]
    public Task Start()
    {
        _messages.Clear();
        _requests.Clear();
        return StartAsync(TestContext.CurrentContext.CancellationToken);
    }

    [TearDown]
    public async Task End()
    {
        if (_context is not null)
        {
            await _context.DisposeAsync();
            _context = null;
        }

        StopDashboard();

        // No test may cause an error or warning of the page. The browser itself reports requests that the server rejected.
        Assert.That(_messages.Where(c => !c.StartsWith("Failed to load resource", StringComparison.Ordinal)), Is.Empty);
    }

    /// <summary>Starts the dashboard, and stops the previous one.</summary>
    protected async Task StartAsync(CancellationToken ct, params string[] options)
    {
        StopDashboard();
        _dashboard = await DashboardProcess.StartAsync(ct, options);

        // Slow enough that a busy machine does not cause a lag.
        await _dashboard.DoAsync("load", new { rate = 1_000, publishers = 2 }, ct);
    }

    /// <summary>Stops the dashboard while the page is open.</summary>
    protected void StopDashboard()
    {
        _dashboard?.Dispose();
        _dashboard = null;
    }

    protected async Task OpenAsync(BrowserNewContextOptions? options = null, string? script = null)
    {
        options ??= new();
        options.ViewportSize ??= new() { Width = 1280, Height = 900 };
        _context = await _browser.NewContextAsync(options);
        if (script is not null)
        {
            await _context.AddInitScriptAsync(script);
        }

        _page = await _context.NewPageAsync();
        _page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                _messages.Add(message.Text);
            }
        };
        _page.PageError += (_, error) => _messages.Add(error);
        _page.Request += (_, request) => _requests.Add(request.Url);
        await Page.GotoAsync(Dashboard.Address.AbsoluteUri);
        await Page.Locator("[data-row=ledger]").WaitForAsync();
    }

    protected ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    protected Task WaitForAsync(string condition, object? argument = null) => Page.WaitForFunctionAsync(condition, argument);

    protected async Task<long> StatAsync(string row, string name)
    {
        string text = await Page.Locator($"[data-row={row}] .stream [data-stat={name}]").InnerTextAsync();
        return long.Parse(text, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
    }

    protected Task<string> BackgroundAsync() => Page.EvaluateAsync<string>("() => getComputedStyle(document.body).backgroundColor");

    protected Task<string> PictureAsync() =>
        Page.EvaluateAsync<string>("() => document.querySelector('[data-row=ledger] .stream canvas').toDataURL()");
}
