using Rx.Storage;

namespace Rx.Parking;

/// <summary>Publishers that wait until subscribers with <see cref="LagPolicy.Wait"/> have room. First come, first served: only the first one
/// is called, and the next once that one has claimed or given up.</summary>
/// <param name="log">What is published to.</param>
/// <param name="parking">Where the queue parks while its first publisher waits.</param>
/// <remarks>A blocking publisher blocks on a task that the waking thread completes itself. If the first publisher blocks no thread, and the pool soon
/// has none for it, one that does block starts a thread for it. So blocking publishers need no thread of the pool.</remarks>
internal sealed partial class PublisherQueue<T>(EventLog<T> log, ParkingLot<T> parking) : IParked, IWaitedFor
{
    private readonly UninterruptibleLock _lock = new();

    /// <summary>The publishers in order of arrival. Under the lock.</summary>
    private readonly LinkedList<PublisherPlace> _places = [];

    /// <summary>Those of them that block a thread. Under the lock.</summary>
    private readonly LinkedList<PublisherPlace> _blocked = [];

    private readonly Waiter _waiter = new();

    /// <summary>How many publishers wait. Written under the lock with release; read by any publisher with acquire.</summary>
    private int _count;

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

    /// <summary>Takes a place for a publisher that blocks its thread.</summary>
    internal PublisherPlace Enter(int count, CallingThread blocked)
    {
        var place = new PublisherPlace(count, blocked);
        Enter(place);
        return place;
    }

    /// <summary>Waits for the publisher's turn without blocking, and then publishes; returns the sequence number.</summary>
    /// <param name="count">The length of the run.</param>
    /// <param name="tryRun">See <see cref="AsyncPublisherPlace"/>.</param>
    /// <param name="cancellationToken">Ends the wait, but not the publishing.</param>
    internal async ValueTask<long> RunInTurnAsync(int count, Func<AsyncPublisherPlace, long?> tryRun, CancellationToken cancellationToken)
    {
        var place = new AsyncPublisherPlace(count, tryRun);
        Enter(place);
        try
        {
            long? sequence = null;
            while (sequence is null)
            {
                await WhenCalledAsync(place, cancellationToken).ConfigureAwait(false);
                sequence = TryTake(place, out Task<long?>? help) ? place.TryRun()
                    : help is not null ? await help.ConfigureAwait(false)
                    : null;
            }

            return sequence.Value;
        }
        finally
        {
            Leave(place);
        }
    }

    private void Enter(PublisherPlace place)
    {
        using (_lock.Enter())
        {
            _places.AddLast(place.Node);
            if (place.Blocked is not null)
            {
                _blocked.AddLast(place.BlockedNode);
            }

            Volatile.Write(ref _count, _places.Count);
            CallFirstLocked();
        }
    }

    private bool TryTake(AsyncPublisherPlace place, out Task<long?>? help)
    {
        using (_lock.Enter())
        {
            return place.TryTake(out help);
        }
    }

    /// <summary>Waits until a publisher is called. A cancellation gives its place up at once; what follows the wait runs on the pool, as with a
    /// channel, and not inside the call that cancels.</summary>
    private async Task WhenCalledAsync(PublisherPlace place, CancellationToken cancellationToken)
    {
        // Before the registration: another thread may publish in vain, and have the place wait again, after the cancellation has come too late.
        Task called = place.Called;
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
            (_, token) =>
            {
                using (_lock.Enter())
                {
                    if (place.TryCancel(token))
                    {
                        LeaveLocked(place);
                    }
                }
            },
            null);
        await called.ConfigureAwait(false);
    }

    /// <summary>Waits again, without losing the place: the room was taken by a publisher that cannot wait.</summary>
    internal void WaitAgain(PublisherPlace place)
    {
        using (_lock.Enter())
        {
            WaitAgainLocked(place);
        }
    }

    private void WaitAgainLocked(PublisherPlace place)
    {
        place.WaitAgain();
        CallFirstLocked();
    }

    /// <summary>Gives a place up, after a claim or for good. Further calls have no effect.</summary>
    internal void Leave(PublisherPlace place)
    {
        using (_lock.Enter())
        {
            LeaveLocked(place);
        }
    }

    private void LeaveLocked(PublisherPlace place)
    {
        if (place.Node.List is not null)
        {
            _places.Remove(place.Node);
            if (place.Blocked is not null)
            {
                _blocked.Remove(place.BlockedNode);
            }
        }

        Volatile.Write(ref _count, _places.Count);
        CallFirstLocked();
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
        if (_places.First?.Value is not { } first)
        {
            return;
        }

        if (!first.IsCalled)
        {
            if (!HasRoomLocked(first))
            {
                return;
            }

            first.Call();
        }

        if (FirstNeedsThreadLocked)
        {
            _blocked.First?.Value.Call(); // it sees to that
        }
    }

    /// <summary>Whether there is room for the first publisher. If not, the queue parks, after it has called the publishers that would wait for
    /// themselves.</summary>
    private bool HasRoomLocked(PublisherPlace first)
    {
        if (HasRoom(first.Count))
        {
            return true;
        }

        CallHoldersLocked(first.Count);
        if (first.IsCalled)
        {
            return false;
        }

        parking.Push(ParkingPlace.Progress, _waiter, this);
        Interlocked.MemoryBarrierProcessWide();
        if (!HasRoom(first.Count))
        {
            return false;
        }

        _waiter.Disarm();
        return true;
    }

    /// <summary>Whether a publisher blocks a thread without which the first publisher never gets room, so that it would wait for itself.</summary>
    internal bool WaitsForItself(PublisherPlace place)
    {
        using (_lock.Enter())
        {
            return _places.First?.Value is { } first
                && place.Blocked is { } thread
                && Array.Exists(Gate.MayBeHeld(log.Claimed, first.Count), member => member.Needs(thread));
        }
    }

    /// <remarks>A thread that handles an event of the log, or calls its observers, counts as one that a full subscriber needs, though it may be
    /// another's. And one that any subscriber needs, though it may have room at this moment: it makes no more while that thread waits, and another
    /// publisher may take what there is.</remarks>
    bool IWaitedFor.IsHeldBy(WaitingThread thread) =>
        thread.Handles(log) || log.Claims.DrainerThread == thread.Thread.Id || Gate.Needs(thread.Thread);

    /// <summary>Calls each publisher that <see cref="WaitsForItself"/>: it finds that out, and gives up.</summary>
    private void CallHoldersLocked(int count)
    {
        foreach (WaitGate.Member member in Gate.MayBeHeld(log.Claimed, count))
        {
            foreach (PublisherPlace place in _blocked)
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
