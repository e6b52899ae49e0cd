using System.Threading.Channels;

namespace Rx.Tests.Contract;

/// <summary>The conventions of a <see cref="ChannelWriter{T}"/>: for a bounded channel, which defines them, and for writers of streams.</summary>
[TestFixtureSource(typeof(WriterUnderTest), nameof(WriterUnderTest.All))]
internal sealed class ChannelWriterContractTests(WriterCase writer)
{
    private static readonly CancellationToken _cancelled = new(canceled: true);

    private readonly InvalidOperationException _error = new("the error");
    private readonly OperationCanceledException _cancellation = new("the end", _cancelled);

    private WriterUnderTest _under = null!;

    private ChannelWriter<int> Writer => _under.Writer;

    [SetUp]
    public void SetUp() => _under = writer.Open();

    [TearDown]
    public void TearDown() => (_under.Reader as IDisposable)?.Dispose();

    [Test]
    public void TryWrite_Full_FalseUntilOneIsRead()
    {
        Assert.That(Enumerable.Range(0, 4).Select(Writer.TryWrite), Is.EqualTo(new[] { true, true, false, false }));

        Assert.That((_under.Reader.TryRead(out int read), read), Is.EqualTo((true, 0)));
        Assert.That((Writer.TryWrite(4), Writer.TryWrite(5)), Is.EqualTo((true, false)));
        Assert.That(ReadAvailable(), Is.EqualTo(new[] { 1, 4 }));
    }

