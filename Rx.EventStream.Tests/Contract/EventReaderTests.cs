namespace Rx.Tests.Contract;

[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class EventReaderTests(StreamConfiguration configuration)
{
    private EventStream<int> _stream = null!;
    private EventReader<int> _reader = null!;

    [SetUp]
    public void SetUp()
    {
        _stream = configuration.Create<int>();
        _reader = _stream.GetNextPosition().OpenReader();
    }

    [TearDown]
    public void TearDown()
    {
        _reader.Dispose();
        _stream.Dispose();
    }

    [Test]
    public void TryRead_Events_InOrderThenFalse()
    {
        _stream.OnNextRange([.. Enumerable.Range(0, 200)]);

        Assert.That(ReadAll(), Is.EqualTo(Enumerable.Range(0, 200)));
        Assert.That(_reader.TryRead(out int none), Is.False);
        Assert.That(none, Is.Zero);

        _stream.OnNext(200);
        Assert.That(ReadAll(), Is.EqualTo(new[] { 200 }));
    }

    [Test]
    public void TryRead_TwoReaders_NeitherTakesFromTheOther()
    {
        using EventReader<int> other = _stream.AsObservable().OpenReader();
        _stream.OnNextRange([1, 2, 3]);

        Assert.That(ReadAll(), Is.EqualTo(new[] { 1, 2, 3 }));
        Assert.That(ReadAll(other), Is.EqualTo(new[] { 1, 2, 3 }));
    }

    [Test]
    public void TryPeek_Event_DoesNotAdvance()
    {
        Assert.That(_reader.TryPeek(out _), Is.False);
        _stream.OnNextRange([1, 2]);

        Assert.That(_reader.TryPeek(out int first), Is.True);
        Assert.That(_reader.TryPeek(out int again), Is.True);
        Assert.That((first, again), Is.EqualTo((1, 1)));
        Assert.That(_reader.Sequence, Is.Zero);
        Assert.That(ReadAll(), Is.EqualTo(new[] { 1, 2 }));
    }

    [Test]
    public void Count_AndSequence_FollowTheReader()
    {
        Assert.That((_reader.CanCount, _reader.CanPeek), Is.EqualTo((true, true)));
        Assert.That((_reader.Count, _reader.Sequence), Is.EqualTo((0, 0L)));

        _stream.OnNextRange([1, 2, 3]);
        Assert.That((_reader.Count, _reader.Sequence), Is.EqualTo((3, 0L)));

        _reader.TryRead(out _);
        Assert.That((_reader.Count, _reader.Sequence), Is.EqualTo((2, 1L)));

        _stream.OnCompleted();
        Assert.That((_reader.Count, _reader.Sequence), Is.EqualTo((2, 1L)));
        ReadAll();
        Assert.That((_reader.Count, _reader.Sequence), Is.EqualTo((0, 3L)));
    }

    [Test]
    public void OpenReader_AtAPosition_ReadsFromThere()
    {
        _stream.OnNextRange([1, 2, 3]);
        EventPosition<int> position = _stream.GetNextPosition();
        _stream.OnNextRange([4, 5]);

        using EventReader<int> reader = _stream.From(position).OpenReader();

        Assert.That(reader.Sequence, Is.EqualTo(3));
        Assert.That(ReadAll(reader), Is.EqualTo(new[] { 4, 5 }));
    }

    [Test]
    public async Task WaitToReadAsync_EventAvailable_CompletesAtOnce()
    {
        _stream.OnNext(1);

        ValueTask<bool> wait = _reader.WaitToReadAsync();

        Assert.That(wait.IsCompletedSuccessfully, Is.True);
        Assert.That(await wait, Is.True);
    }

    [Test]
    public async Task WaitToReadAsync_EventArrives_Completes()
    {
        for (int i = 0; i < 100; i++)
        {
            ValueTask<bool> wait = _reader.WaitToReadAsync();
            Assert.That(wait.IsCompleted, Is.False);

            _stream.OnNext(i);

            Assert.That(await Eventually.Ends(wait), Is.True);
            Assert.That(ReadAll(), Is.EqualTo(new[] { i }));
        }
    }

    [Test]
    public async Task WaitToReadAsync_StreamCompletes_False()
    {
        ValueTask<bool> wait = _reader.WaitToReadAsync();

        _stream.OnCompleted();

        Assert.That(await Eventually.Ends(wait), Is.False);
        Assert.That(await _reader.WaitToReadAsync(), Is.False);
    }

    [Test]
    public async Task WaitToReadAsync_EventsThenTheEnd_TrueUntilAllIsRead()
    {
        _stream.OnNext(1);
        _stream.OnCompleted();

        Assert.That(await _reader.WaitToReadAsync(), Is.True);
        ReadAll();
        Assert.That(await _reader.WaitToReadAsync(), Is.False);
    }

    [TestCase(false)]
    [TestCase(true)]
    public void WaitToReadAsync_StreamFails_ThrowsItsErrorOnceAllIsRead(bool isWaiting)
    {
        var error = new InvalidOperationException();
        ValueTask<bool> wait = isWaiting ? _reader.WaitToReadAsync() : default;
        if (!isWaiting)
        {
            _stream.OnNext(1);
        }

        _stream.OnError(error);

        if (!isWaiting)
        {
            Assert.That(ReadAll(), Is.EqualTo(new[] { 1 }));
            wait = _reader.WaitToReadAsync();
        }

        Assert.That(async () => await Eventually.Ends(wait), Throws.Exception.SameAs(error));
    }

    [Test]
    public async Task WaitToReadAsync_Cancelled_ThrowsAndTheReaderContinues()
    {
        using var cancellation = new CancellationTokenSource();
        ValueTask<bool> wait = _reader.WaitToReadAsync(cancellation.Token);
        Assert.That(wait.IsCompleted, Is.False);

        await cancellation.CancelAsync();

        Assert.That(
            async () => await Eventually.Ends(wait),
            Throws.InstanceOf<OperationCanceledException>().With.Property("CancellationToken").EqualTo(cancellation.Token));
        wait = _reader.WaitToReadAsync();
        _stream.OnNext(1);
        Assert.That(await Eventually.Ends(wait), Is.True);
        Assert.That(ReadAll(), Is.EqualTo(new[] { 1 }));
    }

    [Test]
    public void WaitToReadAsync_AlreadyCancelled_ThrowsDespiteAnEvent()
    {
        _stream.OnNext(1);
        var cancelled = new CancellationToken(canceled: true);

        Assert.That(
            async () => await _reader.WaitToReadAsync(cancelled),
            Throws.InstanceOf<OperationCanceledException>().With.Property("CancellationToken").EqualTo(cancelled));
    }

    [Test]
    public async Task WaitToReadAsync_CancelledAfterTheEvent_IsTrue()
    {
        using var cancellation = new CancellationTokenSource();
        ValueTask<bool> wait = _reader.WaitToReadAsync(cancellation.Token);

        _stream.OnNext(1);
        await cancellation.CancelAsync();

        Assert.That(await Eventually.Ends(wait), Is.True);
    }

    [Test]
    public void WaitToReadAsync_WhileOneIsPending_Throws()
    {
        ValueTask<bool> first = _reader.WaitToReadAsync();

        Assert.That(async () => await _reader.WaitToReadAsync(), Throws.InvalidOperationException);

        _stream.OnNext(1);
        Assert.That(async () => await Eventually.Ends(first), Is.True);
    }

    [Test]
    public async Task ReadAsync_OfChannelReader_EventsThenClosed()
    {
        ValueTask<int> read = _reader.ReadAsync();
        _stream.OnNext(1);
        Assert.That(await Eventually.Ends(read.AsTask()), Is.EqualTo(1));

        _stream.OnCompleted();
        Assert.That(async () => await _reader.ReadAsync(), Throws.TypeOf<System.Threading.Channels.ChannelClosedException>());
    }

    [Test]
    public async Task ReadAllAsync_OfChannelReader_EventsThenTheEnd()
    {
        _stream.OnNextRange([1, 2, 3]);
        _stream.OnCompleted();
        var values = new List<int>();

        await foreach (int value in _reader.ReadAllAsync())
        {
            values.Add(value);
        }

        Assert.That(values, Is.EqualTo(new[] { 1, 2, 3 }));
    }

    [Test]
    public void Dispose_AnyCall_ThrowsAfterwards()
    {
        _stream.OnNext(1);

        _reader.Dispose();
        _reader.Dispose();

        Assert.That(() => _reader.TryRead(out _), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => _reader.TryPeek(out _), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(async () => await _reader.WaitToReadAsync(), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(_reader.Sequence, Is.Zero);
    }

    [Test]
    public void Dispose_WaitPending_EndsIt()
    {
        ValueTask<bool> wait = _reader.WaitToReadAsync();

        _reader.Dispose();

        Assert.That(async () => await Eventually.Ends(wait), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Dispose_Reader_FreesItsEvents()
    {
        _stream.OnNextRange([.. Enumerable.Range(0, 1_000)]);
        Assert.That(_stream.Log.CountSegments(), Is.GreaterThan(1));

        _reader.Dispose();
        GC.Collect();
        GC.WaitForPendingFinalizers();

        Assert.That(_stream.Log.CountSegments(), Is.EqualTo(1));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Dispose_Stream_WaitToReadAsyncThrows(bool isWaiting)
    {
        ValueTask<bool> wait = isWaiting ? _reader.WaitToReadAsync() : default;

        _stream.Dispose();
        if (!isWaiting)
        {
            wait = _reader.WaitToReadAsync();
        }

        Assert.That(async () => await Eventually.Ends(wait), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Completion_StreamCompletes_DoneOnceAllIsRead()
    {
        Task completion = _reader.Completion;
        Assert.That(_reader.Completion, Is.SameAs(completion));
        _stream.OnNext(1);
        _stream.OnCompleted();
        Assert.That(completion.IsCompleted, Is.False);

        _reader.TryRead(out _);

        Assert.That(async () => await Eventually.Ends(completion), Throws.Nothing);
    }

    [Test]
    public void Completion_NothingToRead_DoneWithTheEnd()
    {
        Task completion = _reader.Completion;

        _stream.OnCompleted();

        Assert.That(async () => await Eventually.Ends(completion), Throws.Nothing);
    }

    [Test]
    public void Completion_RequestedAfterTheEnd_Done()
    {
        _stream.OnCompleted();

        Assert.That(async () => await Eventually.Ends(_reader.Completion), Throws.Nothing);
    }

    [Test]
    public void Completion_StreamFails_FaultsWithItsError()
    {
        var error = new InvalidOperationException();
        _stream.OnNext(1);
        _stream.OnError(error);
        Assert.That(_reader.Completion.IsCompleted, Is.False);

        _reader.TryRead(out _);

        Assert.That(async () => await Eventually.Ends(_reader.Completion), Throws.Exception.SameAs(error));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Completion_ReaderOrStreamDisposed_Faults(bool isStream)
    {
        Task completion = _reader.Completion;

        if (isStream)
        {
            _stream.Dispose();
        }
        else
        {
            _reader.Dispose();
        }

        Assert.That(async () => await Eventually.Ends(completion), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Completion_RequestedAfterDisposal_Faults()
    {
        _reader.Dispose();

        Assert.That(async () => await Eventually.Ends(_reader.Completion), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public async Task TryRead_AnotherThreadPublishes_EverythingInOrder()
    {
        const int Count = 20_000;
        Task publishing = Eventually.OnThread(() =>
        {
            for (int i = 0; i < Count; i++)
            {
                _stream.OnNext(i);
            }

            _stream.OnCompleted();
        });

        int expected = 0;
        while (await Eventually.Ends(_reader.WaitToReadAsync()))
        {
            while (_reader.TryRead(out int value))
            {
                Assert.That(value, Is.EqualTo(expected++));
            }
        }

        await Eventually.Ends(publishing);
        Assert.That(expected, Is.EqualTo(Count));
    }

    private List<int> ReadAll() => ReadAll(_reader);

    private static List<int> ReadAll(EventReader<int> reader)
    {
        var values = new List<int>();
        while (reader.TryRead(out int value))
        {
            values.Add(value);
        }

        return values;
    }
}
