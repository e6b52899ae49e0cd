using System.Threading.Channels;

namespace Rx.Tests.Contract;

/// <summary>Reading at and after the end, in the cases that the original in Go has tests for; where a channel has the same case, as a channel
/// does.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class EndOfReadingTests(StreamConfiguration configuration)
{
    private EventStream<int> _stream = null!;

    private static LagPolicy[] Policies { get; } = [LagPolicy.Unbounded, LagPolicy.DropOldest(2), LagPolicy.Fail(2), LagPolicy.Wait(2)];

    [SetUp]
    public void SetUp() => _stream = configuration.Create<int>();

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [Test]
    public async Task OpenReader_AfterTheEnd_HasOnlyTheEnd([Values] bool isError)
    {
        _stream.OnNextRange([1, 2, 3]);
        End(isError);

        using EventReader<int> reader = _stream.OpenReader();

        Assert.That((reader.TryRead(out _), reader.TryPeek(out _), reader.Count, reader.Sequence), Is.EqualTo((false, false, 0, 3L)));
        if (isError)
        {
            Assert.That(async () => await Eventually.Ends(reader.WaitToReadAsync()), Throws.Exception.SameAs(Marbles.Error));
            Assert.That(async () => await Eventually.Ends(reader.Completion), Throws.Exception.SameAs(Marbles.Error));
        }
        else
        {
            Assert.That(await Eventually.Ends(reader.WaitToReadAsync()), Is.False);
            await Eventually.Ends(reader.Completion);
        }
    }

    [Test]
    public async Task OpenReader_AfterTheEndWithRetention_HasTheRetainedEvents()
    {
        using var stream = new EventStream<int>(new EventStreamOptions
        {
            SingleWriter = configuration.SingleWriter, SegmentCapacity = configuration.SegmentCapacity, Retention = Retention.Count(2),
        });
        stream.OnNextRange([1, 2, 3]);
        stream.OnCompleted();

        using EventReader<int> reader = stream.OpenReader();

        Assert.That((await reader.ReadAsync(), await reader.ReadAsync()), Is.EqualTo((2, 3)));
        Assert.That(await Eventually.Ends(reader.WaitToReadAsync()), Is.False);
    }

    /// <summary>An observer's subscription tells the exception too.</summary>
    [Test]
    public async Task Error_StreamHasFailed_IsToldWhenAllIsRead(
        [ValueSource(nameof(Policies))] LagPolicy policy, [Values("TryRead", "TryReadBatch", "ReadAsync", "nothing")] string way, [Values] bool isError, [Values] bool disposes)
    {
        using EventReader<int> reader = _stream.WithLagPolicy(policy).OpenReader();
        EventSubscription subscription = _stream.Subscriptions.Single();
        if (way != "nothing")
        {
            _stream.OnNextRange([1, 2]);
        }

        End(isError);
        if (way != "nothing")
        {
            Assert.That((subscription.Error, subscription.IsDisposed), Is.EqualTo(((Exception?)null, false)));
            Assert.That(reader.TryRead(out _), Is.True);
            switch (way)
            {
                case "TryRead":
                    Assert.That(reader.TryRead(out _), Is.True);
                    break;
                case "TryReadBatch":
                    Assert.That(reader.TryReadBatch(2, out _), Is.True);
                    break;
                default:
                    Assert.That(await Eventually.Ends(reader.ReadAsync().AsTask()), Is.EqualTo(2));
                    break;
            }
        }

        await Eventually.Ends(subscription.WhenEndedAsync());
        if (disposes)
        {
            reader.Dispose();
        }

        Assert.That((subscription.Error, subscription.IsDisposed, subscription.HasFailed), Is.EqualTo((isError ? Marbles.Error : null, true, false)));
    }

    /// <summary>A reader that its owner disposes has not ended with the stream.</summary>
    [Test]
    public void Error_DisposedBeforeAllIsRead_IsNull()
    {
        using EventReader<int> reader = _stream.OpenReader();
        EventSubscription subscription = _stream.Subscriptions.Single();
        _stream.OnNextRange([1, 2]);
        End(isError: true);
        reader.Dispose();

        Assert.That((subscription.Error, subscription.IsDisposed), Is.EqualTo(((Exception?)null, true)));
    }

    /// <summary>The token wins over events and an end that are there, as with a channel, and no event is lost by it.</summary>
    [Test]
    public void ReadAllAsync_AlreadyCancelled_ThrowsAtOnce([Values] bool isChannel, [Values] bool byEnumerator, [Values] bool isError)
    {
        var token = new CancellationToken(canceled: true);
        using EventPosition<int> start = _stream.GetNextPosition();
        var channel = Channel.CreateUnbounded<int>();
        _stream.OnNextRange([1, 2]);
        channel.Writer.TryWrite(1);
        channel.Writer.TryWrite(2);
        End(isError);
        channel.Writer.Complete(isError ? Marbles.Error : null);
        IAsyncEnumerable<int> Events(CancellationToken cancellation = default) =>
            isChannel ? channel.Reader.ReadAllAsync(cancellation) : start.ReadAllAsync(cancellation);
        var read = new List<int>();

        async Task Read(IAsyncEnumerator<int> events)
        {
            await using (events)
            {
                while (await events.MoveNextAsync())
                {
                    read.Add(events.Current);
                }
            }
        }

        Assert.That(
            async () => await Eventually.Ends(Read(byEnumerator ? Events().GetAsyncEnumerator(token) : Events(token).GetAsyncEnumerator())),
            Throws.InstanceOf<OperationCanceledException>().With.Property("CancellationToken").EqualTo(token));
        Assert.That(read, Is.Empty);

        Assert.That(async () => await Eventually.Ends(Read(Events().GetAsyncEnumerator())), isError ? Throws.Exception.SameAs(Marbles.Error) : Throws.Nothing);
        Assert.That(read, Is.EqualTo(new[] { 1, 2 }));
    }

    /// <summary>The exception leaves the loop, and the loop's reader is gone: it keeps no event and no publisher.</summary>
    [Test]
    public void ReadAllAsync_BodyThrows_ReaderIsDisposed([Values] bool isWaiting)
    {
        EventObservable<int> source = isWaiting ? _stream.WithLagPolicy(LagPolicy.Wait(5)) : _stream.AsObservable();
        var read = new List<int>();
        async Task Read()
        {
            await foreach (int value in source.ReadAllAsync())
            {
                read.Add(value);
                if (value == 2)
                {
                    throw Marbles.Error;
                }
            }
        }

        Task reading = Read();
        _stream.OnNextRange([1, 2, 3]);

        Assert.That(async () => await Eventually.Ends(reading), Throws.Exception.SameAs(Marbles.Error));
        Assert.That(read, Is.EqualTo(new[] { 1, 2 }));
        Assert.That(_stream.Subscriptions, Is.Empty);
        for (int i = 0; i < 1_000; i++)
        {
            _stream.OnNext(i);
        }

        Assert.That(_stream.Log.CountSegments(), Is.EqualTo(1));
    }

    [Test]
    public void ReadAsync_AfterTheEnd_ThrowsAgainAndAgain([Values] bool isError)
    {
        using EventReader<int> reader = _stream.OpenReader();
        _stream.OnNext(1);
        End(isError);
        Assert.That(async () => await reader.ReadAsync(), Is.EqualTo(1));

        for (int i = 0; i < 3; i++)
        {
            Assert.That(
                async () => await reader.ReadAsync(),
                Throws.TypeOf<ChannelClosedException>().With.InnerException.EqualTo(isError ? Marbles.Error : null));
            Assert.That((reader.TryRead(out _), reader.Count), Is.EqualTo((false, 0)));
        }
    }

    private void End(bool isError)
    {
        if (isError)
        {
            _stream.OnError(Marbles.Error);
        }
        else
        {
            _stream.OnCompleted();
        }
    }
}