    /// <summary>What follows a wait that was canceled is not run inside <c>Cancel</c>, or blocking there would block the thread that cancels.</summary>
    [Test]
    public async Task Wait_Canceled_GoesOnOutsideOfTheCancellation([Values] bool writes)
    {
        Fill();
        using var cancellation = new CancellationTokenSource();
        using var hasReturned = new ManualResetEventSlim();
        Task wait = writes ? Writer.WriteAsync(9, cancellation.Token).AsTask() : Writer.WaitToWriteAsync(cancellation.Token).AsTask();
        Task<bool> after = wait.ContinueWith(
            _ => hasReturned.Wait(Eventually.Limit), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

        Task canceling = Eventually.OnThread(cancellation.Cancel); // not this thread, which has a context: what follows would leave it
        await Task.WhenAny(canceling, after);
        hasReturned.Set();

        Assert.That(await after, Is.True);
        Assert.That(wait.IsCanceled, Is.True);
    }

    [Test]
    public async Task WaitToWriteAsync_Full_TrueOnceThereIsRoom()
    {
        Assert.That(await Writer.WaitToWriteAsync(), Is.True);
        Fill();

        Task<bool>[] waits = [Writer.WaitToWriteAsync().AsTask(), Writer.WaitToWriteAsync().AsTask()];
        Assert.That(waits.Select(static w => w.IsCompleted), Has.None.True);
        _under.Reader.TryRead(out _);

        Assert.That(await Eventually.Ends(Task.WhenAll(waits)), Is.All.True);
        Assert.That((Writer.TryWrite(2), Writer.TryWrite(3)), Is.EqualTo((true, false)));
    }

    [Test]
    public async Task WaitToWriteAsync_NothingIsWrittenAfterwards_HoldsNoOtherWriterBack()
    {
        Fill();
        Task<bool> wait = Writer.WaitToWriteAsync().AsTask();
        Task write = Writer.WriteAsync(2).AsTask();
        _under.Reader.TryRead(out _);
        _under.Reader.TryRead(out _);

        Assert.That(await Eventually.Ends(wait), Is.True);
        await Eventually.Ends(write);

        Assert.That(ReadAvailable(), Is.EqualTo(new[] { 2 }));
    }

    [Test]
    public async Task WaitToWriteAsync_Cancelled_OthersGoOn()
    {
        Fill();
        using var cancellation = new CancellationTokenSource();
        Task<bool> first = Writer.WaitToWriteAsync(cancellation.Token).AsTask();
        Task<bool> second = Writer.WaitToWriteAsync().AsTask();

        await cancellation.CancelAsync();
        Assert.That(async () => await Eventually.Ends(first), ThrowsCancelled(cancellation.Token));
        Assert.That(first.IsCanceled, Is.True);
        Assert.That(second.IsCompleted, Is.False);
        _under.Reader.TryRead(out _);

        Assert.That(await Eventually.Ends(second), Is.True);
        Assert.That(Writer.TryWrite(2), Is.True);
    }

    [Test]
    public async Task WriteAsync_Full_WrittenInTheOrderOfTheCalls()
    {
        Fill();
        Task[] writes = [.. Enumerable.Range(2, 5).Select(value => Writer.WriteAsync(value).AsTask())];
        Assert.That(writes.Select(static w => w.IsCompleted), Has.None.True);
        Assert.That(Writer.TryWrite(99), Is.False);

        List<int> read = [];
        while (read.Count < 7)
        {
            read.Add(await Eventually.Ends(_under.Reader.ReadAsync().AsTask()));
        }

        await Eventually.Ends(Task.WhenAll(writes));
        Assert.That(read, Is.EqualTo(Enumerable.Range(0, 7)));
    }

    [Test]
    public async Task WriteAsync_Cancelled_IsNotWritten()
    {
        Fill();
        using var cancellation = new CancellationTokenSource();
        Task first = Writer.WriteAsync(2, cancellation.Token).AsTask();
        Task second = Writer.WriteAsync(3).AsTask();

        await cancellation.CancelAsync();
        Assert.That(async () => await Eventually.Ends(first), ThrowsCancelled(cancellation.Token));
        Assert.That(first.IsCanceled, Is.True);
        Assert.That(ReadTwo(), Is.EqualTo(new[] { 0, 1 }));

        await Eventually.Ends(second);
        Assert.That(ReadAvailable(), Is.EqualTo(new[] { 3 }));
    }

    [Test]
    public void Calls_TokenCancelledBefore_AreCanceledAlsoAfterTheEnd([Values] bool hasEnded)
    {
        if (hasEnded)
        {
            Writer.Complete();
        }

        Assert.That(Writer.WriteAsync(0, _cancelled).AsTask().IsCanceled, Is.True);
        Assert.That(Writer.WaitToWriteAsync(_cancelled).AsTask().IsCanceled, Is.True);
        Assert.That(ReadAvailable(), Is.Empty);
    }

    [Test]
    public void TryComplete_Completed_EndsTheWriter()
    {
        Writer.TryWrite(7);

        Assert.That((Writer.TryComplete(), Writer.TryComplete(), Writer.TryComplete(_error)), Is.EqualTo((true, false, false)));
        Assert.That(() => Writer.Complete(), Throws.TypeOf<ChannelClosedException>());
        Assert.That(Writer.TryWrite(8), Is.False);
        Assert.That(Writer.WaitToWriteAsync().AsTask(), Has.Property("IsCompletedSuccessfully").True.And.Property("Result").False);
        Assert.That(Writer.WriteAsync(8).AsTask().Exception?.InnerException, Is.TypeOf<ChannelClosedException>().With.InnerException.Null);

        Assert.That(_under.Reader.Completion.IsCompleted, Is.False);
        Assert.That(ReadAvailable(), Is.EqualTo(new[] { 7 }));
        Assert.That(async () => await Eventually.Ends(_under.Reader.Completion), Throws.Nothing);
    }

    [Test]
    public void TryComplete_Error_IsThrownByLaterCalls()
    {
        Assert.That((Writer.TryComplete(_error), Writer.TryComplete()), Is.EqualTo((true, false)));

        Assert.That(Writer.TryWrite(8), Is.False);
        Assert.That(Writer.WaitToWriteAsync().AsTask().Exception?.InnerException, Is.SameAs(_error));
        Assert.That(
            Writer.WriteAsync(8).AsTask().Exception?.InnerException,
            Is.TypeOf<ChannelClosedException>().With.InnerException.SameAs(_error));
        Assert.That(async () => await Eventually.Ends(_under.Reader.Completion), Throws.Exception.SameAs(_error));
    }

    [Test]
    public void TryComplete_Cancellation_IsThrownAsItIs()
    {
        Writer.TryComplete(_cancellation);

        Assert.That(async () => await Writer.WaitToWriteAsync(), Throws.Exception.SameAs(_cancellation));
        Assert.That(async () => await Writer.WriteAsync(8), Throws.Exception.SameAs(_cancellation));
        Assert.That(_under.Reader.Completion.IsCanceled, Is.True);
    }

    [Test]
    public async Task TryComplete_WhileOthersWait_EndsTheWaits()
    {
        Fill();
        Task<bool> wait = Writer.WaitToWriteAsync().AsTask();
        Task write = Writer.WriteAsync(2).AsTask();

        Writer.Complete();

        Assert.That(await Eventually.Ends(wait), Is.False);
        Assert.That(async () => await Eventually.Ends(write), Throws.TypeOf<ChannelClosedException>().With.InnerException.Null);
        Assert.That(ReadAvailable(), Is.EqualTo(new[] { 0, 1 }));
    }

    [Test]
    public void TryComplete_ErrorWhileOthersWait_FailsTheWaits()
    {
        Fill();
        Task<bool> wait = Writer.WaitToWriteAsync().AsTask();
        Task write = Writer.WriteAsync(2).AsTask();

        Writer.Complete(_error);

        Assert.That(async () => await Eventually.Ends(wait), Throws.Exception.SameAs(_error));
        Assert.That(
            async () => await Eventually.Ends(write), Throws.TypeOf<ChannelClosedException>().With.InnerException.SameAs(_error));
    }

    [Test]
    public async Task TryComplete_CancellationWhileOthersWait_CancelsTheWaits()
    {
        Fill();
        Task<bool> wait = Writer.WaitToWriteAsync().AsTask();
        Task write = Writer.WriteAsync(2).AsTask();

        Writer.Complete(_cancellation);
        await Eventually.Ends(Task.WhenAll(wait, write).ContinueWith(static _ => { }, TaskScheduler.Default));

        Assert.That((wait.IsCanceled, write.IsCanceled), Is.EqualTo((true, true)));
    }

    /// <summary>The usual loops of producers, beside each other: nothing is lost, the order of each producer is kept, none starves.</summary>
    [Test]
    public async Task Producers_EachKindOfLoop_EverythingArrives([Values] bool completesWithError)
    {
        const int Count = 400;
        int kinds = 3;
        int producers = _under.AllowsConcurrency ? 2 * kinds : 1;
        Task[] writing = [.. Enumerable.Range(0, producers).Select(p => Task.Run(() => (p % kinds) switch
        {
            0 => WriteWhereThereIsRoom(p * Count, Count),
            1 => WriteAll(p * Count, Count),
            _ => WaitThenWrite(p * Count, Count),
        }))];
        Task ending = Task.WhenAll(writing).ContinueWith(_ => Writer.Complete(completesWithError ? _error : null), TaskScheduler.Default);

        var read = new List<int>();
        Exception? end = null;
        try
        {
            await foreach (int value in _under.Reader.ReadAllAsync())
            {
                read.Add(value);
            }
        }
        catch (InvalidOperationException error)
        {
            end = error;
        }

        await Eventually.Ends(ending);
        Assert.That(end, completesWithError ? Is.SameAs(_error) : Is.Null);
        Assert.That(read, Has.Count.EqualTo(producers * Count));
        for (int p = 0; p < producers; p++)
        {
            Assert.That(read.Where(e => e / Count == p), Is.EqualTo(Enumerable.Range(p * Count, Count)));
        }
    }

    private async Task WriteWhereThereIsRoom(int first, int count)
    {
        int next = first;
        while (next < first + count && await Writer.WaitToWriteAsync())
        {
            while (next < first + count && Writer.TryWrite(next))
            {
                next++;
            }
        }
    }

    private async Task WriteAll(int first, int count)
    {
        for (int i = first; i < first + count; i++)
        {
            await Writer.WriteAsync(i);
        }
    }

    private async Task WaitThenWrite(int first, int count)
    {
        for (int i = first; i < first + count; i++)
        {
            Assert.That(await Writer.WaitToWriteAsync(), Is.True);
            await Writer.WriteAsync(i);
        }
    }

    private static NUnit.Framework.Constraints.IResolveConstraint ThrowsCancelled(CancellationToken token) =>
        Throws.InstanceOf<OperationCanceledException>().With.Property("CancellationToken").EqualTo(token);

    private void Fill()
    {
        for (int i = 0; i < WriterUnderTest.Capacity; i++)
        {
            Assert.That(Writer.TryWrite(i), Is.True);
        }
    }

    private int[] ReadTwo()
    {
        _under.Reader.TryRead(out int first);
        _under.Reader.TryRead(out int second);
        return [first, second];
    }

    private List<int> ReadAvailable()
    {
        var read = new List<int>();
        while (_under.Reader.TryRead(out int value))
        {
            read.Add(value);
        }

        return read;
    }
}
