using System.Net;
using System.Net.Http.Json;
using System.Reflection;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Rx.Tests.Contract;
using Rx.Tests.Nats;

namespace Rx.Tests.Documentation;

/// <summary>The service on NATS of the page docs/hosting.md, with a server of the test.</summary>
[TestFixture]
[Category("Slow")]
internal sealed class HostingNatsPageTests
{
    private static readonly MethodInfo _main =
        Snippets.Load(Snippets.SectionsOf(Pages.Read("docs/hosting.md")).Single(section => section.Heading == "Streams on NATS").Code);

    /// <summary>The second run begins with no balances. If it handled payments of the first one again, these would come first.</summary>
    [Test]
    public async Task Service_IsRestarted_HandlesEachPaymentOnce()
    {
        await using NatsServer server = await NatsServer.StartAsync();
        await using (var connection = server.Connect())
        {
            await new NatsJSContext(connection).CreateStreamAsync(new StreamConfig("payments", ["payments.>"]));
        }

        foreach (string account in (string[])["a", "b"])
        {
            await using PageService service = await PageService.StartAsync(_main, $"--ConnectionStrings:Nats={server.Url}");
            using var http = new HttpClient { BaseAddress = service.Address };
            for (int i = 0; i < 25; i++)
            {
                using HttpResponseMessage response = await http.PostAsJsonAsync("/payments", new { account, amount = 2 });
                Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
            }

            using var limit = new CancellationTokenSource(Eventually.Limit);
            while (await http.GetStringAsync($"/accounts/{account}", limit.Token) != "50")
            {
            }

            Assert.That(await http.GetStringAsync("/accounts/a"), Is.EqualTo(account == "a" ? "50" : "0"));
            Assert.That((await http.GetStringAsync("/live"), await http.GetStringAsync("/ready")), Is.EqualTo(("Healthy", "Healthy")));
            await service.StopAsync();
        }
    }
}
