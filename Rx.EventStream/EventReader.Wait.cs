using System.Threading.Tasks.Sources;
using Rx.Delivery;
using Rx.Parking;

namespace Rx;

public sealed partial class EventReader<T>
{
    /// <summary>The reader's one wait, used again for each, so that waiting takes no object of its own.</summary>
    private sealed class Wait(EventReader<T> reader) : IValueTaskSource<bool>, IParked
    {
        /// <summary>The entry on the stack, or null once the reader is disposed: entries lie on those of other readers. Set to null by the
        /// thread that disposes, read with acquire.</summary>
        private Waiter? _waiter = new();

        private ReaderWaitState _state;

        /// <summary>The result of the pending wait. Set by the thread that moved the state out of Pending; reset by the owner when it takes the
        /// result, so that what has followed the wait is kept no longer.</summary>
        private ManualResetValueTaskSourceCore<bool> _result = new() { RunContinuationsAsynchronously = true };

        /// <summary>Whether a wait was begun whose result the owner has not taken yet, pending or not. Written by the thread that begins the wait
        /// and, with release, by the one that takes the result; read with acquire by a thread that begins the next one, against the rules perhaps
        /// too early.</summary>
        private bool _isOutstanding;

        /// <summary>What cancels the pending wait. For the owner; <see cref="_token"/> is written before the callback can run.</summary>
        private CancellationTokenRegistration _registration;
        private CancellationToken _token;

        public bool IsReadyWhileParked =>
            Volatile.Read(ref reader._parking) is not { } parking || Volatile.Read(ref reader._log) is not { } log
            || parking.IsReadyWhileParked(ref reader._cursor) || log.IsSettled;

        internal bool IsEnded => _state.IsEnded;

        public void Wake()
        {
            ReaderWaitState.Snapshot wait = _state.Read();

            // An event after a hole wakes every reader, but there is nothing to read yet.
            if (wait.IsPending && (IsReadyWhileParked || TryParkAgain()) && _state.TryComplete(wait))
            {
                Volatile.Read(ref _waiter)?.Disarm();
                Complete();
            }
        }

        public bool GetResult(short token)
        {
            bool isDone = token == _result.Version && _result.GetStatus(token) != ValueTaskSourceStatus.Pending;
            try
            {
                return _result.GetResult(token);
            }
            finally
            {
                if (isDone)
                {
                    Finish();
                }
            }
        }

        public ValueTaskSourceStatus GetStatus(short token) => _result.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _result.OnCompleted(continuation, state, token, flags);

        /// <summary>Begins a wait. Called by the reader's owner, after it found nothing to read.</summary>
        internal ValueTask<bool> Start(ParkingLot<T> parking, CancellationToken cancellationToken)
        {
            if (Volatile.Read(ref _isOutstanding))
            {
                return ValueTask.FromException<bool>(new InvalidOperationException(
                    "A wait for this reader is already pending; a reader has one owner at a time."));
            }

            short version = _result.Version;
            _token = cancellationToken;
            if (!_state.TryBegin())
            {
                return ValueTask.FromException<bool>(reader.Disposed());
            }

            _isOutstanding = true;

            if (Volatile.Read(ref _waiter) is { } waiter)
            {
                parking.Push(ParkingPlace.Direct, waiter, this);
            }

            if (IsReadyWhileParked)
            {
                parking.WakeAll(ParkingPlace.Direct);
            }

            if (cancellationToken.CanBeCanceled)
            {
                _registration = cancellationToken.UnsafeRegister(static (wait, _) => ((Wait)wait!).Cancel(), this);
            }

            return new ValueTask<bool>(this, version);
        }

        /// <summary>Forgets a wait whose result was taken: only then may the next one begin, which uses the same object.</summary>
        private void Finish()
        {
            // After this no callback of this wait runs any more, so the next wait cannot be hit by it.
            _registration.Dispose();
            _registration = default;
            _token = default;
            _result.Reset();
            Volatile.Write(ref _isOutstanding, false);
        }

        /// <summary>Ends a pending wait for good; false if the reader was disposed before.</summary>
        internal bool TryDispose()
        {
            if (!_state.End(out bool wasPending))
            {
                return false;
            }

            reader._parking!.Abandon(ParkingPlace.Direct, _waiter!, live: 0);
            Volatile.Write(ref _waiter, null);
            if (wasPending)
            {
                _result.SetException(reader.Disposed());
            }

            return true;
        }

        /// <summary>Ends a wait with what there is, so that its status tells already. By the thread that took the state out of Pending: the
        /// owner waits for the result, so until then that thread may look in the owner's place.</summary>
        private void Complete()
        {
            bool hasEvent;
            try
            {
                hasEvent = reader.HasEventOrThrow();
            }
            catch (Exception error)
            {
                _result.SetException(error);
                return;
            }

            _result.SetResult(hasEvent);
        }

        /// <summary>Puts the entry back that was just taken; true if there is something to read by then.</summary>
        private bool TryParkAgain()
        {
            if (Volatile.Read(ref _waiter) is not { } waiter || Volatile.Read(ref reader._parking) is not { } parking)
            {
                return false; // disposed
            }

            parking.Push(ParkingPlace.Direct, waiter, this);
            if (!_state.IsPending)
            {
                // Cancelled or disposed in between; but the owner may have begun the next wait just before this.
                waiter.Disarm();
                Interlocked.MemoryBarrier();
                if (_state.IsPending)
                {
                    parking.Push(ParkingPlace.Direct, waiter, this);
                }
            }

            return IsReadyWhileParked;
        }

        private void Cancel()
        {
            if (_state.TryComplete(_state.Read()))
            {
                // The entry stays on the stack, without an owner; the next wait uses it again.
                Volatile.Read(ref _waiter)?.Disarm();
                _result.SetException(new OperationCanceledException(_token));
            }
        }
    }
}
