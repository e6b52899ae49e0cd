using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Rx.Tests.Contract;

/// <summary>The conventions of a <see cref="ChannelReader{T}"/>: for channels, which define them, and for readers of streams.</summary>
[TestFixtureSource(typeof(ReaderUnderTest), nameof(ReaderUnderTest.All))]
internal sealed class ChannelReaderContractTests(ReaderCase reader)
{
    private readonly InvalidOperationException _error = new("the error");
    private readonly OperationCanceledException _cancellation = new("the end", new CancellationToken(canceled: true));

    private ReaderUnderTest _under = null!;

    private ChannelReader<int> Reader => _under.Reader;

    [SetUp]
    public void SetUp() => _under = reader.Open();

    [TearDown]
    public void TearDown() => (_under.Reader as IDisposable)?.Dispose();

    [Test]
    public void Count_AndPeek_FollowTheReader()
    {
        Assert.That((Reader.CanCount, Reader.CanPeek, Reader.Count), Is.EqualTo((true, true, 0)));
        Assert.That((Reader.TryPeek(out int none), none), Is.EqualTo((false, 0)));

        _under.Write(1);
        _under.Write(2);
        Assert.That((Reader.Count, Reader.TryPeek(out int peeked), peeked), Is.EqualTo((2, true, 1)));
        Assert.That((Reader.TryRead(out int read), read, Reader.Count), Is.EqualTo((true, 1, 1)));

        _under.End(null);
        Assert.That((Reader.Count, Reader.TryPeek(out peeked), peeked), Is.EqualTo((1, true, 2)));
        Assert.That((Reader.TryRead(out read), read, Reader.Count), Is.EqualTo((true, 2, 0)));
    }

    [Test]
    public void TryReadAndTryPeek_AfterTheEnd_False([Values] bool isError)
    {
        _under.Write(1);
        _under.End(isError ? _error : null);
        Reader.TryRead(out _);

        Assert.That((Reader.TryRead(out int read), read), Is.EqualTo((false, 0)));
        Assert.That((Reader.TryPeek(out int peeked), peeked), Is.EqualTo((false, 0)));
        Assert.That((Reader.Count, Reader.CanCount, Reader.CanPeek), Is.EqualTo((0, true, true)));
    }

    [Test]
    public async Task Completion_Completed_DoneOnceAllIsRead([Values] bool isAskedBefore)
    {
        Task? completion = isAskedBefore ? Reader.Completion : null;
        _under.Write(1);
        _under.End(null);
        Assert.That(Reader.Completion.IsCompleted, Is.False);

        Reader.TryRead(out _);

        await Eventually.Ends(completion ?? Reader.Completion);
        Assert.That(Reader.Completion.Status, Is.EqualTo(TaskStatus.RanToCompletion));
    }

    [Test]
    public async Task Completion_Error_FaultsOnceAllIsRead([Values] bool isAskedBefore)
    {
        Task? completion = isAskedBefore ? Reader.Completion : null;
        _under.Write(1);
        _under.End(_error);
        Assert.That(Reader.Completion.IsCompleted, Is.False);

        Reader.TryRead(out _);

        Assert.That(await ErrorOf(completion ?? Reader.Completion), Is.SameAs(_error));
        Assert.That(Reader.Completion.Status, Is.EqualTo(TaskStatus.Faulted));
    }

    [Test]
    public async Task Completion_OperationCanceled_IsCanceled([Values] bool isAskedBefore)
    {
        Task? completion = isAskedBefore ? Reader.Completion : null;
        _under.End(_cancellation);

        Exception? error = await ErrorOf(completion ?? Reader.Completion);

        Assert.That(Reader.Completion.Status, Is.EqualTo(TaskStatus.Canceled));
        Assert.That(error, Is.InstanceOf<OperationCanceledException>().With.Property("CancellationToken").EqualTo(_cancellation.CancellationToken));
    }

    [Test]
    public void Completion_AllReadBeforeTheEnd_DoneWithTheEnd([Values] bool isError)
    {
        _under.Write(1);
        Reader.TryRead(out _);
        Task completion = Reader.Completion;

        _under.End(isError ? _error : null);

        Assert.That(async () => await ErrorOf(completion), isError ? Is.SameAs(_error) : Is.Null);
    }

    [Test]
    public void Completion_AskedAfterTheEnd_IsCompletedAtOnce([Values] bool isError)
    {
        _under.End(isError ? _error : null);

        Assert.That(Reader.Completion.IsCompleted, Is.True);
    }

    [Test]
    public async Task ReadAsync_Completed_ChannelClosed([Values] bool isWaiting)
    {
        Task<int>? read = isWaiting ? Reader.ReadAsync().AsTask() : null;

        _under.End(null);

        Assert.That(await ErrorOf(read ?? Reader.ReadAsync().AsTask()), Is.TypeOf<ChannelClosedException>().With.InnerException.Null);
    }

