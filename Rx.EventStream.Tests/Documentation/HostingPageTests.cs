using System.Net;
using System.Net.Http.Json;
using System.Reflection;
using Rx.Tests.Contract;

namespace Rx.Tests.Documentation;

/// <summary>The service of the page docs/hosting.md, with the options of the page.</summary>
[TestFixture]
[Category("Slow")]
internal sealed class HostingPageTests
{
    private static readonly string _page = Pages.Read("docs/hosting.md");

    private static readonly MethodInfo _main =
        Snippets.Load(Snippets.SectionsOf(_page).Single(section => section.Heading == "The program").Code);

    [Test]
    public async Task Service_OrdersArePosted_AreHandledAndTheServiceIsHealthy()
    {
        await using PageService service = await PageService.StartAsync(
            _main, "--Streams:Orders:LagPolicy=Wait(1000)", "--Streams:Orders:Retention=CountAndTime(1000, 00:05:00)");
        using var http = new HttpClient { BaseAddress = service.Address };

        await Task.WhenAll(Enumerable.Range(0, 4).Select(async customer =>
        {
            for (int i = 0; i < 25; i++)
            {
                using HttpResponseMessage response = await http.PostAsJsonAsync("/orders", new { customer = $"c{customer}", amount = 2 });
                Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
            }
        }));

        for (int customer = 0; customer < 4; customer++)
        {
            using var limit = new CancellationTokenSource(Eventually.Limit);
            while (await http.GetStringAsync($"/balance/c{customer}", limit.Token) != "50")
            {
            }
        }

        Assert.That(await http.GetStringAsync("/health"), Is.EqualTo("Healthy"));
        await service.StopAsync();
    }

    /// <summary>The page shows the message for a value that is not valid.</summary>
    [Test]
    public void Service_InvalidOption_SaysWhatThePageShows()
    {
        // The arguments of a program that does not start: nothing is left running.
        string[] arguments = ["--urls=http://127.0.0.1:0", "--Logging:LogLevel:Default=None", "--Streams:Orders:LagPolicy=Wait(0)"];

        var error = Assert.Throws<TargetInvocationException>(() => _main.Invoke(null, [arguments]))!;

        Assert.That(_page, Does.Contain($"\n{error.InnerException!.Message}\n"));
    }
}
