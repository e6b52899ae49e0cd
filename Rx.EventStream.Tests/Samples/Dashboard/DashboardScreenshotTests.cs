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

    private static readonly (string Name, int Width, int Height, ColorScheme Scheme)[] _pictures =
    [
        ("light", 1400, 900, ColorScheme.Light),
        ("dark", 1400, 900, ColorScheme.Dark),
        ("light-390", 390, 844, ColorScheme.Light),
        ("dark-390", 390, 844, ColorScheme.Dark),
    ];

    [Test]
    [CancelAfter(TimeLimit)]
    public async Task Page_OneSubscriberStalled_Pictured(CancellationToken ct)
    {
        await using Browser browser = await Browser.StartAsync();
        using DashboardProcess dashboard = await DashboardProcess.StartAsync(ct);
        await dashboard.DoAsync("load", new { rate = 50_000, publishers = 4 }, ct);
        await dashboard.WaitForAsync("charts with something on them", f => f.Time > Begun, ct);
        await dashboard.DoAsync("bookmarks", null, ct);
        await dashboard.DoAsync("subscribers/1/stall", new { stalled = true }, ct);
        await dashboard.WaitForAsync(
            "a publisher that waits", f => f.Subject.StalledFor > Stalled, ct);
        foreach ((string name, int width, int height, ColorScheme scheme) in _pictures)
        {
            await using IBrowserContext context = await browser.NewContextAsync(new()
            {
                ViewportSize = new() { Width = width, Height = height },
                ColorScheme = scheme,
            });
            IPage page = await context.NewPageAsync();
            await page.GotoAsync(dashboard.Address.AbsoluteUri);
            await page.Locator("[data-row=ledger] .subject .note").GetByText("holds the publishers").WaitForAsync();
            await PictureAsync(page, name, isFull: width < height);
            await page.GetByRole(AriaRole.Button, new() { Name = "Add subscriber" }).ClickAsync();
            await PictureAsync(page, $"{name}-dialog", isFull: false);
        }
    }

    private static async Task PictureAsync(IPage page, string name, bool isFull)
    {
        string path = Path.Combine(Folder(), $"dashboard-{name}.png");
        await page.ScreenshotAsync(new() { Path = path, FullPage = isFull });

        Assert.That(new FileInfo(path).Length, Is.GreaterThan(10_000), "There is something on it.");
        TestContext.AddTestAttachment(path);
    }

    private static string Folder() =>
        Directory.CreateDirectory(Path.Combine(Repository.Root, "artifacts", "screenshots")).FullName;
}
