using Microsoft.Playwright;

namespace Rx.Tests.Samples.Dashboard;

/// <summary>The Chromium that is installed on this machine, without a window.</summary>
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

    /// <summary>Starts the browser. Ignores the test if no browser is installed.</summary>
    public static async Task<Browser> StartAsync()
    {
        string? path = Find();
        if (path is null)
        {
            Assert.Ignore($"The test needs a browser: none of {string.Join(", ", _names)} is on the PATH. On Debian: apt-get install -y chromium.");
        }

        IPlaywright playwright = await Playwright.CreateAsync();
        try
        {
            // The sandbox does not work for root, and the browser shows only the page of the sample.
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
