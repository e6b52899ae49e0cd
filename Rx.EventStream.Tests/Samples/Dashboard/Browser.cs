using Microsoft.Playwright;

namespace Rx.Tests.Samples.Dashboard;

/// <summary>The system's own Chromium, without a window.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private static readonly string[] _names = ["chromium", "chromium-browser", "google-chrome"];

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Browser(IPlaywright playwright, IBrowser browser)
    {
        _playwright = playwright;
        _browser = browser;
    }

    /// <summary>Starts it; ignores the test where there is none.</summary>
    public static async Task<Browser> StartAsync()
    {
        string? path = Find();
        if (path is null)
        {
            Assert.Ignore($"There is no browser: none of {string.Join(", ", _names)} is in the PATH. On Debian: apt-get install -y chromium.");
        }

        IPlaywright playwright = await Playwright.CreateAsync();
        try
        {
            // Its sandbox does not work for root, and the only page it shows is ours.
            IBrowser browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = path, Args = ["--no-sandbox"] });
            return new Browser(playwright, browser);
        }
        catch
        {
            playwright.Dispose();
            throw;
        }
    }

    public Task<IBrowserContext> NewContextAsync(BrowserNewContextOptions options) => _browser.NewContextAsync(options);

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }

    private static string? Find() =>
        (from folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
         from name in _names
         let path = Path.Combine(folder, OperatingSystem.IsWindows() ? name + ".exe" : name)
         where File.Exists(path)
         select path).FirstOrDefault();
}
