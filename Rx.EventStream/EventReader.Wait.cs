using System.Threading.Tasks.Sources;
using Rx.Storage;

namespace Rx;

public sealed partial class EventReader<T>
{
    /// <summary>The reader's one wait, used again for each, so that waiting takes no object of its own.</summary>
    /// <remarks>
    /// <code>
    ///  Idle --> Pending --> Idle    whoever moves it out of Pending, by CAS, completes the wait:
    ///                               who publishes, a cancellation, or who disposes the reader
    ///  any  --> Disposed
    /// </code>
    /// </remarks>
    private sealed class Wait(EventReader<T> reader) : IValueTaskSource<bool>, IParked
    {
        private const int Idle = 0;
        private const int Pending = 1;
        private const int Disposed = 2;

        private readonly Waiter _waiter = new();

        /// <summary>See the class remarks. Changed by interlocked operations only.</summary>
        private int _state;

        /// <summary>The result of the pending wait. Reset by the owner, set by whoever moved the state out of Pending.</summary>
        private ManualResetValueTaskSourceCore<bool> _result = new() { RunContinuationsAsynchronously = true };

        /// <summary>What cancels the pending wait. Owner-only; <see cref="_token"/> is written before the callback can run.</summary>
        private CancellationTokenRegistration _registration;
        private CancellationToken _token;

        public bool IsReadyWhileParked => reader._cursor.IsReadyWhileParked(reader._log) || reader._log.IsDisposed;

        internal bool IsDisposed => Volatile.Read(ref _state) == Disposed;

        public void Wake()
        {
            // An event behind a hole wakes everyone, but there is nothing to read yet.
            if (Volatile.Read(ref _state) == Pending && !IsReadyWhileParked && !TryParkAgain())
            {
                return;
            }

            if (Interlocked.CompareExchange(ref _state, Idle, Pending) == Pending)
            {
                _waiter.Disarm();
                _result.SetResult(true);
            }
        }

        public bool GetResult(short token)
        {
            // Behind this no callback of this wait runs any more, so the next one cannot be hit by it.
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
            int state = Volatile.Read(ref _state);
            if (state == Pending)
            {
                return ValueTask.FromException<bool>(new InvalidOperationException(
                    "A wait for this reader is pending already; a reader has one owner at a time."));
            }

            reader._cursor.PrepareNext(reader._log);
            _result.Reset();
            short version = _result.Version;
            _token = cancellationToken;
            if (Interlocked.CompareExchange(ref _state, Pending, Idle) != Idle)
            {
                return ValueTask.FromException<bool>(new ObjectDisposedException(nameof(EventReader<T>)));
            }

            if (_waiter.Arm(this))
            {
                reader._log.Waiting.Push(_waiter);
            }

            if (IsReadyWhileParked)
            {
                reader._log.WakeAllOn(ref reader._log.Waiting);
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
            int state = Interlocked.Exchange(ref _state, Disposed);
            _waiter.Disarm();
            if (_waiter.IsOnStack && state != Disposed && reader._log.Waiting.Abandon(live: 0))
            {
                reader._log.PassOn(reader._log.Waiting.Sweep());
            }

            if (state == Pending)
            {
                _result.SetException(new ObjectDisposedException(nameof(EventReader<T>)));
            }

            return state != Disposed;
        }

        /// <summary>Puts the entry back that was just taken; true if there is something to read by then.</summary>
        private bool TryParkAgain()
        {
            if (_waiter.Arm(this))
            {
                reader._log.Waiting.Push(_waiter);
            }

            if (Volatile.Read(ref _state) != Pending)
            {
                // Cancelled or disposed meanwhile; but the owner may have begun the next wait just before this.
                _waiter.Disarm();
                Interlocked.MemoryBarrier();
                if (Volatile.Read(ref _state) == Pending && _waiter.Arm(this))
                {
                    reader._log.Waiting.Push(_waiter);
                }
            }

            return IsReadyWhileParked;
        }

        private void Cancel()
        {
            if (Interlocked.CompareExchange(ref _state, Idle, Pending) == Pending)
            {
                // The entry stays on the stack, without an owner; the next wait uses it again.
                _waiter.Disarm();
                _result.SetException(new OperationCanceledException(_token));
            }
        }
    }
}
