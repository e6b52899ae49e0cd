namespace Rx.Tests.Contract;

/// <summary>A reader that is used out of turn says so, and one that has ended says how.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class ReaderMisuseTests(StreamConfiguration configuration)
{
    private EventStream<int> _stream = null!;

    [SetUp]
    public void SetUp() => _stream = configuration.Create<int>();

    [TearDown]
    public void TearDown() => _stream.Dispose();

    /// <summary>A loop that reads after a timeout finds an event, and begins a wait, before the earlier wait's continuation has run.</summary>
    [Test]
    public async Task WaitToReadAsync_ResultOfTheWaitBeforeNotTaken_Throws()
    {
        using EventReader<int> reader = _stream.OpenReader();
        ValueTask<bool> first = reader.WaitToReadAsync();
        _stream.OnNext(1);
        Assert.That(reader.TryRead(out _), Is.True);

        InvalidOperationException? error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await reader.WaitToReadAsync());

        Assert.That(error!.Message, Does.Contain("already pending"));
        Assert.That(await first, Is.True);
        ValueTask<bool> second = reader.WaitToReadAsync();
        _stream.OnNext(2);
        Assert.That(await second, Is.True);
    }

    [Test]
    public void WaitToReadAsync_BegunBeforeTheContinuationRuns_EndsNoProcess()
    {
        for (int i = 0; i < 2_000; i++)
        {
            using EventReader<int> reader = _stream.OpenReader();
            Task<bool> first = reader.WaitToReadAsync().AsTask();
            _stream.OnNext(1);
            reader.TryRead(out _);
            Task<bool> second = reader.WaitToReadAsync().AsTask();
            Assert.That(async () => await Eventually.Ends(first), Throws.Nothing);
            Assert.That(second.Exception?.InnerException, Is.Null.Or.InstanceOf<InvalidOperationException>());
        }
    }

    [Test]
    public void Completion_FirstAskedAfterDispose_TellsHowTheReaderEnded([Values] bool hasFailed)
    {
        EventReader<int> reader = _stream.OpenReader();
        _stream.OnNext(1);
        if (hasFailed)
        {
            _stream.OnError(new TimeoutException());
        }
        else
        {
            _stream.OnCompleted();
        }

        reader.TryRead(out _);
        reader.Dispose();

        Assert.That(reader.Completion.Status, Is.EqualTo(hasFailed ? TaskStatus.Faulted : TaskStatus.RanToCompletion));
        Assert.That(reader.Completion.Exception?.InnerException, hasFailed ? Is.TypeOf<TimeoutException>() : Is.Null);
    }

    [Test]
    public void Reader_ThatLaggedTooFar_CountsNothingAndTellsItAfterDispose()
    {
        EventReader<int> reader = _stream.WithLagPolicy(LagPolicy.Fail(2)).OpenReader();
        _stream.OnNextRange([1, 2, 3]);
        int before = reader.Count;
        bool isRead = reader.TryRead(out _);
        reader.Dispose();

        Assert.That((before, isRead), Is.EqualTo((0, false)));
        Assert.That(reader.Completion.Exception?.InnerException, Is.TypeOf<SubscriberLaggedException>());
    }
}
