using Rx.Parking;
using Rx.Storage;

namespace Rx;

public sealed partial class EventReader<T>
{
    /// <summary>Waits for the end of the stream on behalf of <see cref="Completion"/>, without holding the reader.</summary>
    private sealed class CompletionWatch : IParked
    {
        private readonly WeakReference<EventReader<T>> _reader;
        private readonly TaskCompletionSource _source = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Where it waits, or null once the task is completed, so that it then keeps nothing alive. Set to null with release, read
        /// with acquire, by any thread.</summary>
        private Entry? _entry;

        /// <summary>1 once it was started. Exchanged by the thread that starts it.</summary>
        private int _isStarted;

        internal CompletionWatch(EventReader<T> reader)
        {
            _reader = new(reader);
            _entry = Volatile.Read(ref reader._log) is { } log && Volatile.Read(ref reader._parking) is { } parking
                ? new Entry(log, parking, new Waiter())
                : null;
        }

        /// <summary>Reads the end, not the termination, which is set earlier: the thread that sets the end then finds the entry.</summary>
        public bool IsReadyWhileParked =>
            Volatile.Read(ref _entry) is not { } entry || entry.Log.End != long.MaxValue || entry.Log.IsSettled;

        internal Task Task => _source.Task;

        public void Wake()
        {
            if (_reader.TryGetTarget(out EventReader<T>? reader))
            {
                reader.CompleteIfEnded(this);
            }
        }

        /// <summary>Begins to wait; does nothing the second time.</summary>
        internal void Start()
        {
            if (Volatile.Read(ref _entry) is not { } entry || Interlocked.Exchange(ref _isStarted, 1) != 0)
            {
                return;
            }

            entry.Parking.Push(ParkingPlace.End, entry.Waiter, this);

            // The owner reads, stores its sequence number or its failure, and then looks for this watch, without a fence between. The
            // caller looks at both after this.
            Interlocked.MemoryBarrierProcessWide();
            if (Volatile.Read(ref _entry) is null)
            {
                Leave(entry); // completed before the push
            }
        }

        /// <summary>Completes the task as a channel does: an end by <see cref="OperationCanceledException"/> cancels it.</summary>
        internal void Complete(Exception? error)
        {
            if (error is null)
            {
                _source.TrySetResult();
            }
            else if (error is OperationCanceledException cancellation)
            {
                _source.TrySetCanceled(cancellation.CancellationToken);
            }
            else
            {
                Completions.TryFail(_source, error);
            }

            if (Interlocked.Exchange(ref _entry, null) is { } entry)
            {
                Leave(entry);
            }
        }

        private static void Leave(Entry entry) => entry.Parking.Abandon(ParkingPlace.End, entry.Waiter, live: 0);

        private sealed record Entry(EventLog<T> Log, ParkingLot<T> Parking, Waiter Waiter);
    }
}