    [Test]
    public async Task ReadAsync_Error_ChannelClosedWithIt([Values] bool isWaiting)
    {
        Task<int>? read = isWaiting ? Reader.ReadAsync().AsTask() : null;

        _under.End(_error);

        Assert.That(await ErrorOf(read ?? Reader.ReadAsync().AsTask()), Is.TypeOf<ChannelClosedException>().With.InnerException.SameAs(_error));
    }

    [Test]
    public async Task ReadAsync_OperationCanceled_IsCanceled([Values] bool isWaiting)
    {
        Task<int>? read = isWaiting ? Reader.ReadAsync().AsTask() : null;

        _under.End(_cancellation);
        read ??= Reader.ReadAsync().AsTask();

        Assert.That(await ErrorOf(read), Is.InstanceOf<OperationCanceledException>().With.Property("CancellationToken").EqualTo(_cancellation.CancellationToken));
        Assert.That(read.Status, Is.EqualTo(TaskStatus.Canceled));
    }

    [Test]
    public async Task ReadAsync_EventsThenAnError_EventsFirst()
    {
        Task<int> waiting = Reader.ReadAsync().AsTask();
        _under.Write(1);
        Assert.That(await Eventually.Ends(waiting), Is.EqualTo(1));
        _under.Write(2);
        _under.End(_error);

        ValueTask<int> second = Reader.ReadAsync();
        Assert.That((second.IsCompletedSuccessfully, await second), Is.EqualTo((true, 2)));
        Assert.That(await ErrorOf(Reader.ReadAsync().AsTask()), Is.TypeOf<ChannelClosedException>());
    }

    [Test]
    public async Task ReadAsync_Cancelled_IsCanceledWithThatToken([Values] bool isWaiting)
    {
        using var cancellation = new CancellationTokenSource();
        if (!isWaiting)
        {
            await cancellation.CancelAsync();
            _under.Write(1);
        }

        Task<int> read = Reader.ReadAsync(cancellation.Token).AsTask();
        await cancellation.CancelAsync();

        Assert.That(await ErrorOf(read), Is.InstanceOf<OperationCanceledException>().With.Property("CancellationToken").EqualTo(cancellation.Token));
        Assert.That(read.Status, Is.EqualTo(TaskStatus.Canceled));
    }

    [Test]
    public async Task WaitToReadAsync_End_IsToldByItsStatus([Values] bool isWaiting, [Values("completed", "error", "canceled")] string end)
    {
        ValueTask<bool> wait = isWaiting ? Reader.WaitToReadAsync() : default;
        _under.End(end == "error" ? _error : end == "canceled" ? _cancellation : null);
        if (!isWaiting)
        {
            wait = Reader.WaitToReadAsync();
        }

        Assert.That(() => wait.IsCompleted, Is.True.After(30_000, 1));
        Assert.That((wait.IsCompletedSuccessfully, wait.IsFaulted || wait.IsCanceled), Is.EqualTo((end == "completed", end != "completed")));
        Task<bool> task = wait.AsTask();
        Assert.That(await ErrorOf(task), end == "error" ? Is.SameAs(_error) : end == "canceled" ? Is.InstanceOf<OperationCanceledException>() : Is.Null);
        if (end == "completed")
        {
            Assert.That(await task, Is.False);
        }
    }

    [Test]
    public async Task ReadAllAsync_Error_EventsThenTheErrorItself()
    {
        var values = new List<int>();
        _under.Write(1);
        _under.Write(2);
        _under.End(_error);

        Exception? error = null;
        try
        {
            await foreach (int value in Reader.ReadAllAsync())
            {
                values.Add(value);
            }
        }
        catch (InvalidOperationException e)
        {
            error = e;
        }

        Assert.That(values, Is.EqualTo(new[] { 1, 2 }));
        Assert.That(error, Is.SameAs(_error));
    }

    [Test]
    public void Completion_ErrorNotObserved_IsNotReported()
    {
        bool isReported = false;
        EventHandler<UnobservedTaskExceptionEventArgs> report = (_, e) => isReported |= e.Exception.InnerExceptions.Contains(_error);
        TaskScheduler.UnobservedTaskException += report;
        try
        {
            AskForCompletionAndFail();
            Collect();
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= report;
        }

        Assert.That(isReported, Is.False);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AskForCompletionAndFail()
    {
        ReaderUnderTest failing = reader.Open();
        Task completion = failing.Reader.Completion;
        failing.End(_error);
        Assert.That(() => completion.IsCompleted, Is.True.After(30_000, 1));
    }

    /// <summary>The exception that awaiting the task throws, or null.</summary>
    private static async Task<Exception?> ErrorOf(Task task)
    {
        try
        {
            await Eventually.Ends(task);
            return null;
        }
        catch (Exception error) when (error is not TimeoutException)
        {
            return error;
        }
    }

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }
}
