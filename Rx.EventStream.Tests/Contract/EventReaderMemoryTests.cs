using Rx.Parking;
using Rx.Storage;
using Rx.Tests.Parking;

namespace Rx.Tests.Contract;

/// <summary>How much memory reading and waiting take.</summary>
[TestFixture(false)]
[TestFixture(true)]
[Category("Slow")]
internal sealed class EventReaderMemoryTests(bool singleWriter)
{
    private EventStream<byte> _stream = null!;

    [SetUp]
    public void SetUp() => _stream = new EventStream<byte>(new EventStreamOptions { SingleWriter = singleWriter });

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [Test]
    public void WaitToReadAsync_SteadyState_AllocatesNothing([Values] bool isCancellable)
    {
        const int Count = 20_000;
        using var cancellation = new CancellationTokenSource();
        CancellationToken token = isCancellable ? cancellation.Token : default;
        using EventReader<byte> reader = _stream.AsObservable().OpenReader();
        Waits(Count);
        Events(Count);

        // Publishing allocates a segment from time to time. Waiting must add less than one byte per wait to that.
        long events = Events(Count);
        long waits = Waits(Count);

        Assert.That(waits - events, Is.LessThan(Count));

        long Waits(int count)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < count; i++)
            {
                ValueTask<bool> wait = reader.WaitToReadAsync(token);
                if (wait.IsCompleted)
                {
                    throw new InvalidOperationException("The wait completed before an event was published.");
                }

                _stream.OnNext(1);
                if (!wait.IsCompleted || !wait.GetAwaiter().GetResult() || !reader.TryRead(out _))
                {
                    throw new InvalidOperationException("The published event cannot be read.");
                }
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        long Events(int count)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < count; i++)
            {
                _stream.OnNext(1);
                reader.TryRead(out _);
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Test]
    public async Task WaitToReadAsync_CancelledRepeatedly_LeavesOneEntry()
    {
        using EventReader<byte> reader = _stream.AsObservable().OpenReader();
        for (int i = 0; i < 100_000; i++)
        {
            using var cancellation = new CancellationTokenSource();
            ValueTask<bool> wait = reader.WaitToReadAsync(cancellation.Token);
            await cancellation.CancelAsync();
            try
            {
                await wait;
                Assert.Fail("The cancelled wait did not throw.");
            }
            catch (OperationCanceledException)
            {
            }
        }

        Assert.That(CountEntries(ref StackAt<byte>.Get(_stream.Parking, ParkingPlace.Direct)), Is.LessThanOrEqualTo(1));
    }

    [Test]
    public async Task ReadAllAsync_CancelledRepeatedly_LeavesFewEntries()
    {
        for (int i = 0; i < 10_000; i++)
        {
            using var cancellation = new CancellationTokenSource();
            await using IAsyncEnumerator<byte> events = _stream.AsObservable().ReadAllAsync(cancellation.Token).GetAsyncEnumerator();
            ValueTask<bool> wait = events.MoveNextAsync();
            await cancellation.CancelAsync();
            try
            {
                await wait;
                Assert.Fail("The cancelled wait did not throw.");
            }
            catch (OperationCanceledException)
            {
            }
        }

        Assert.That(CountEntries(ref StackAt<byte>.Get(_stream.Parking, ParkingPlace.Direct)), Is.LessThan(100));
    }

    [Test]
    public void OpenReader_DisposedWhileWaiting_LeavesFewEntries()
    {
        for (int i = 0; i < 10_000; i++)
        {
            using EventReader<byte> reader = _stream.AsObservable().OpenReader();
            _ = reader.WaitToReadAsync().AsTask();
        }

        Assert.That(CountEntries(ref StackAt<byte>.Get(_stream.Parking, ParkingPlace.Direct)), Is.LessThan(100));
    }

    [Test]
    public void Subscribe_ScheduledThenDisposed_LeavesFewEntries()
    {
        var scheduler = new MarbleScheduler();
        for (int i = 0; i < 10_000; i++)
        {
            _stream.ObserveOn(scheduler).Subscribe(new RecordingObserver<byte>()).Dispose();
        }

        Assert.That(CountEntries(ref StackAt<byte>.Get(_stream.Parking, ParkingPlace.Direct)), Is.LessThan(100));
        Assert.That(_stream.Subscriptions, Is.Empty);
    }

    private static int CountEntries(ref WaiterStack stack)
    {
        int count = 0;
        for (Waiter? waiter = stack.TakeAll(); waiter is not null; waiter = waiter.Below)
        {
            count++;
        }

        return count;
    }
}
