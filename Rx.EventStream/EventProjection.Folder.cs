using Rx.Delivery;
using Rx.Diagnostics;
using Rx.Storage;

namespace Rx;

public sealed partial class EventProjection<TState, T>
{
    /// <summary>The observer that folds events into the state. It has one caller at a time.</summary>
    /// <remarks>A projection may be kept for long after it has ended. So it forgets the stream, the state and <c>apply</c>: they are cleared
    /// with release by the thread that closes the cursor. Every other thread reads them with acquire, and expects null.</remarks>
    private sealed partial class Folder : IObserver<T>, ISubscriptionObserver
    {
        private EventStream<T>? _stream;
        private Func<TState, T, TState>? _apply;

        /// <summary>Before the events that are not in the state. Owned by the folding thread; its lease keeps the segment open that
        /// <see cref="_current"/> names. The thread that ends the projection while it folds closes it; see
        /// <see cref="SegmentRef{T}"/>.</summary>
        private Cursor<T> _cursor;

        private ProjectionState _state;

        /// <summary>The newest state and its place. Replaced by the folding thread with release, read with acquire by
        /// any thread.</summary>
        private Folded? _current;

        /// <summary>Written by the subscribing thread before the first event.</summary>
        private EventSubscription? _subscription;

        internal Folder(EventStream<T> stream, Cursor<T> start, TState seed, Func<TState, T, TState> apply)
        {
            _stream = stream;
            _apply = apply;
            _cursor = start;
            _current = new Folded(seed, start.Segment!, start.Sequence);
        }

        internal long Sequence => Volatile.Read(ref _current)?.Sequence ?? _cursor.Sequence;

        internal TState State
        {
            get
            {
                while (true)
                {
                    if (TryGetCurrent(out _) is { } current)
                    {
                        return current.Value;
                    }
                }
            }
        }

        public void OnSubscribed(EventSubscription subscription)
        {
            _subscription = subscription;
            subscription.OnEnded(OnSubscriptionEnded); // which it may in the replay already
        }

        public void OnNext(T value)
        {
            if (!_state.TryBeginFold())
            {
                return;
            }

            Folded? folded = null;
            Exception? fault = null;
            try
            {
                folded = MoveTo(_apply!(_current!.Value, value));
            }
            catch (Exception error)
            {
                fault = error;
            }

            if (folded is not null && _state.TryEndFold())
            {
                _waits.Reach(folded.Sequence - 1);
                PublishState(folded);
            }
            else
            {
                EndFold(fault);
            }
        }

        /// <summary>Nothing: the end of the subscription tells of the end of the stream, as it tells of other ends.</summary>
        public void OnCompleted()
        {
        }

        /// <inheritdoc cref="OnCompleted"/>
        public void OnError(Exception error)
        {
        }

        public override string ToString() =>
            Volatile.Read(ref _current) is { } current ? $"{current.Value} at {current.Sequence}" : "Ended";

        /// <remarks>Lock-free: entering fails only if the state was replaced, or the projection has ended, in between.</remarks>
        internal EventSnapshot<TState, T> Take()
        {
            while (true)
            {
                if (TryGetCurrent(out EventStream<T>? stream) is { } current && TryJoin(current, stream!.Log) is { Segment: not null } cursor)
                {
                    return new(current.Value, new EventPosition<T>(stream, cursor));
                }
            }
        }

        /// <summary>A leased cursor after the events of a state, or a closed one if the state was replaced.</summary>
        private static Cursor<T> TryJoin(Folded current, EventLog<T> log)
        {
            if (current.Segment is not { } segment)
            {
                return log.JoinNext(); // at the end of the stream
            }

            return segment.TryEnter() ? new Cursor<T>(segment, current.Sequence) : default;
        }

        /// <summary>The newest state; null if the projection has ended in between, which the next call throws.</summary>
        private Folded? TryGetCurrent(out EventStream<T>? stream)
        {
            _state.End?.ThrowIfFinal();
            stream = Volatile.Read(ref _stream);
            Folded? current = Volatile.Read(ref _current);
            if (stream is null || current is null)
            {
                return null; // the error was set before
            }

            DisposedError.ThrowIf(stream.IsDisposed, stream.Log);
            return current;
        }

        /// <summary>Moves over the event of a new state; null if the projection was ended while it was folded, which closed the cursor.</summary>
        private Folded? MoveTo(TState state)
        {
            // Held until the new state is out: a caller that takes the old one enters this segment.
            EventLog<T> log = _stream!.Log;
            if (_cursor.Segment is not { } left || !left.TryEnter())
            {
                return null;
            }

            Folded? folded = null;
            if (_cursor.TryRead(log, out _) && _cursor.Segment is { } segment)
            {
                // Publishes the state and its place as one.
                folded = new Folded(state, segment, _cursor.Sequence);
                Volatile.Write(ref _current, folded);
            }

            log.Leave(left);
            return folded;
        }

        /// <summary>A state, and where the events lie that are not in it.</summary>
        private sealed class Folded(TState value, Segment<T> segment, long sequence)
        {
            /// <summary>Cleared with release at the end of the stream by the thread that notes the end; read with acquire by any thread.</summary>
            private Segment<T>? _segment = segment;

            internal TState Value => value;

            internal long Sequence => sequence;

            /// <summary>The segment of the next event; null at the end of the stream, when no event follows.</summary>
            internal Segment<T>? Segment => Volatile.Read(ref _segment);

            internal void LeaveSegment() => Volatile.Write(ref _segment, null);
        }
    }
}
