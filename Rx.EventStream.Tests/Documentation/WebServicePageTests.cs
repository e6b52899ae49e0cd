using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Reflection;
using Rx.Tests.Contract;

namespace Rx.Tests.Documentation;

/// <summary>The service of the page docs/web-service.md, with real clients.</summary>
[TestFixture]
[Category("Slow")]
internal sealed class WebServicePageTests
{
    private static readonly MethodInfo _main =
        Snippets.Load(Snippets.SectionsOf(Pages.Read("docs/web-service.md")).Single(section => section.Heading == "The program").Code);

    private PageService _service = null!;
    private HttpClient _http = null!;

    [SetUp]
    public async Task StartService()
    {
        _service = await PageService.StartAsync(_main);
        _http = new HttpClient { BaseAddress = _service.Address };
    }

    [TearDown]
    public async Task StopService()
    {
        _http.Dispose();
        await _service.DisposeAsync();
    }

    [Test]
    public async Task Post_ManyWriters_EachReadsItsOwnWrite()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async writer =>
        {
            for (int i = 1; i <= 25; i++)
            {
                Assert.That(await PostAsync($"item{writer}", 1), Is.EqualTo(i));
            }
        }));
    }

    [Test]
    public async Task Get_WhileOthersWrite_GetsTheStockThenEachChangeOnce()
    {
        const int Total = 200;
        Task writing = Task.WhenAll(Enumerable.Range(0, 4).Select(async writer =>
        {
            for (int i = 0; i < Total / 4; i++)
            {
                await PostAsync("apples", 1);
            }
        }));
        for (int client = 0; client < 4; client++)
        {
            await using StockClient follower = await StockClient.ConnectAsync(_http);
            await follower.ReadToAsync(Total);
            Assert.That(follower.Snapshots, Is.EqualTo(1));
            Assert.That(follower.Quantity("apples"), Is.EqualTo(Total));
        }

        await writing;
    }

    [Test]
    public async Task Get_WithLastEventId_MissesAndRepeatsNothing()
    {
        await PostAsync("apples", 5);
        await using StockClient stays = await StockClient.ConnectAsync(_http);
        StockClient leaves = await StockClient.ConnectAsync(_http);
        await PostAsync("apples", 7);
        await leaves.ReadToAsync(2);
        await leaves.DisposeAsync();
        await PostAsync("pears", 1);
        await PostAsync("apples", -2);

        await using StockClient returned = await StockClient.ConnectAsync(_http, leaves.LastId);
        await PostAsync("pears", 2);
        await stays.ReadToAsync(5);
        await returned.ReadToAsync(5);

        Assert.That(returned.Snapshots, Is.Zero);
        Assert.That(leaves.Changes.Concat(returned.Changes), Is.EqualTo(stays.Changes));
        Assert.That(stays.Changes, Has.Count.EqualTo(4));
        Assert.That(stays.Quantity("apples"), Is.EqualTo(10));
    }

    [TestCase("0-abcdefgh", TestName = "Get_LastEventIdOfTheProcessBefore_GetsTheStock")]
    [TestCase("nonsense", TestName = "Get_LastEventIdThatIsNone_GetsTheStock")]
    public async Task Get_UnknownLastEventId_GetsTheStock(string lastId)
    {
        await PostAsync("apples", 5);
        await PostAsync("apples", 5);

        await using StockClient client = await StockClient.ConnectAsync(_http, lastId);
        await client.ReadToAsync(2);

        Assert.That(client.Snapshots, Is.EqualTo(1));
        Assert.That(client.Resets, Is.EqualTo(1));
        Assert.That(client.Quantity("apples"), Is.EqualTo(10));
    }

    [Test]
    public async Task Get_ClientDisconnects_FreesItsReader()
    {
        StockClient client = await StockClient.ConnectAsync(_http);
        Assert.That((await SubscriptionsAsync()).Select(s => s.Name), Is.EqualTo(new[] { "stock", "/stock" }));

        await client.DisposeAsync();

        await UntilAsync(subscriptions => subscriptions.Count == 1);
        Assert.That((await SubscriptionsAsync()).Single().Name, Is.EqualTo("stock"));
    }

    /// <summary>The changes are long and the slow client's buffer is small, so that the connection is soon full.</summary>
    [Test]
    public async Task Get_SlowClient_IsCutOffAloneAndGoesOnWhereItWas()
    {
        string item = new('a', 4_000);
        await using StockClient quick = await StockClient.ConnectAsync(_http);
        using HttpClient http = WithSmallBuffer(_service.Address);
        await using StockClient slow = await StockClient.ConnectAsync(http);
        long published = 0;
        bool isSlowBehind = false;
        while (!isSlowBehind)
        {
            await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
            {
                for (int i = 0; i < 50; i++)
                {
                    await PostAsync(item, 1);
                }
            }));
            published += 200;
            await quick.ReadToAsync(published);
            isSlowBehind = (await SubscriptionsAsync()).Any(s => s.Lag > 1_000);
        }

        await slow.ReadToEndAsync();
        Assert.That(slow.Next, Is.LessThan(published - 1_000));

        await using StockClient returned = await StockClient.ConnectAsync(_http, slow.LastId);
        await returned.ReadToAsync(published);
        Assert.That(returned.Snapshots, Is.Zero);
        Assert.That(slow.Changes.Count + returned.Changes.Count, Is.EqualTo(published));
        Assert.That(quick.Changes, Has.Count.EqualTo(published));
    }

    [Test]
    public async Task Stop_ClientsAreConnected_EndsTheirResponses()
    {
        await using StockClient client = await StockClient.ConnectAsync(_http);
        await PostAsync("apples", 5);

        await _service.StopAsync();
        await client.ReadToEndAsync();

        Assert.That(client.HasFailed, Is.False);
        Assert.That(client.Quantity("apples"), Is.EqualTo(5));
    }

    private static HttpClient WithSmallBuffer(Uri address) =>
        new(new SocketsHttpHandler
        {
            ConnectCallback = static async (context, token) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4_096 };
                await socket.ConnectAsync(context.DnsEndPoint, token);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        { BaseAddress = address };

    private async Task<int> PostAsync(string item, int quantity)
    {
        using HttpResponseMessage response = await _http.PostAsync($"/stock/{item}?quantity={quantity}", null);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        return await response.Content.ReadFromJsonAsync<int>();
    }

    private async Task<IReadOnlyList<Subscription>> SubscriptionsAsync() =>
        (await _http.GetFromJsonAsync<Subscription[]>("/clients"))!;

    private async Task UntilAsync(Func<IReadOnlyList<Subscription>, bool> condition)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        while (!condition(await SubscriptionsAsync()))
        {
            limit.Token.ThrowIfCancellationRequested();
        }
    }

    private sealed record Subscription(string Name, long Lag);
}
