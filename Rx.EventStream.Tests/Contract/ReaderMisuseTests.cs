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

    /// <summary>Two threads that use one reader, against its rules, may see an event twice or miss one, but read only what was
    /// published.</summary>
    [Test]
    public async Task TryRead_TwoThreadsOnOneReader_ReadNothingButEvents([Values] bool isBounded)
    {
        const int First = 1_000_000;
        const int Events = 20_000;
        using EventReader<int> reader = (isBounded ? _stream.WithLagPolicy(LagPolicy.DropOldest(100)) : _stream.AsObservable()).OpenReader();
        int wrong = 0;
        bool hasEnded = false;
        Task[] reading = [.. Enumerable.Range(0, 2).Select(thread => Task.Run(() =>
        {
            while (!Volatile.Read(ref hasEnded))
            {
                if (reader.TryRead(out int value) && value is < First or >= First + Events)
                {
                    Interlocked.Increment(ref wrong);
                }

                if (thread == 0 && reader.TryPeek(out value) && value is < First or >= First + Events)
                {
                    Interlocked.Increment(ref wrong);
                }
            }
        }))];
        for (int i = 0; i < Events; i++)
        {
            _stream.OnNext(First + i);
        }

        Volatile.Write(ref hasEnded, true);
        await Eventually.Ends(Task.WhenAll(reading));

        Assert.That(wrong, Is.Zero);
    }

    [Test]
    public async Task Completion_FirstAskedAfterDispose_TellsHowTheReaderEnded(
        [Values("completed", "failed", "canceled")] string end, [Values("before the end", "after", "and waits")] string reads,
        [Values("reader", "stream", "both")] string disposed)
    {
        EventReader<int> reader = _stream.OpenReader();
        _stream.OnNext(1);
        if (reads == "before the end")
        {
            reader.TryRead(out _);
        }

        Exception? error = end == "completed" ? null : end == "failed" ? new TimeoutException() : new OperationCanceledException();
        if (error is null)
        {
            _stream.OnCompleted();
        }
        else
        {
            _stream.OnError(error);
        }

        if (reads != "before the end")
        {
            reader.TryRead(out _);
        }

        if (reads == "and waits")
        {
            Assert.That(
                async () => await Eventually.Ends(reader.WaitToReadAsync()), error is null ? Throws.Nothing : Throws.Exception.SameAs(error));
        }

        if (disposed != "reader")
        {
            _stream.Dispose();
        }

        if (disposed != "stream")
        {
            reader.Dispose();
        }

        await Task.WhenAny(reader.Completion);
        Assert.That(
            reader.Completion.Status,
            Is.EqualTo(end == "completed" ? TaskStatus.RanToCompletion : end == "failed" ? TaskStatus.Faulted : TaskStatus.Canceled));
        Assert.That(reader.Completion.Exception?.InnerException, end == "failed" ? Is.SameAs(error) : Is.Null);
    }

    /// <summary>The end alone does not complete it, since an event is left; the disposal does.</summary>
    [Test]
    public async Task Completion_AskedBeforeTheEnd_StreamDisposedBeforeAllIsRead_Faults([Values] bool isError)
    {
        using EventReader<int> reader = _stream.OpenReader();
        Task completion = reader.Completion;
        _stream.OnNext(1);
        if (isError)
        {
            _stream.OnError(new TimeoutException());
        }
        else
        {
            _stream.OnCompleted();
        }

        Assert.That(completion.IsCompleted, Is.False);
        _stream.Dispose();

        await Eventually.Ends(Task.WhenAny(completion));
        Assert.That(completion.Exception!.InnerException, Is.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Completion_FirstAskedAfterDispose_NotAllWasRead_TellsOfTheDisposal([Values] bool isStream, [Values] bool hasEnded)
    {
        EventReader<int> reader = _stream.OpenReader();
        _stream.OnNextRange([1, 2]);
        reader.TryRead(out _);
        if (hasEnded)
        {
            _stream.OnCompleted();
        }

        ((IDisposable)(isStream ? _stream : reader)).Dispose();
        if (isStream)
        {
            Assert.That(reader.TryRead(out _), Is.True);
        }

        Assert.That(reader.Completion.Exception?.InnerException, Is.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Reader_ThatLaggedTooFar_CountsUntilItIsAskedAndTellsItAfterDispose()
    {
        EventReader<int> reader = _stream.WithLagPolicy(LagPolicy.Fail(2)).OpenReader();
        _stream.OnNextRange([1, 2, 3]);
        int before = reader.Count;
        bool isRead = reader.TryRead(out _);
        int after = reader.Count;
        reader.Dispose();

        Assert.That((before, isRead, after), Is.EqualTo((2, false, 0)));
        Assert.That(reader.Completion.Exception?.InnerException, Is.TypeOf<SubscriberLaggedException>());
    }
}
