using System.Threading.Tasks.Sources;
using Rx.Delivery;
using Rx.Parking;

namespace Rx;

public sealed partial class EventReader<T>
{
    /// <summary>The reader's one wait, used again for each, so that waiting takes no object of its own.</summary>
    private sealed class Wait(EventReader<T> reader) : IValueTaskSource<bool>, IParked
    {
        private readonly Waiter _waiter = new();

        private ReaderWaitState _state;

        /// <summary>The result of the pending wait. Reset by the owner, set by the thread that moved the state out of Pending.</summary>
        private ManualResetValueTaskSourceCore<bool> _result = new() { RunContinuationsAsynchronously = true };

        /// <summary>What cancels the pending wait. For the owner; <see cref="_token"/> is written before the callback can run.</summary>
        private CancellationTokenRegistration _registration;
        private CancellationToken _token;

        public bool IsReadyWhileParked => reader._parking.IsReadyWhileParked(ref reader._cursor) || reader._log.IsDisposed;

        internal bool IsEnded => _state.IsEnded;

        public void Wake()
        {
            // An event after a hole wakes every reader, but there is nothing to read yet.
            if (_state.IsPending && !IsReadyWhileParked && !TryParkAgain())
            {
                return;
            }

            if (_state.TryComplete())
            {
                _waiter.Disarm();
                _result.SetResult(true);
            }
        }

        public bool GetResult(short token)
        {
            // After this no callback of this wait runs any more, so the next wait cannot be hit by it.
            _registration.Dispose();
            _registration = default;
            _result.GetResult(token);

            // Woken by an event, by the end, or because the stream was disposed.
            return reader._cursor.HasEvent(reader._log) || !reader.HasEnded();
        }

        public ValueTaskSourceStatus GetStatus(short token) => _result.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _result.OnCompleted(continuation, state, token, flags);

        /// <summary>Begins a wait. Called by the reader's owner, after it found nothing to read.</summary>
        internal ValueTask<bool> Start(CancellationToken cancellationToken)
        {
            if (_state.IsPending)
            {
                return ValueTask.FromException<bool>(new InvalidOperationException(
                    "A wait for this reader is already pending; a reader has one owner at a time."));
            }

            reader._cursor.PrepareNext(reader._log);
            _result.Reset();
            short version = _result.Version;
            _token = cancellationToken;
            if (!_state.TryBegin())
            {
                return ValueTask.FromException<bool>(new ObjectDisposedException(nameof(EventReader<T>)));
            }

            Push();
            if (IsReadyWhileParked)
            {
                reader._parking.WakeAll(ParkingPlace.Direct);
            }

            if (cancellationToken.CanBeCanceled)
            {
                _registration = cancellationToken.UnsafeRegister(static (wait, _) => ((Wait)wait!).Cancel(), this);
            }

            return new ValueTask<bool>(this, version);
        }

        /// <summary>Ends a pending wait for good; false if the reader was disposed before.</summary>
        internal bool TryDispose()
        {
            if (!_state.End(out bool wasPending))
            {
                return false;
            }

            reader._parking.Abandon(ParkingPlace.Direct, _waiter, live: 0);
            if (wasPending)
            {
                _result.SetException(new ObjectDisposedException(nameof(EventReader<T>)));
            }

            return true;
        }

        /// <summary>Puts the entry back that was just taken; true if there is something to read by then.</summary>
        private bool TryParkAgain()
        {
            Push();
            if (!_state.IsPending)
            {
                // Cancelled or disposed in between; but the owner may have begun the next wait just before this.
                _waiter.Disarm();
                Interlocked.MemoryBarrier();
                if (_state.IsPending)
                {
                    Push();
                }
            }

            return IsReadyWhileParked;
        }

        private void Push() => reader._parking.Push(ParkingPlace.Direct, _waiter, this);

        private void Cancel()
        {
            if (_state.TryComplete())
            {
                // The entry stays on the stack, without an owner; the next wait uses it again.
                _waiter.Disarm();
                _result.SetException(new OperationCanceledException(_token));
            }
        }
    }
}
