using System.Threading.Channels;

namespace Rx.Tests.Contract;

/// <summary>What a reader with a lag policy tells: how many events it can read, and that it has lagged too far.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class LaggingReaderTests(StreamConfiguration configuration)
{
    private static string[] Ways { get; } = ["TryRead", "TryPeek", "TryReadBatch", "WaitToReadAsync", "ReadAsync"];

    [Test]
    public async Task Completion_ReaderLaggedTooFar_FaultsAtOnce([ValueSource(nameof(Ways))] string way, [Values] bool isAskedBefore)
    {
        using EventStream<int> stream = configuration.Create<int>();
        using EventReader<int> reader = stream.WithLagPolicy(LagPolicy.Fail(2)).OpenReader();
        Task? completion = isAskedBefore ? reader.Completion : null;
        stream.OnNextRange([1, 2, 3]);
        await Look(reader, way);

        completion ??= reader.Completion;

        Assert.That(completion.IsFaulted, Is.True);
        Assert.That(completion.Exception!.InnerException, Is.TypeOf<SubscriberLaggedException>());
        Assert.That(reader.Count, Is.Zero);
        Assert.That(
            async () => await reader.ReadAsync(),
            Throws.TypeOf<ChannelClosedException>().With.InnerException.SameAs(completion.Exception.InnerException));
        Assert.That(async () => await reader.WaitToReadAsync(), Throws.Exception.SameAs(completion.Exception.InnerException));
    }

    [Test]
    public async Task Completion_FirstAskedAfterDispose_TellsThatTheReaderLagged(
        [ValueSource(nameof(Ways))] string way, [Values("reader", "stream", "both")] string disposed)
    {
        EventStream<int> stream = configuration.Create<int>();
        EventReader<int> reader = stream.WithLagPolicy(LagPolicy.Fail(2)).OpenReader();
        stream.OnNextRange([1, 2, 3]);
        await Look(reader, way);
        if (disposed != "reader")
        {
            stream.Dispose();
        }

        if (disposed != "stream")
        {
            reader.Dispose();
        }

        Assert.That(reader.Completion.Exception?.InnerException, Is.TypeOf<SubscriberLaggedException>());
    }

    [Test]
    public async Task WaitToReadAsync_WokenByMoreThanTheBound_Faults()
    {
        using EventStream<int> stream = configuration.Create<int>();
        using EventReader<int> reader = stream.WithLagPolicy(LagPolicy.Fail(2)).OpenReader();
        Task completion = reader.Completion;
        ValueTask<bool> wait = reader.WaitToReadAsync();

        stream.OnNextRange([1, 2, 3]);

        Assert.That((wait.IsCompleted, wait.IsFaulted), Is.EqualTo((true, true)));
        Assert.That(async () => await Eventually.Ends(wait), Throws.TypeOf<SubscriberLaggedException>());
        Assert.That(async () => await Eventually.Ends(completion), Throws.TypeOf<SubscriberLaggedException>());
    }

    [Test]
    public void Count_StreamDisposed_IsWhatCanBeRead([Values(1, 3, 10)] int published, [Values] bool fails)
    {
        EventStream<int> stream = configuration.Create<int>();
        using EventReader<int> reader = stream.WithLagPolicy(fails ? LagPolicy.Fail(3) : LagPolicy.DropOldest(3)).OpenReader();
        stream.OnNextRange([.. Enumerable.Range(0, published)]);
        stream.Dispose();

        int count = reader.Count;
        int read = 0;
        while (reader.TryRead(out _))
        {
            read++;
        }

        // A reader that lags too far for Fail finds that out when it is asked.
        Assert.That((fails && published > 3 ? 0 : count, reader.Count), Is.EqualTo((read, 0)));
    }

    [Test]
    public void Count_MoreThanTheCapacity_IsWhatCanBeRead()
    {
        Channel<int> channel = Channel.CreateBounded<int>(new BoundedChannelOptions(10) { FullMode = BoundedChannelFullMode.DropOldest });
        using EventStream<int> stream = configuration.Create<int>();
        using EventReader<int> reader = stream.WithLagPolicy(LagPolicy.DropOldest(10)).OpenReader();
        for (int i = 0; i < 25; i++)
        {
            channel.Writer.TryWrite(i);
            stream.OnNext(i);
        }

        Assert.That((reader.Count, reader.TryRead(out int first), first), Is.EqualTo((10, true, 15)));
        Assert.That((channel.Reader.Count, channel.Reader.TryRead(out first), first), Is.EqualTo((10, true, 15)));
    }

    private static async Task Look(EventReader<int> reader, string way)
    {
        switch (way)
        {
            case "TryRead":
                Assert.That(reader.TryRead(out _), Is.False);
                break;
            case "TryPeek":
                Assert.That(reader.TryPeek(out _), Is.False);
                break;
            case "TryReadBatch":
                Assert.That(reader.TryReadBatch(3, out _), Is.False);
                break;
            case "WaitToReadAsync":
                await Ignore(reader.WaitToReadAsync().AsTask());
                break;
            default:
                await Ignore(reader.ReadAsync().AsTask());
                break;
        }
    }

    private static async Task Ignore(Task task)
    {
        try
        {
            await Eventually.Ends(task);
            Assert.Fail("The reader has lagged too far.");
        }
        catch (Exception error) when (error is SubscriberLaggedException or ChannelClosedException)
        {
        }
    }
}
