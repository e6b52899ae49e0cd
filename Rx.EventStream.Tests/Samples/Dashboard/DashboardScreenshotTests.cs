using Microsoft.Playwright;

namespace Rx.Tests.Samples.Dashboard;

/// <summary>What the README and people who review a change look at.</summary>
[TestFixture]
internal sealed class DashboardScreenshotTests
{
    private const int TimeLimit = 120_000;

    /// <summary>After so many seconds there is something on the charts.</summary>
    private const double Begun = 12;

    /// <summary>After so many more the subject's publishers have visibly waited, and the stream's marbles gone on.</summary>
    private const double Stalled = 3;

    private static readonly (string Suffix, int Width, int Height)[] _windows = [("", 1400, 985), ("-390", 390, 844)];
    private static readonly (string Name, ColorScheme Scheme)[] _themes = [("light", ColorScheme.Light), ("dark", ColorScheme.Dark)];

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Page_OneSubscriberStalled_Pictured(CancellationToken ct)
    {
        await using Browser browser = await Browser.StartAsync();
        using DashboardProcess dashboard = await DashboardProcess.StartAsync(ct);
        await dashboard.DoAsync("load", new { rate = 50_000, publishers = 4 }, ct);
        await dashboard.WaitForAsync("charts with something on them", f => f.Time > Begun, ct);

        await using IBrowserContext context = await browser.NewContextAsync(new() { ColorScheme = ColorScheme.Light });
        IPage page = await context.NewPageAsync();
        await page.SetViewportSizeAsync(_windows[0].Width, _windows[0].Height);
        await page.GotoAsync(dashboard.Address.AbsoluteUri);
        await page.Locator("[data-row=ledger]").WaitForAsync();
        await dashboard.DoAsync("bookmarks", null, ct);
        await dashboard.DoAsync("subscribers/1/stall", new { stalled = true }, ct);
        await dashboard.WaitForAsync("a publisher that waits", f => f.Subject.StalledFor > Stalled, ct);
        await page.Locator("[data-row=ledger] .subject .note").GetByText("holds the publishers").WaitForAsync();

        // One page in both themes, one right after the other: they show the same moment.
        foreach ((string suffix, int width, int height) in _windows)
        {
            await page.SetViewportSizeAsync(width, height);
            await PictureAsync(page, suffix, isFull: width < height);
            await page.GetByRole(AriaRole.Button, new() { Name = "Add subscriber" }).ClickAsync();
            await PictureAsync(page, $"{suffix}-dialog", isFull: false);
            await page.Keyboard.PressAsync("Escape");
            await page.GetByText("How to read the lanes").ClickAsync();
            await PictureAsync(page, $"{suffix}-legend", isFull: true);
            await page.GetByText("How to read the lanes").ClickAsync();
        }
    }

    private static async Task PictureAsync(IPage page, string suffix, bool isFull)
    {
        foreach ((string name, ColorScheme scheme) in _themes)
        {
            await page.EmulateMediaAsync(new() { ColorScheme = scheme });
            await page.WaitForFunctionAsync("() => document.getAnimations().every(a => a.playState !== 'running')");
            string path = Path.Combine(Folder(), $"dashboard-{name}{suffix}.png");
            await page.ScreenshotAsync(new() { Path = path, FullPage = isFull });

            Assert.That(new FileInfo(path).Length, Is.GreaterThan(10_000), "There is something on it.");
            TestContext.AddTestAttachment(path);
        }
    }

    private static string Folder() =>
        Directory.CreateDirectory(Path.Combine(Repository.Root, "artifacts", "screenshots")).FullName;
}
