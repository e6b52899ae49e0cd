using Rx.Delivery;
using Rx.Diagnostics;
using Rx.Parking;
using Rx.Storage;

namespace Rx;

public sealed partial class EventProjection<TState, T>
{
    /// <content>How the projection ends, and how callers learn of that and of the events before.</content>
    private sealed partial class Folder
    {
        private readonly ProjectionWaits _waits = new();
        private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Whether it was disposed, ended or not. Written with release by the thread that disposes, read with acquire by those that call observers of
        /// the states.</summary>
        private bool _isDisposed;

        internal Task Completion => _completion.Task;

        /// <summary>Whether it has ended with an exception of its own.</summary>
        private bool HasFailed => _state.End is { IsFinal: true, IsDisposal: false };

        /// <summary>How many callers wait, for tests.</summary>
        internal int WaitCount => _waits.Count;

        internal Task WhenReachedAsync(long sequence, CancellationToken cancellationToken)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                return Task.FromCanceled(cancellationToken);
            }

            if (_state.End is { IsFinal: true } end)
            {
                return Task.FromException(end.Error!);
            }

            if (DisposedStream is { } stream)
            {
                return Task.FromException(DisposedError.OfStream(stream.Log));
            }

            if (Sequence > sequence)
            {
                return Task.CompletedTask;
            }

            ProjectionWaits.Wait wait = _waits.Add(sequence);
            if (Volatile.Read(ref _current) is { } current && current.Sequence > sequence)
            {
                _waits.Reach(sequence); // folded in between
            }

            return cancellationToken.CanBeCanceled ? wait.Until(cancellationToken) : wait.Task;
        }

        internal void Dispose()
        {
            Volatile.Write(ref _isDisposed, true);
            End(ProjectionEnd.Disposal(DisposedError.Of(typeof(EventProjection<TState, T>))));
        }

        /// <summary>Ends the projection with its subscription, whatever ended that. At the end of the stream, before the observers are told
        /// of it.</summary>
        private void OnSubscriptionEnded()
        {
            if (Volatile.Read(ref _stream) is not { } stream)
            {
                return; // the projection ended its subscription
            }

            Termination? termination = stream.Log.Termination;
            if (stream.IsDisposed)
            {
                End(ProjectionEnd.Disposal(DisposedError.OfStream(stream.Log)));
            }
            else if (termination is not null && Sequence >= stream.Log.End)
            {
                var end = ProjectionEnd.OfStream(termination.Error);
                if (_state.TryEndStream(end))
                {
                    LetGoAtTheEnd(stream.Log);
                    Announce(end);
                }
            }
            else if (_subscription!.HasFailed)
            {
                End(ProjectionEnd.Fault(_subscription.Error!));
            }
            else
            {
                Dispose(); // the subscription was disposed, and not by the projection
            }
        }

        /// <summary>Ends the fold that found the projection disposed, or threw. By the folding thread.</summary>
        private void EndFold(Exception? fault)
        {
            ProjectionEnd? end = fault is null ? null : ProjectionEnd.Fault(fault);
            bool isFirst = end is not null && _state.TryEnd(end, out _);
            LetGo();
            if (isFirst)
            {
                ErrorList errors = default;
                errors.Run(() => _subscription!.DisposeWith(fault!));
                errors.Run(() => Announce(end!));
                if (_subscription is Pump<T> pump)
                {
                    pump.LeaveWithOwned(errors);
                }
                else
                {
                    errors.Throw();
                }
            }
        }

        private void End(ProjectionEnd end)
        {
            bool isFirst = _state.TryEnd(end, out bool wasIdle);
            if (wasIdle)
            {
                LetGo();
            }
            else if (Volatile.Read(ref _stream) is { } stream)
            {
                _cursor.Close(stream.Log); // the fold may not return, and must keep no later event
            }

            if (isFirst)
            {
                Announce(end);
            }
        }

        /// <summary>Tells the callers that wait, and the observers of the states. By the thread that set the end.</summary>
        private void Announce(ProjectionEnd end)
        {
            if (end.Error is null)
            {
                _completion.TrySetResult();
            }
            else
            {
                Completions.TryFail(_completion, end.Error);
            }

            if (!end.IsFinal)
            {
                _waits.Reach(Sequence - 1); // the folding thread may not have come to that yet
            }

            _waits.Close(end);
            if (Volatile.Read(ref _states) is { } states)
            {
                TellEnd(states, end);
            }
        }

        /// <summary>Keeps no event, and not <c>apply</c>, once the stream has ended and every event is in the state: none follows. The fold of the last
        /// event, which may not have returned, uses them no more.</summary>
        private void LetGoAtTheEnd(EventLog<T> log)
        {
            Volatile.Read(ref _current)?.LeaveSegment();
            _cursor.Close(log);
            Volatile.Write(ref _apply, null);
        }

        /// <summary>Closes the cursor and forgets the stream, once the projection has ended. By the folding thread, or by the one that ended
        /// the projection while no thread folded.</summary>
        private void LetGo()
        {
            _cursor.Close(_stream!.Log);
            Volatile.Write(ref _current, null);
            Volatile.Write(ref _apply, null);
            Volatile.Write(ref _stream, null);
        }
    }
}
