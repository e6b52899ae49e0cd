namespace Rx.Tests.Contract;

[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class ReadAllAsyncTests(StreamConfiguration configuration)
{
    private EventStream<int> _stream = null!;

    [SetUp]
    public void SetUp() => _stream = configuration.Create<int>();

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [Test]
    public async Task ReadAllAsync_CompletedStream_EventsThenTheEnd()
    {
        EventPosition<int> start = _stream.GetNextPosition();
        _stream.OnNextRange([.. Enumerable.Range(0, 100)]);
        _stream.OnCompleted();

        Assert.That(await Eventually.Ends(Collect(start.ReadAllAsync())), Is.EqualTo(Enumerable.Range(0, 100)));
    }

    [Test]
    public async Task ReadAllAsync_EventsArrive_YieldsThem()
    {
        EventPosition<int> start = _stream.GetNextPosition();
        Task<List<int>> collecting = Collect(start.ReadAllAsync());

        for (int i = 0; i < 100; i++)
        {
            _stream.OnNext(i);
        }

        _stream.OnCompleted();

        Assert.That(await Eventually.Ends(collecting), Is.EqualTo(Enumerable.Range(0, 100)));
    }

    [Test]
    public async Task ReadAllAsync_EnumeratedTwice_EachStartsAtThePosition()
    {
        IAsyncEnumerable<int> events = _stream.GetNextPosition().ReadAllAsync();
        _stream.OnNextRange([1, 2]);
        _stream.OnCompleted();

        Assert.That(await Eventually.Ends(Collect(events)), Is.EqualTo(new[] { 1, 2 }));
        Assert.That(await Eventually.Ends(Collect(events)), Is.EqualTo(new[] { 1, 2 }));
    }

    [Test]
    public async Task ReadAllAsync_OfAnObservable_JoinsAtTheFirstMoveNext()
    {
        IAsyncEnumerable<int> events = _stream.AsObservable().ReadAllAsync();
        _stream.OnNext(1);
        Task<List<int>> collecting = Collect(events);
        _stream.OnNext(2);
        _stream.OnCompleted();

        Assert.That(await Eventually.Ends(collecting), Is.EqualTo(new[] { 2 }));
    }

    [Test]
    public void ReadAllAsync_StreamFails_EventsThenItsError()
    {
        EventPosition<int> start = _stream.GetNextPosition();
        var error = new InvalidOperationException();
        var values = new List<int>();
        _stream.OnNextRange([1, 2]);
        _stream.OnError(error);

        Assert.That(async () => await Eventually.Ends(Collect(start.ReadAllAsync(), values)), Throws.Exception.SameAs(error));
        Assert.That(values, Is.EqualTo(new[] { 1, 2 }));
    }

    [Test]
    public async Task ReadAllAsync_CancelledWhileWaiting_ThrowsWithThatToken([Values] bool byEnumerator)
    {
        using var cancellation = new CancellationTokenSource();
        IAsyncEnumerable<int> events = byEnumerator ? _stream.GetNextPosition().ReadAllAsync() : _stream.GetNextPosition().ReadAllAsync(cancellation.Token);
        await using IAsyncEnumerator<int> enumerator = events.GetAsyncEnumerator(byEnumerator ? cancellation.Token : default);
        ValueTask<bool> move = enumerator.MoveNextAsync();

        await cancellation.CancelAsync();

        Assert.That(
            async () => await Eventually.Ends(move),
            Throws.InstanceOf<OperationCanceledException>().With.Property("CancellationToken").EqualTo(cancellation.Token));
    }

    [Test]
    public void ReadAllAsync_CancelledBetweenEvents_ThrowsDespiteMore()
    {
        using var cancellation = new CancellationTokenSource();
        EventPosition<int> start = _stream.GetNextPosition();
        _stream.OnNextRange([1, 2, 3]);
        var values = new List<int>();

        Assert.That(
            async () =>
            {
                await foreach (int value in start.ReadAllAsync(cancellation.Token))
                {
                    values.Add(value);
                    await cancellation.CancelAsync();
                }
            },
            Throws.InstanceOf<OperationCanceledException>().With.Property("CancellationToken").EqualTo(cancellation.Token));
        Assert.That(values, Is.EqualTo(new[] { 1 }));
    }

    [Test]
    public async Task ReadAllAsync_LoopLeftEarly_FreesItsEvents()
    {
        async Task ReadOne()
        {
            await foreach (int _ in _stream.AsObservable().ReadAllAsync())
            {
                break;
            }
        }

        Task reading = ReadOne();
        _stream.OnNextRange([.. Enumerable.Range(0, 1_000)]);
        await Eventually.Ends(reading);

        Assert.That(_stream.Log.CountSegments(), Is.EqualTo(1));
    }

    [Test]
    public void ReadAllAsync_StreamDisposed_Throws()
    {
        EventPosition<int> start = _stream.GetNextPosition();
        Task<List<int>> collecting = Collect(start.ReadAllAsync());

        _stream.Dispose();

        Assert.That(async () => await Eventually.Ends(collecting), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(async () => await Eventually.Ends(Collect(start.ReadAllAsync())), Throws.TypeOf<ObjectDisposedException>());
    }

    private static async Task<List<int>> Collect(IAsyncEnumerable<int> events, List<int>? values = null)
    {
        values ??= [];
        await foreach (int value in events)
        {
            values.Add(value);
        }

        return values;
    }
}
