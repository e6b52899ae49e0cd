using Microsoft.Playwright;

namespace Rx.Tests.Samples.Dashboard;

/// <summary>Takes the screenshots for the README and for reviews.</summary>
[TestFixture]
internal sealed class DashboardScreenshotTests
{
    private const int TimeLimit = 120_000;

    /// <summary>The seconds until the charts show enough.</summary>
    private const double ChartTime = 12;

    /// <summary>The seconds until the lanes show that the subject's publishers wait and the stream continues.</summary>
    private const double StallTime = 3;

    private static readonly (string Suffix, int Width, int Height)[] _windows = [("", 1400, 985), ("-390", 390, 844)];
    private static readonly (string Name, ColorScheme Scheme)[] _themes = [("light", ColorScheme.Light), ("dark", ColorScheme.Dark)];

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Page_OneSubscriberStalled_TakesScreenshots(CancellationToken ct)
    {
        await using Browser browser = await Browser.StartAsync();
        using DashboardProcess dashboard = await DashboardProcess.StartAsync(ct);
        await dashboard.DoAsync("load", new { rate = 50_000, publishers = 4 }, ct);
        await dashboard.WaitForAsync("enough time for the charts", f => f.Time > ChartTime, ct);

        await using IBrowserContext context = await browser.NewContextAsync(new() { ColorScheme = ColorScheme.Light });
        IPage page = await context.NewPageAsync();
        await page.SetViewportSizeAsync(_windows[0].Width, _windows[0].Height);
        await page.GotoAsync(dashboard.Address.AbsoluteUri);
        await page.Locator("[data-row=ledger]").WaitForAsync();
        await dashboard.DoAsync("bookmarks", null, ct);
        await dashboard.DoAsync("subscribers/1/stall", new { stalled = true }, ct);
        await dashboard.WaitForAsync("a stalled publisher", f => f.Subject.StalledFor > StallTime, ct);
        await page.Locator("[data-row=ledger] .subject .note").GetByText("blocks the publishers").WaitForAsync();

        // One page, first in one theme and then in the other, so that both pictures show the same moment.
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

            Assert.That(new FileInfo(path).Length, Is.GreaterThan(10_000), "The picture is not empty.");
            TestContext.AddTestAttachment(path);
        }
    }

    private static string Folder() =>
        Directory.CreateDirectory(Path.Combine(Repository.Root, "artifacts", "screenshots")).FullName;
}
