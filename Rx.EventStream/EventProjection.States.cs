using Rx.Delivery;
using Rx.Diagnostics;

namespace Rx;

public sealed partial class EventProjection<TState, T>
{
    /// <content>The observers of the states.</content>
    /// <remarks>
    /// The folding thread publishes each state to a stream of states, which serialises the calls of their observers. An observer takes a
    /// position in that stream, then the newest state, and then follows the position without the states that are not newer.
    /// <code>
    /// P (folding):  state := s;               full fence;  are there observers? publish s
    /// C (joining):  count it; take position;  full fence;  take the state
    /// </code>
    /// P's fence is the transition that ends the fold. If P sees no observer, C takes s, or a newer state. If P publishes s before C's
    /// position, C has seen that, and therefore takes s or a newer state. If P publishes s after it, C gets s from there, once.
    /// <para>The end is told in the same way: the thread that ends the projection sets the end, then looks for the stream of states; the
    /// joining thread does both the other way round, and the stream keeps the first end that it is told.</para>
    /// </remarks>
    private sealed partial class Folder
    {
        /// <summary>The stream of states, made for the first observer. Set once by CAS, cleared with release by the thread that has ended the
        /// projection, read with acquire.</summary>
        private StateStream? _states;

        /// <summary>How many observers follow the states, so that a state costs nothing when none does. Interlocked; read with acquire by
        /// the folding thread.</summary>
        private int _stateObservers;

        /// <summary>The stream of the events, if it is disposed and the projection is not, as may be after the end of the stream; else
        /// null.</summary>
        private EventStream<T>? DisposedStream => Volatile.Read(ref _stream) is { IsDisposed: true } stream ? stream : null;

        internal EventSubscription Subscribe(IObserver<TState> observer)
        {
            ThrowIfDisposed();
            Interlocked.Increment(ref _stateObservers);
            EventSubscription subscription;
            try
            {
                subscription = Join(observer);
            }
            catch
            {
                Interlocked.Decrement(ref _stateObservers);
                throw;
            }

            subscription.OnEnded(() => Interlocked.Decrement(ref _stateObservers));
            return subscription;
        }

        private EventSubscription Join(IObserver<TState> observer)
        {
            EventStream<T>? stream = Volatile.Read(ref _stream);

            // The initializer reads the field again, which the thread that ends the projection clears. Then the end is there to be told.
            StateStream states = LazyInitializer.EnsureInitialized(ref _states, static () => new StateStream()) ?? new StateStream();
            using EventPosition<Sequenced<TState>> position = states.Stream.GetNextPosition();
            Interlocked.MemoryBarrier(); // C's fence
            Folded? current = Volatile.Read(ref _current);
            if (_state.End is { } end)
            {
                TellEnd(states, end);
            }

            ThrowIfDisposed();
            return position.AsObservable().Subscribe(new StateObserver(this, stream, observer, current));
        }

        /// <summary>Passes a new state to the observers. By the folding thread, after the fold.</summary>
        /// <remarks>An exception of an observer leaves the caller's <c>OnNext</c> where the caller publishes. On a scheduler it would end the
        /// projection, so there it leaves an action of its own.</remarks>
        private void PublishState(Folded folded)
        {
            if (Volatile.Read(ref _stateObservers) == 0 || Volatile.Read(ref _states) is not { } states)
            {
                return;
            }

            try
            {
                states.Feed.OnNext(new(folded.Sequence, folded.Value));
            }
            catch (Exception error) when (_subscription is Pump<T> pump)
            {
                pump.PassOnOwned(error);
            }
        }

        private void TellEnd(StateStream states, ProjectionEnd end)
        {
            if (end.IsFinal)
            {
                Volatile.Write(ref _states, null); // first: an observer may throw
            }

            if (end.IsDisposal)
            {
                states.Stream.Dispose(); // as a disposed subject, it tells no observer
            }
            else if (end.IsFinal)
            {
                states.Feed.OnError(end.Error!);
            }
            else
            {
                // The folding thread may not have published the last state yet. Observers skip it where it has.
                if (Volatile.Read(ref _current) is { } current)
                {
                    states.Feed.OnNext(new(current.Sequence, current.Value));
                }

                if (end.Error is { } error)
                {
                    states.Feed.OnError(error);
                }
                else
                {
                    states.Feed.OnCompleted();
                }
            }
        }

        private void ThrowIfDisposed()
        {
            if (_state.End is { IsDisposal: true } end)
            {
                end.ThrowIfFinal();
            }

            if (DisposedStream is { } stream)
            {
                throw DisposedError.OfStream(stream.Log);
            }
        }

        private sealed class StateStream
        {
            internal StateStream() => Feed = Stream.AsFeed();

            internal EventStream<Sequenced<TState>> Stream { get; } = new();

            /// <summary>What publishes to it, and does nothing once it is disposed.</summary>
            internal IObserver<Sequenced<TState>> Feed { get; }
        }

        /// <summary>Gives the observer the state that was found when it joined, then those that are newer; nothing once the projection or the stream
        /// of the events is disposed, which the stream of states may not learn of after the end.</summary>
        /// <param name="folder">The projection.</param>
        /// <param name="stream">The stream of the events, or null if the projection had ended before. It is forgotten with the observer.</param>
        /// <param name="observer">The observer.</param>
        /// <param name="first">The state that it joins with.</param>
        private sealed class StateObserver(Folder folder, EventStream<T>? stream, IObserver<TState> observer, Folded? first)
            : IObserver<Sequenced<TState>>, IReplayObserver
        {
            /// <summary>The state that it joins with, until it has it.</summary>
            private Folded? _first = first;

            private long _last = first?.Sequence ?? -1;

            /// <summary>Whether the projection had failed before. That is then its end, although it may be disposed since.</summary>
            private readonly bool _joinsFailed = folder.HasFailed;

            private bool IsDisposed => !_joinsFailed && (Volatile.Read(ref folder._isDisposed) || stream is { IsDisposed: true });

            /// <remarks>Here, so that an observer which subscribes another in this call comes before that one, and one that disposes the
            /// projection finds itself subscribed, as in later calls.</remarks>
            public void OnReplaying()
            {
                if (_first is { } joined)
                {
                    _first = null; // it may be the last reference to that state
                    observer.OnNext(joined.Value);
                }
            }

            public void OnNext(Sequenced<TState> value)
            {
                if (value.Sequence > _last && !IsDisposed)
                {
                    _last = value.Sequence;
                    observer.OnNext(value.Value);
                }
            }

            public void OnError(Exception error)
            {
                if (!IsDisposed)
                {
                    observer.OnError(error);
                }
            }

            public void OnCompleted()
            {
                if (!IsDisposed)
                {
                    observer.OnCompleted();
                }
            }
        }
    }

    private sealed class StateObservable(Folder folder) : IObservable<TState>
    {
        public IDisposable Subscribe(IObserver<TState> observer)
        {
            ArgumentNullException.ThrowIfNull(observer);
            return folder.Subscribe(observer);
        }
    }
}
