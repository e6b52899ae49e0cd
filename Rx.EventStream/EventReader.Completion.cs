using Rx.Storage;

namespace Rx;

public sealed partial class EventReader<T>
{
    /// <summary>Waits for the end of the stream on behalf of <see cref="Completion"/>, without holding the reader.</summary>
    private sealed class CompletionWatch(EventReader<T> reader) : IParked
    {
        private readonly WeakReference<EventReader<T>> _reader = new(reader);
        private readonly TaskCompletionSource _source = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Waiter _waiter = new();

        /// <summary>No: only the end wakes it, and that takes the stack after it was set.</summary>
        public bool IsReadyWhileParked => false;

        internal Task Task => _source.Task;

        public void Wake()
        {
            if (_reader.TryGetTarget(out EventReader<T>? reader))
            {
                reader.CompleteIfDrained();
            }
        }

        internal void Start(EventLog<T> log)
        {
            _waiter.Arm(this);
            log.Side.ForEnd.Push(_waiter);

            // The owner reads, stores its sequence and then looks for this watch, without a fence between.
            Interlocked.MemoryBarrierProcessWide();

            // The end, not how it came to it: that is set first, and who sets the end then finds this entry.
            if (log.End != long.MaxValue || log.IsDisposed)
            {
                log.WakeEnded();
            }
        }

        internal void Complete(EventLog<T> log, Termination termination)
        {
            if (ReferenceEquals(termination, Termination.Disposed))
            {
                Abandon(log);
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
        internal void Abandon(EventLog<T> log)
        {
            _waiter.Disarm();
            if (_waiter.IsOnStack && log.Side.ForEnd.Abandon(live: 0))
            {
                log.Side.ForEnd.Sweep();
            }

            _source.TrySetException(new ObjectDisposedException(nameof(EventReader<T>)));
        }
    }
}
