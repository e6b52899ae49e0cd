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

        public bool IsReadyWhileParked => true;

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
            log.WaitingForEnd.Push(_waiter);
            if (log.Termination is not null)
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
                _source.TrySetException(error);
            }
            else
            {
                _source.TrySetResult();
            }
        }

        /// <summary>Completes the task for a reader, or a stream, that was disposed before the end.</summary>
        internal void Abandon()
        {
            _waiter.Disarm();
            _source.TrySetException(new ObjectDisposedException(nameof(EventReader<T>)));
        }
    }
}
