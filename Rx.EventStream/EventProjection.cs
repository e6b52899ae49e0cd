using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Rx.Delivery;
using Rx.Storage;

namespace Rx;

/// <summary>A state kept up to date with a stream: what a new client takes as a snapshot before it follows the stream.</summary>
/// <typeparam name="TState">The type of the state; immutable, since it is shared.</typeparam>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// A client that takes <see cref="Current"/>, starts with its state and follows its position sees every event exactly once.
/// Should <c>apply</c> throw, the projection ends with that error: <see cref="Current"/> throws it, and those who follow a
/// position of its snapshots get it in place of the event that it could not apply (where they had that already, after it).
/// The stream and its other subscribers go on.
/// <para><b>Concurrency.</b> All members may be used from any thread at any time. Nothing here waits for a lock.</para>
/// </remarks>
[DebuggerDisplay("{DebuggerDisplay,nq}")]
public sealed class EventProjection<TState, T> : IDisposable
{
    private readonly Folder _folder;
    private readonly EventSubscription _subscription;

    internal EventProjection(EventStream<T> stream, TState seed, Func<TState, T, TState> apply)
    {
        EventPosition<T> start = stream.GetOldestPosition();
        _folder = new Folder(stream, start.Fork(), seed, apply);
        _subscription = start.AsObservable().WithLagPolicy(LagPolicy.Unbounded).Subscribe(_folder);
        start.Dispose();
    }

    /// <summary>The state now, and the position it belongs to.</summary>
    /// <remarks>Before the first event of the stream it is the seed, and after its end the last state. An event that another thread is still
    /// delivering when <see cref="EventStream{T}.OnNext"/> returns may not be in it yet.</remarks>
    /// <exception cref="ObjectDisposedException">The projection, or the stream, is disposed.</exception>
    /// <exception cref="Exception"><c>apply</c> threw: the same exception, each time.</exception>
    public EventSnapshot<TState, T> Current => _folder.Take();

    private string DebuggerDisplay => _folder.ToString();

    /// <summary>Ends the projection. Snapshots taken before stay valid. Calling it again does nothing.</summary>
    public void Dispose()
    {
        _subscription.Dispose();
        _folder.Dispose();
    }

    /// <summary>The observer that folds events into the state. It has one caller at a time.</summary>
    private sealed class Folder : IObserver<T>, ISubscriptionObserver
    {
        private readonly EventStream<T> _stream;
        private readonly Func<TState, T, TState> _apply;

        /// <summary>Before the events that are not in the state. Owned by the caller of <see cref="OnNext"/>; the lease keeps
        /// open the segment that <see cref="_state"/> names.</summary>
        private Cursor<T> _cursor;

        /// <summary>The newest state. Replaced by CAS by the caller of <see cref="OnNext"/>, exchanged by disposal, read with acquire
        /// by <see cref="Take"/>.</summary>
        private State _state;

        /// <summary>What the followers meet if <see cref="_apply"/> throws.</summary>
        private readonly Fault _fault = new();

        private EventSubscription? _subscription;

        /// <summary>Who owns the cursor: 0 nobody, 1 the caller of <see cref="OnNext"/>, 2 it is closed, or is by that caller. Moved by
        /// interlocked operations only.</summary>
        private int _use;

        internal Folder(EventStream<T> stream, Cursor<T> start, TState seed, Func<TState, T, TState> apply)
        {
            _stream = stream;
            _apply = apply;
            _cursor = start;
            _state = new State(seed, start.Segment!, start.Sequence, null);
        }

        public void OnSubscribed(EventSubscription subscription) => _subscription = subscription;

        public void OnNext(T value)
        {
            if (Interlocked.CompareExchange(ref _use, 1, 0) != 0)
            {
                return;
            }

            // Kept until the new state is out: who takes the old one enters this segment.
            Segment<T> left = _cursor.Segment!;
            left.Enter();
            List<Exception>? errors = Fold(value);
            _stream.Log.Leave(left);
            if (Interlocked.CompareExchange(ref _use, 0, 1) != 1)
            {
                _cursor.Close(_stream.Log);
            }

            Errors.Throw(errors);
        }

        /// <summary>The end of the stream changes no state.</summary>
        public void OnCompleted()
        {
        }

        /// <summary>The end of the stream changes no state; who follows the position is told.</summary>
        public void OnError(Exception error)
        {
        }

        public override string ToString()
        {
            State state = Volatile.Read(ref _state);
            return $"{state.Value} at {state.Sequence}";
        }

        /// <remarks>Lock-free: entering fails only if the state was replaced meanwhile.</remarks>
        internal EventSnapshot<TState, T> Take()
        {
            while (true)
            {
                State state = Volatile.Read(ref _state);
                state.Error?.Throw();
                ObjectDisposedException.ThrowIf(_stream.IsDisposed, _stream);
                if (state.Segment.TryEnter())
                {
                    return new(state.Value, new EventPosition<T>(_stream, new Cursor<T>(state.Segment, state.Sequence), _fault));
                }
            }
        }

        internal void Dispose() => TryEnd(new ObjectDisposedException(nameof(EventProjection<TState, T>)));

        /// <returns>What waking the followers threw where <see cref="_apply"/> had thrown, or null.</returns>
        private List<Exception>? Fold(T value)
        {
            State state = Volatile.Read(ref _state);
            if (state.Error is not null)
            {
                return null; // ended since this took the cursor
            }

            try
            {
                TState applied = _apply(state.Value, value);
                _cursor.TryRead(_stream.Log, out _);

                // Publishes the state and its place as one. It fails only if the projection has ended, which is not to be undone.
                Interlocked.CompareExchange(ref _state, new State(applied, _cursor.Segment!, _cursor.Sequence, null), state);
                return null;
            }
            catch (Exception error)
            {
                if (!TryEnd(error))
                {
                    return null; // disposed by what threw
                }

                _subscription!.Dispose();
                _fault.Set(state.Sequence, error);
                return _stream.Log.WakeEveryone();
            }
        }

        /// <summary>Ends the projection with an error; false if it has ended. The state it had is not given out any more.</summary>
        private bool TryEnd(Exception error)
        {
            State state = Volatile.Read(ref _state);
            var ended = ExceptionDispatchInfo.Capture(error);
            bool isEnded = false;
            while (state.Error is null)
            {
                State seen = Interlocked.CompareExchange(ref _state, state with { Error = ended }, state);
                isEnded = ReferenceEquals(seen, state);
                if (isEnded)
                {
                    break;
                }

                state = seen;
            }

            if (Interlocked.Exchange(ref _use, 2) == 0)
            {
                _cursor.Close(_stream.Log);
            }

            return isEnded;
        }
    }

    private sealed record State(TState Value, Segment<T> Segment, long Sequence, ExceptionDispatchInfo? Error);
}
