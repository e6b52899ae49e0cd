using System.Reactive.Concurrency;
using Rx.Tests.Contract;

namespace Rx.Tests.Lag;

/// <summary>A publisher that awaits, before one that blocks its thread, while the pool has no thread: what it publishes is delivered on a thread that
/// nothing else needs.</summary>
[TestFixture]
[NonParallelizable]
internal sealed class AwaitingBeforeBlockingTests
{
    private EventStream<string> _stream = null!;
    private EventStream<string> _other = null!;
    private EventReader<string> _reader = null!;

    [SetUp]
    public void SetUp()
    {
        _stream = new EventStream<string>(new EventStreamOptions { MaxInlineBacklog = 1 });
        _other = new EventStream<string>(new EventStreamOptions { MaxInlineBacklog = 1 });
        _reader = _stream.WithLagPolicy(LagPolicy.Wait(1)).OpenReader();
        _stream.OnNext("full");
    }

    [TearDown]
    public void TearDown()
    {
        _reader.Dispose();
        _stream.Dispose();
        _other.Dispose();
    }

    [Test]
    public async Task OnNext_InACircleOfDeliveries_Returns()
    {
        _stream.Subscribe(value => Forward(value, "a", _other));
        _other.Subscribe(value => Forward(value, "x", _stream));
        Task<long> awaiting;
        using (new BusyPool())
        {
            awaiting = _stream.OnNextAsync("a").AsTask();
            Thread blocking = StartAndBlock(() => _stream.OnNext("y"));
            Thread delivering = StartAndBlock(() => _other.OnNext("x"));

            ReadUntil(() => !blocking.IsAlive && !delivering.IsAlive);
        }

        Assert.That(await Eventually.Ends(awaiting), Is.EqualTo(1));
    }

    [Test]
    public async Task OnNextAsync_ItsObserverNeedsTheBlockedThread_IsPublished()
    {
        using var loop = new EventLoopScheduler();
        using var blocked = new ManualResetEventSlim();
        Thread? thread = null;
        using IDisposable needing = _other.ObserveOn(loop).WithLagPolicy(LagPolicy.Wait(1)).Subscribe(value =>
        {
            if (value == "y")
            {
                thread = Thread.CurrentThread;
                blocked.Set();
                _stream.OnNext("y");
            }
        });
        _stream.Subscribe(value => Forward(value, "a", _other));
        Task<long> awaiting;
        using (new BusyPool())
        {
            awaiting = _stream.OnNextAsync("a").AsTask();
            _other.OnNext("y"); // fills the other stream, until the loop's thread is there again
            blocked.Wait();
            WaitUntilBlocked(thread!);

            ReadUntil(() => _other.NextSequence == 2);
        }

        Assert.That(await Eventually.Ends(awaiting), Is.EqualTo(1));
        await Eventually.Ends(_other.WhenCaughtUpAsync());
    }

    [Test]
    public async Task OnNextAsync_BeforeABlockedPublisher_IsDeliveredWithoutItsContext()
    {
        Thread? delivering = null;
        SynchronizationContext? context = null;
        var called = new List<string>();
        _stream.ObserveOn(CurrentThreadScheduler.Instance).Subscribe(called.Add);
        _stream.Subscribe(value =>
        {
            if (value == "a")
            {
                delivering = Thread.CurrentThread;
                context = SynchronizationContext.Current;
            }
        });
        Task<long> awaiting;
        Thread blocking;
        using (new BusyPool())
        {
            awaiting = _stream.OnNextAsync("a").AsTask();
            blocking = StartAndBlock(() =>
            {
                SynchronizationContext.SetSynchronizationContext(new QueueingContext());
                CurrentThreadScheduler.Instance.Schedule(() => _stream.OnNext("y"));
            });

            ReadUntil(() => !blocking.IsAlive);
        }

        Assert.That(await Eventually.Ends(awaiting), Is.EqualTo(1));
        Assert.That(delivering, Is.Not.Null.And.Not.EqualTo(blocking));
        Assert.That(context, Is.Null);
        Assert.That(called, Is.EqualTo(new[] { "a", "y" }));
    }

    private static void Forward(string value, string forwarded, EventStream<string> to)
    {
        if (value == forwarded)
        {
            to.OnNext(value);
        }
    }

    private static Thread StartAndBlock(Action action)
    {
        var thread = new Thread(() => action()) { IsBackground = true };
        thread.Start();
        WaitUntilBlocked(thread);
        return thread;
    }

    private static void WaitUntilBlocked(Thread thread) =>
        Eventually.IsTrue(() => (thread.ThreadState & ThreadState.WaitSleepJoin) != 0, "The publisher waits.");

    private void ReadUntil(Func<bool> isOver) => Eventually.IsTrue(
        () =>
        {
            while (_reader.TryRead(out _))
            {
            }

            return isOver();
        },
        "The publishers go on.");
}
