using System.Net.Http.Json;
using System.Reflection;
using Microsoft.AspNetCore.SignalR.Client;
using Rx.Tests.Contract;

namespace Rx.Tests.Documentation;

/// <summary>The service of the page docs/signalr.md, with real clients.</summary>
[TestFixture]
[Category("Slow")]
internal sealed class SignalRPageTests
{
    private static readonly MethodInfo _main =
        Snippets.Load(Snippets.SectionsOf(Pages.Read("docs/signalr.md")).Single(section => section.Heading == "The program").Code);

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
    public async Task Follow_WhileOthersPublish_EachClientHasEachTickOnce()
    {
        const int Total = 200;
        await using HubConnection first = await ConnectAsync();
        await using HubConnection second = await ConnectAsync();
        Task<long[]>[] following = [FollowAsync(first, 0, Total), FollowAsync(second, 0, Total)];

        await Task.WhenAll(Enumerable.Range(0, 4).Select(async publisher =>
        {
            for (int i = 0; i < Total / 4; i++)
            {
                await PostAsync(publisher);
            }
        }));

        long[][] followed = await Eventually.Ends(Task.WhenAll(following));
        Assert.That(followed, Has.All.EqualTo(Enumerable.Range(0, Total)));
    }

    [Test]
    public async Task Follow_ConnectedAgain_MissesAndRepeatsNothing()
    {
        long[] before;
        await using (HubConnection connection = await ConnectAsync())
        {
            Task<long[]> following = FollowAsync(connection, 0, 2);
            await PostAsync(1);
            await PostAsync(2);
            before = await Eventually.Ends(following);
        }

        await PostAsync(3);
        await using HubConnection again = await ConnectAsync();
        Task<long[]> resumed = FollowAsync(again, 2, 2);
        await PostAsync(4);

        Assert.That(before.Concat(await Eventually.Ends(resumed)), Is.EqualTo(new[] { 0, 1, 2, 3 }));
    }

    [Test]
    public async Task Newest_Client_EndsWithTheLastTick()
    {
        await using HubConnection connection = await ConnectAsync();
        using var enough = new CancellationTokenSource();
        Task reading = ReadToAsync(connection, 50, enough);
        await ClientsAreAsync("newest");

        for (int price = 1; price <= 50; price++)
        {
            await PostAsync(price);
        }

        await Eventually.Ends(reading);
        await ClientsAreAsync();
    }

    [Test]
    public async Task Follow_ClientLeaves_ItsReaderIsFreed()
    {
        HubConnection connection = await ConnectAsync();
        Task<long[]> following = FollowAsync(connection, 0, 1);
        await PostAsync(1);
        await Eventually.Ends(following);
        Task<long[]> cutOff = FollowAsync(connection, 1, 1);
        await ClientsAreAsync("follow");

        await connection.DisposeAsync();

        await ClientsAreAsync();
        Assert.That(async () => await Eventually.Ends(cutOff), Throws.Exception);
    }

    private static async Task<long[]> FollowAsync(HubConnection connection, long next, int count)
    {
        using var enough = new CancellationTokenSource();
        var followed = new List<long>();
        try
        {
            await foreach (Sequenced<TickOfPage> tick in connection.StreamAsync<Sequenced<TickOfPage>>("Follow", next, enough.Token))
            {
                followed.Add(tick.Sequence);
                if (followed.Count == count)
                {
                    await enough.CancelAsync();
                }
            }
        }
        catch (OperationCanceledException) when (followed.Count == count)
        {
        }

        return [.. followed];
    }

    private static async Task ReadToAsync(HubConnection connection, int price, CancellationTokenSource enough)
    {
        try
        {
            await foreach (TickOfPage tick in connection.StreamAsync<TickOfPage>("Newest", enough.Token))
            {
                if (tick.Price == price)
                {
                    await enough.CancelAsync();
                }
            }
        }
        catch (OperationCanceledException) when (enough.IsCancellationRequested)
        {
        }
    }

    private async Task<HubConnection> ConnectAsync()
    {
        HubConnection connection = new HubConnectionBuilder().WithUrl(new Uri(_service.Address, "ticks")).Build();
        await connection.StartAsync();
        return connection;
    }

    private async Task PostAsync(int price)
    {
        using HttpResponseMessage response = await _http.PostAsJsonAsync("ticks", new TickOfPage("ACME", price));
        response.EnsureSuccessStatusCode();
    }

    private async Task ClientsAreAsync(params string[] names)
    {
        Client[] clients;
        using var limit = new CancellationTokenSource(Eventually.Limit);
        do
        {
            clients = (await _http.GetFromJsonAsync<Client[]>("clients", limit.Token))!;
        }
        while (!clients.Select(client => client.Name).SequenceEqual(names));
    }

    private sealed record TickOfPage(string Symbol, decimal Price);

    private sealed record Client(string Name, long Lag);
}
