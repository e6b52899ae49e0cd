using System.Reactive.Concurrency;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Rx.Tests.Samples.Dashboard;

namespace Rx.Tests.AspNetCore.Dashboard;

/// <summary>The page in Chromium, under its own security policy.</summary>
[TestFixture]
internal sealed class DashboardPageTests
{
    private const string Hostile = "<img src=x onerror=alert(1)>";

    private readonly List<string> _messages = [];
    private readonly List<string> _requests = [];
    private Browser _browser = null!;
    private IBrowserContext _context = null!;
    private IPage _page = null!;
    private SseServer _server = null!;
    private EventStream<int> _stream = null!;

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
    public async Task Open()
    {
        _messages.Clear();
        _requests.Clear();
        _stream = new EventStream<int>(new EventStreamOptions { Name = "numbers", Retention = Retention.Count(100) });
        _server = await StartAsync();
        _context = await _browser.NewContextAsync(new() { ViewportSize = new() { Width = 1280, Height = 900 } });
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
        await _page.GotoAsync(new Uri(_server.Address, "streams").AbsoluteUri);
        await Row("Publishers").First.WaitForAsync();
    }

    [TearDown]
    public async Task Close()
    {
        await _context.DisposeAsync();
        await _server.DisposeAsync();
        _stream.Dispose();

        // The policy of the page and the browser have found nothing to say. The browser itself reports a server that is away.
        Assert.That(_messages.Where(m => !m.StartsWith("Failed to load resource", StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public async Task Page_StreamIsPublished_ShowsFiguresLanesAndCharts()
    {
        using IDisposable ledger = _stream.WithName("ledger").ObserveOn(TaskPoolScheduler.Default).Subscribe(static _ => { });
        using EventReader<int> stuck = _stream.WithName("stuck").OpenReader();
        await Assertions.Expect(_page.Locator("#status")).ToHaveTextAsync("live");
        using (new Timer(_ => _stream.OnNextRange([1, 2, 3, 4]), null, 0, 20))
        {
            await UntilAsync("Number(document.querySelector('[data-row=stuck] [data-stat=lag]')?.textContent.replaceAll(',', '')) > 300");
            await UntilAsync("/^[1-9]/.test(document.querySelector('[data-row=ledger] [data-stat=rate]').textContent)");
            await Assertions.Expect(Row("stuck").Locator(".note")).ToHaveTextAsync("does not move");
            await Assertions.Expect(Row("ledger").Locator(".note")).ToBeEmptyAsync();
            await UntilAsync(
                """
                [...document.querySelectorAll('.chart .line')].length === 5 && [...document.querySelectorAll('.chart .line')]
                    .every(line => /^M\d+\.\d,\d+\.\d(L\d+\.\d,\d+\.\d){9,}$/.test(line.getAttribute('d') ?? ''))
                """);
            await UntilAsync(
                """
                (() => {
                    const canvas = document.querySelector('[data-row=ledger] canvas');
                    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
                    copy.drawImage(canvas, 0, 0);
                    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
                    return new Set(data.filter((_, i) => i % 4 === 0)).size > 20;
                })()
                """);
        }

        await Assertions.Expect(Row("Publishers").First.Locator("[data-stat=retained]")).ToHaveTextAsync("100");
        await Assertions.Expect(Row("Publishers").First.Locator("[data-stat=count]")).ToHaveTextAsync("2");
        Assert.That(_requests, Has.Count.GreaterThan(8).And.All.StartsWith(new Uri(_server.Address, "streams").AbsoluteUri));
    }

    [Test]
    public async Task Page_SubscriberLeaves_ItsRowGoesAndAFailedOneStays()
    {
        using EventReader<int> leaves = _stream.WithName("leaves").OpenReader();
        using EventReader<int> slow = _stream.WithName("slow").WithLagPolicy(LagPolicy.Fail(1)).OpenReader();
        await Row("leaves").WaitForAsync();

        leaves.Dispose();
        _stream.OnNextRange([1, 2, 3]);
        Assert.That(async () => await slow.WaitToReadAsync(), Throws.InstanceOf<SubscriberLaggedException>());

        await Assertions.Expect(Row("leaves")).ToHaveCountAsync(0);
        await Assertions.Expect(Row("slow").Locator(".note")).ToHaveTextAsync(new Regex("^ended: SubscriberLaggedException"));
        await Assertions.Expect(_page.Locator("#announcer")).ToHaveTextAsync(new Regex("^slow of numbers ended: "));

        _stream.OnCompleted();
        await Assertions.Expect(Row("Publishers").First.Locator(".note")).ToHaveTextAsync("ended");
    }

    /// <summary>A name may come from a client of the application.</summary>
    [Test]
    public async Task Page_NameIsHtml_IsShownAsText()
    {
        using EventReader<int> reader = _stream.WithName(Hostile).OpenReader();

        await Assertions.Expect(_page.Locator("h3", new() { HasTextString = Hostile })).ToHaveTextAsync(Hostile);
        Assert.That(await _page.Locator("img").CountAsync(), Is.EqualTo(1), "the icon of the page");
        await Assertions.Expect(_page.Locator(".head", new() { HasTextString = Hostile })).ToHaveTextAsync($"{Hostile}s");
    }

    [Test]
    public async Task Page_ServerIsRestarted_GoesOn()
    {
        string url = _server.Address.GetLeftPart(UriPartial.Authority);
        using EventReader<int> reader = _stream.WithName("reader").OpenReader();
        await Row("reader").WaitForAsync();

        await _server.StopAsync();
        await _server.DisposeAsync();
        await Assertions.Expect(_page.Locator("#status")).ToHaveTextAsync("reconnecting");
        _stream.OnNextRange([1, 2, 3]);
        _server = await StartAsync(url);

        await Assertions.Expect(_page.Locator("#status")).ToHaveTextAsync("live");
        await Assertions.Expect(Row("reader").Locator("[data-stat=lag]")).ToHaveTextAsync("3");
    }

    [TestCase(ColorScheme.Light, 390)]
    [TestCase(ColorScheme.Dark, 390)]
    [TestCase(ColorScheme.Dark, 1280)]
    public async Task Page_AnyWindow_NothingIsCutOffAndTextIsReadable(ColorScheme scheme, int width)
    {
        await _page.EmulateMediaAsync(new() { ColorScheme = scheme });
        await _page.SetViewportSizeAsync(width, 844);
        using EventReader<int> stuck = _stream.WithName("stuck-" + new string('x', 60)).WithLagPolicy(LagPolicy.DropOldest(5)).OpenReader();
        using EventReader<int> slow = _stream.WithName("slow").WithLagPolicy(LagPolicy.Fail(1)).OpenReader();
        await Row("slow").WaitForAsync();
        _stream.OnNextRange([.. Enumerable.Range(0, 1_000_000)]);
        Assert.That(async () => await slow.WaitToReadAsync(), Throws.InstanceOf<SubscriberLaggedException>());
        await Assertions.Expect(_page.Locator(".note", new() { HasTextString = "does not move" })).ToBeVisibleAsync();
        await Assertions.Expect(Row("slow").Locator(".note")).ToHaveTextAsync(new Regex("^ended: "));
        await _page.Locator("summary").ClickAsync();

        Assert.That(await _page.EvaluateAsync<int>("() => document.documentElement.scrollWidth"), Is.LessThanOrEqualTo(width));
        string[] outside = await _page.EvaluateAsync<string[]>(
            """
            () => [...document.querySelectorAll('button, canvas, dd, h1, h2, h3, .note, .key')]
                .filter(e => e.checkVisibility())
                .filter(e => { const r = e.getBoundingClientRect(); return r.left < 0 || r.right > innerWidth; })
                .map(e => e.outerHTML)
            """);
        Assert.That(outside, Is.Empty);

        await _page.Locator("summary").ClickAsync(); // closes it: its numbers are on marbles that are no backgrounds

        // During a transition, a colour belongs to neither state.
        await UntilAsync("document.getAnimations().every(a => a.playState !== 'running')");
        JsonElement contrast = await _page.EvaluateAsync<JsonElement>(Samples.Dashboard.Contrast.Script);
        Assert.That(contrast.GetProperty("checked").GetInt32(), Is.GreaterThan(50), "The texts of the page are checked.");
        Assert.That(contrast.GetProperty("failures").EnumerateArray().Select(f => f.GetString()), Is.Empty);
    }

    private Task<SseServer> StartAsync(string url = "http://127.0.0.1:0") => SseServer.StartAsync(
        app => app.MapEventStreamDashboard("/streams", DashboardService.With(_stream)),
        builder =>
        {
            builder.Environment.EnvironmentName = "Development";
            builder.Services.AddKeyedEventStream<string>(Hostile + "s");
        },
        url);

    private ILocator Row(string name) => _page.Locator($"[data-row={name}]");

    private Task UntilAsync(string condition) => _page.WaitForFunctionAsync($"() => {condition}");
}
