using Rx.Parking;
using Rx.Storage;
using Rx.Tests.Parking;

namespace Rx.Tests.Contract;

/// <summary><see cref="EventReader{T}.Completion"/> when something else happens just before the end.</summary>
[TestFixture]
internal sealed class EventReaderCompletionTests
{
    [Test]
    public async Task Completion_AProjectionFailedBefore_IsDoneAtTheEnd()
    {
        using var stream = new EventStream<int>();
        using EventProjection<int, int> failing = stream.ToProjection(0, (_, _) => throw new InvalidOperationException());
        using EventReader<int> reader = stream.AsObservable().OpenReader();
        Task completion = reader.Completion;

        // Wakes everyone, for the sake of those who follow the projection.
        stream.OnNext(1);
        bool isRead = reader.TryRead(out _);
        stream.OnCompleted();
        await Eventually.Ends(completion);

        Assert.That(isRead, Is.True);
    }

    /// <summary>The entries of disposed readers are cleared away once there are many; those of the others are off the stack meanwhile.</summary>
    [Test]
    public async Task Completion_StreamEndsWhileEntriesAreOffTheStack_IsDone()
    {
        using var stream = new EventStream<int>();
        using EventReader<int> reader = stream.AsObservable().OpenReader();
        Task completion = reader.Completion;
        var waiter = new Waiter();
        waiter.Arm(new Asked(stream.OnCompleted));
        StackAt<int>.Get(stream.Parking, ParkingPlace.End).Push(waiter);

        StackAt<int>.Get(stream.Parking, ParkingPlace.End).Sweep();

        await Eventually.Ends(completion);
    }

    /// <summary>Does something when it is asked whether it is ready.</summary>
    private sealed class Asked(Action action) : IParked
    {
        public bool IsReadyWhileParked
        {
            get
            {
                action();
                return false;
            }
        }

        public void Wake()
        {
        }
    }
}
