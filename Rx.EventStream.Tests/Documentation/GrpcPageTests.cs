using System.Reflection;
using Grpc.Core;
using Grpc.Net.Client;
using Rx.Tests.Contract;
using Ticks;

namespace Rx.Tests.Documentation;

/// <summary>The service of the page docs/grpc.md on Kestrel, with real clients.</summary>
[TestFixture]
[Category("Slow")]
internal sealed class GrpcPageTests
{
    private static readonly string _page = Pages.Read("docs/grpc.md");

    private static readonly MethodInfo _main = Snippets.Load(Snippets.SectionsOf(_page).Single(section => section.Heading == "The program").Code);

    private PageService _service = null!;
    private GrpcChannel _channel = null!;
    private Ticker.TickerClient _ticker = null!;

    [SetUp]
    public async Task StartService()
    {
        _service = await PageService.StartAsync(_main, "--Kestrel:EndpointDefaults:Protocols=Http2");
        _channel = GrpcChannel.ForAddress(_service.Address);
        _ticker = new Ticker.TickerClient(_channel);
    }

    [TearDown]
    public async Task StopService()
    {
        _channel.Dispose();
        await _service.DisposeAsync();
    }

    [Test]
    public void Contract_IsThatOfThePage() =>
        Assert.That(
            _page,
            Does.Contain($"```proto\n{File.ReadAllText(Path.Combine(Repository.Root, "Rx.EventStream.Tests", "Documentation", "ticks.proto"))}```"));

    [Test]
    public async Task Follow_WhileOthersPublish_EachClientHasEachTickOnce()
    {
        const int Total = 200;
        using AsyncServerStreamingCall<TickEvent> first = Follow(0);
        using AsyncServerStreamingCall<TickEvent> second = Follow(0);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(async publisher =>
        {
            for (int i = 0; i < Total / 4; i++)
            {
                await PublishAsync($"p{publisher}");
            }
        }));

        foreach (AsyncServerStreamingCall<TickEvent> call in (AsyncServerStreamingCall<TickEvent>[])[first, second])
        {
            Assert.That(await NumbersAsync(call, Total), Is.EqualTo(Enumerable.Range(0, Total)));
        }
    }

    [Test]
    public async Task Follow_CalledAgain_MissesAndRepeatsNothing()
    {
        await PublishAsync("a");
        await PublishAsync("b");
        long[] before;
        using (AsyncServerStreamingCall<TickEvent> call = Follow(0))
        {
            before = await NumbersAsync(call, 2);
        }

        await PublishAsync("c");
        using AsyncServerStreamingCall<TickEvent> again = Follow(2);
        long[] resumed = await NumbersAsync(again, 1);

        Assert.That(before.Concat(resumed), Is.EqualTo(new[] { 0, 1, 2 }));
    }

    [TestCase(-1)]
    [TestCase(100)]
    public async Task Follow_FromANumberThatIsNotThere_StartsWithTheOldest(long next)
    {
        await PublishAsync("a");
        using AsyncServerStreamingCall<TickEvent> call = Follow(next);

        Assert.That(await NumbersAsync(call, 1), Is.EqualTo(new[] { 0 }));
    }

    /// <summary>More than fits into the buffers of a connection and the bound of the reader.</summary>
    [Test]
    public async Task Follow_ClientDoesNotRead_GetsTheStatusAndResumes()
    {
        const int Total = 3_000;
        await PublishAsync("first");
        using AsyncServerStreamingCall<TickEvent> call = Follow(0);
        long next = (await NumbersAsync(call, 1)).Single() + 1;
        string symbol = new('x', 10_000);
        await Task.WhenAll(Enumerable.Range(0, 10).Select(async _ =>
        {
            for (int i = 0; i < Total / 10; i++)
            {
                await PublishAsync(symbol);
            }
        }));

        RpcException error = (await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await Eventually.Ends(call.ResponseStream.MoveNext(CancellationToken.None)))
            {
                Assert.That(call.ResponseStream.Current.Sequence, Is.EqualTo(next++));
            }
        }))!;
        using AsyncServerStreamingCall<TickEvent> again = Follow(next);
        long[] rest = await NumbersAsync(again, (int)(Total + 1 - next));

        Assert.That(error.StatusCode, Is.EqualTo(StatusCode.ResourceExhausted), error.Message);
        Assert.That(next, Is.LessThan(Total));
        Assert.That(rest, Is.EqualTo(Enumerable.Range((int)next, rest.Length)));
    }

    [Test]
    public async Task Follow_ServiceStops_IsUnavailable()
    {
        await PublishAsync("a");
        using AsyncServerStreamingCall<TickEvent> call = Follow(0);
        await NumbersAsync(call, 1);

        await _service.StopAsync();

        RpcException error = (await Assert.ThrowsAsync<RpcException>(async () => await Eventually.Ends(call.ResponseStream.MoveNext(CancellationToken.None))))!;
        Assert.That(error.StatusCode, Is.EqualTo(StatusCode.Unavailable), error.Message);
    }

    private static async Task<long[]> NumbersAsync(AsyncServerStreamingCall<TickEvent> call, int count)
    {
        var numbers = new List<long>();
        while (numbers.Count < count && await Eventually.Ends(call.ResponseStream.MoveNext(CancellationToken.None)))
        {
            numbers.Add(call.ResponseStream.Current.Sequence);
        }

        return [.. numbers];
    }

    private AsyncServerStreamingCall<TickEvent> Follow(long next) => _ticker.Follow(new FollowRequest { Next = next });

    private async Task PublishAsync(string symbol) => await _ticker.PublishAsync(new Tick { Symbol = symbol, Price = 1 });
}
