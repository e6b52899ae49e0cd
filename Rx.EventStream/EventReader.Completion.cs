using Rx.Storage;

namespace Rx;

public sealed partial class EventReader<T>
{
    /// <summary>Waits for the end of the stream on behalf of <see cref="Completion"/>, without holding the reader.</summary>
    private sealed class CompletionWatch(EventReader<T> reader, EventLog<T> log) : IParked
    {
        private readonly WeakReference<EventReader<T>> _reader = new(reader);
        private readonly TaskCompletionSource _source = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Waiter _waiter = new();

        /// <summary>The end, not how it came to it: that is set first, and who sets the end then finds the entry.</summary>
        public bool IsReadyWhileParked => log.End != long.MaxValue || log.IsDisposed;

        internal Task Task => _source.Task;

        public void Wake()
        {
            if (!_reader.TryGetTarget(out EventReader<T>? reader))
            {
                return;
            }

            if (!IsReadyWhileParked)
            {
                // A projection has failed, and everyone was woken for that.
                Park();
                if (!IsReadyWhileParked)
                {
                    return;
                }
            }

            reader.CompleteIfDrained();
        }

        internal void Start()
        {
            Park();

            // The owner reads, stores its sequence and then looks for this watch, without a fence between.
            Interlocked.MemoryBarrierProcessWide();
            if (IsReadyWhileParked)
            {
                log.WakeEnded();
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
            _waiter.Disarm();
            if (_waiter.IsOnStack && log.Side.ForEnd.Abandon(live: 0))
            {
                log.Side.ForEnd.Sweep();
            }

            _source.TrySetException(new ObjectDisposedException(nameof(EventReader<T>)));
        }

        private void Park()
        {
            if (_waiter.Arm(this))
            {
                log.Side.ForEnd.Push(_waiter);
            }
        }
    }
}
