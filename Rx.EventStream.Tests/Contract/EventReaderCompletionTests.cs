using Rx.Parking;
using Rx.Storage;
using Rx.Tests.Parking;

namespace Rx.Tests.Contract;

/// <summary><see cref="EventReader{T}.Completion"/> when another wake-up comes just before the end of the stream.</summary>
[TestFixture]
internal sealed class EventReaderCompletionTests
{
    [Test]
    public async Task Completion_ProjectionFailedEarlier_EndsWithTheStream()
    {
        using var stream = new EventStream<int>();
        using EventProjection<int, int> failing = stream.ToProjection(0, (_, _) => throw new InvalidOperationException());
        using EventReader<int> reader = stream.AsObservable().OpenReader();
        Task completion = reader.Completion;

        // The projection fails and wakes every reader, in case it follows the projection.
        stream.OnNext(1);
        bool isRead = reader.TryRead(out _);
        stream.OnCompleted();
        await Eventually.Ends(completion);

        Assert.That(isRead, Is.True);
    }

    /// <summary>Once there are many entries, a sweep removes those of disposed readers. During it, the live entries are off the stack too.</summary>
    [Test]
    public async Task Completion_StreamEndsDuringASweep_Completes()
    {
        using var stream = new EventStream<int>();
        using EventReader<int> reader = stream.AsObservable().OpenReader();
        Task completion = reader.Completion;
        var waiter = new Waiter();
        waiter.Arm(new ActingWaiter(stream.OnCompleted));
        StackAt<int>.Get(stream.Parking, ParkingPlace.End).Push(waiter);

        StackAt<int>.Get(stream.Parking, ParkingPlace.End).Sweep();

        await Eventually.Ends(completion);
    }

    /// <summary>Runs an action when the sweep asks whether it is ready.</summary>
    private sealed class ActingWaiter(Action action) : IParked
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
