using Rx.Parking;
using Rx.Storage;

namespace Rx;

public sealed partial class EventReader<T>
{
    /// <summary>Waits for the end of the stream on behalf of <see cref="Completion"/>, without holding the reader.</summary>
    private sealed class CompletionWatch(EventReader<T> reader, EventLog<T> log, ParkingLot<T> parking) : IParked
    {
        private readonly WeakReference<EventReader<T>> _reader = new(reader);
        private readonly TaskCompletionSource _source = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Waiter _waiter = new();

        /// <summary>1 once it was started. Exchanged by the thread that starts it.</summary>
        private int _isStarted;

        /// <summary>Reads the end, not the termination, which is set earlier: the thread that sets the end then finds the entry.</summary>
        public bool IsReadyWhileParked => log.End != long.MaxValue || log.IsDisposed;

        internal Task Task => _source.Task;

        public void Wake()
        {
            if (_reader.TryGetTarget(out EventReader<T>? reader))
            {
                reader.CompleteIfDrained();
            }
        }

        /// <summary>Begins to wait; does nothing the second time.</summary>
        internal void Start()
        {
            if (Interlocked.Exchange(ref _isStarted, 1) != 0)
            {
                return;
            }

            parking.Push(ParkingPlace.End, _waiter, this);

            // The owner reads, stores its sequence number and then looks for this watch, without a fence between.
            Interlocked.MemoryBarrierProcessWide();
            if (IsReadyWhileParked)
            {
                parking.WakeEnded();
            }
        }

        internal void Complete(Termination termination)
        {
            if (ReferenceEquals(termination, Termination.Disposed))
            {
                Abandon();
            }
            else if (termination.Error is { } error)
            {
                Fail(error);
            }
            else
            {
                _source.TrySetResult();
            }
        }

        internal void Fail(Exception error) => _source.TrySetException(error);

        /// <summary>Completes the task for a reader, or a stream, that was disposed before the end.</summary>
        internal void Abandon()
        {
            parking.Abandon(ParkingPlace.End, _waiter, live: 0);
            _source.TrySetException(new ObjectDisposedException(nameof(EventReader<T>)));
        }
    }
}
