using Rx.Storage;

namespace Rx.Parking;

/// <summary>Publishers that wait until subscribers with <see cref="LagPolicy.Wait"/> have room. First come, first served: only the first one
/// is called, and the next once that one has claimed or given up.</summary>
/// <param name="log">What is published to.</param>
/// <param name="parking">Where the queue parks while its first publisher waits.</param>
/// <remarks>A blocking publisher blocks on a task that the waking thread completes itself, so its own thread is all that it needs.</remarks>
internal sealed class PublisherQueue<T>(EventLog<T> log, ParkingLot<T> parking) : IParked, IWaitedFor
{
    private readonly UninterruptibleLock _lock = new();

    /// <summary>The publishers in order of arrival. Under the lock.</summary>
    private readonly LinkedList<Place> _places = [];

    private readonly Waiter _waiter = new();

    /// <summary>How many publishers wait. Written under the lock with release; read by any publisher with acquire.</summary>
    private int _count;

    /// <summary>The place of one publisher. Its members are used under the queue's lock, but for the task.</summary>
    /// <param name="count">The length of its run.</param>
    /// <param name="blocked">The thread that it blocks, if it waits in one.</param>
    internal sealed class Place(int count, CallingThread? blocked)
    {
        private TaskCompletionSource _called = Create();

        internal int Count => count;

        internal CallingThread? Blocked => blocked;

        /// <summary>Its entry in the queue.</summary>
        internal LinkedListNode<Place> Node => field ??= new(this);

        internal bool IsCalled => _called.Task.IsCompleted;

        /// <summary>Completes when the publisher is called. For the publisher.</summary>
        internal Task Called => _called.Task;

        internal void Call() => BlockingWait.Complete(_called);

        /// <summary>Ends the wait, unless the publisher was called.</summary>
        internal bool TryCancel(CancellationToken token) => _called.TrySetCanceled(token);

        internal void WaitAgain() => _called = Create();

        private static TaskCompletionSource Create() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    bool IParked.IsReadyWhileParked
    {
        get
        {
            using (_lock.Enter())
            {
                return _places.First is { } first && HasRoom(first.Value.Count);
            }
        }
    }

    /// <summary>What holds the publishers back.</summary>
    internal WaitGate Gate { get; } = new();

    internal bool IsEmpty => Volatile.Read(ref _count) == 0;

    /// <summary>Takes a place for a run of so many events.</summary>
    internal Place Enter(int count, CallingThread? blocked = null)
    {
        var place = new Place(count, blocked);
        using (_lock.Enter())
        {
            _places.AddLast(place.Node);
            Volatile.Write(ref _count, _places.Count);
            CallFirstLocked();
        }

        return place;
    }

    /// <summary>Waits until a publisher is called. A cancellation gives its place up at once; what follows the wait runs on the pool, as with a
    /// channel, and not inside the call that cancels.</summary>
    internal async Task WhenCalledAsync(Place place, CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
            (_, token) =>
            {
                if (place.TryCancel(token))
                {
                    Leave(place);
                }
            },
            null);
        await place.Called.ConfigureAwait(false);
    }

    /// <summary>Waits again, without losing the place: the room was taken by a publisher that cannot wait.</summary>
    internal void WaitAgain(Place place)
    {
        using (_lock.Enter())
        {
            place.WaitAgain();
            CallFirstLocked();
        }
    }

    /// <summary>Gives a place up, after a claim or for good. Further calls have no effect.</summary>
    internal void Leave(Place place)
    {
        using (_lock.Enter())
        {
            if (place.Node.List is not null)
            {
                _places.Remove(place.Node);
            }

            Volatile.Write(ref _count, _places.Count);
            CallFirstLocked();
        }
    }

    /// <summary>A subscriber has moved, or the stream has ended.</summary>
    void IParked.Wake()
    {
        using (_lock.Enter())
        {
            CallFirstLocked();
        }
    }

    /// <remarks>
    /// <code>
    /// P (pump):      has moved;      does a publisher wait?
    /// C (publisher): push; barrier;  moved far enough?
    /// </code>
    /// The barrier is process-wide, so that moving needs no fence.
    /// </remarks>
    private void CallFirstLocked()
    {
        if (_places.First?.Value is not { IsCalled: false } first)
        {
            return;
        }

        if (!HasRoom(first.Count))
        {
            CallHoldersLocked(first.Count);
            if (first.IsCalled)
            {
                return;
            }

            parking.Push(ParkingPlace.Progress, _waiter, this);
            Interlocked.MemoryBarrierProcessWide();
            if (!HasRoom(first.Count))
            {
                return;
            }

            _waiter.Disarm();
        }

        first.Call();
    }

    /// <summary>Whether a publisher blocks a thread without which the first publisher never gets room, so that it would wait for itself.</summary>
    internal bool WaitsForItself(Place place)
    {
        using (_lock.Enter())
        {
            return _places.First?.Value is { } first
                && place.Blocked is { } thread
                && Array.Exists(Gate.MayBeHeld(log.Claimed, first.Count), member => member.Needs(thread));
        }
    }

    /// <remarks>A thread that handles an event of the log counts as one that a full subscriber needs, though it may be another's.</remarks>
    bool IWaitedFor.IsHeldBy(WaitingThread thread) =>
        thread.Handles(log) || Array.Exists(Gate.MayBeHeld(log.Claimed, 1), member => member.Needs(thread.Thread));

    /// <summary>Calls each publisher that <see cref="WaitsForItself"/>: it finds that out, and gives up.</summary>
    private void CallHoldersLocked(int count)
    {
        foreach (WaitGate.Member member in Gate.MayBeHeld(log.Claimed, count))
        {
            foreach (Place place in _places)
            {
                if (place.Blocked is { } thread && member.Needs(thread))
                {
                    place.Call();
                }
            }
        }
    }

    private bool HasRoom(int count) => log.Termination is not null || Gate.HasRoom(log.Claimed, count);
}
