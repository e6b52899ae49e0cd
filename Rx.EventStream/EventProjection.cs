using System.Diagnostics;
using Rx.Delivery;
using Rx.Storage;

namespace Rx;

/// <summary>A state kept up to date with a stream: what a new client takes as a snapshot before it follows the stream.</summary>
/// <typeparam name="TState">The type of the state; immutable, since it is shared.</typeparam>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// A client that takes <see cref="Current"/>, starts with its state and follows its position sees every event exactly once.
/// If <c>apply</c> throws, the projection ends with that error, and <see cref="Current"/> throws it. The stream and its subscribers are not
/// affected, and neither are clients that follow the position of a snapshot taken before.
/// <para><b>Concurrency.</b> All members may be used from any thread at any time. <see cref="Current"/> waits for no lock.</para>
/// </remarks>
[DebuggerDisplay("{DebuggerDisplay,nq}")]
public sealed class EventProjection<TState, T> : IDisposable
{
    private readonly Folder _folder;
    private readonly EventSubscription _subscription;

    internal EventProjection(EventStream<T> stream, TState seed, Func<TState, T, TState> apply)
    {
        using EventPosition<T> start = stream.GetOldestPosition();
        _folder = new Folder(stream, start.Fork(), seed, apply);
        try
        {
            _subscription = start.AsObservable().WithLagPolicy(LagPolicy.Unbounded).Subscribe(_folder);
        }
        catch
        {
            _folder.Dispose();
            throw;
        }
    }

    /// <summary>The state now, and the position it belongs to.</summary>
    /// <remarks>Before the first event of the stream it is the seed, and after its end the last state. An event that another thread is
    /// still delivering when <see cref="EventStream{T}.OnNext"/> returns may not be in it yet.</remarks>
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

        /// <summary>Before the events that are not in the state. Owned by the folding thread; its lease keeps
        /// the segment open that <see cref="_current"/> names.</summary>
        private Cursor<T> _cursor;

        private ProjectionState _state;

        /// <summary>The newest state and its place. Replaced by the folding thread with release, read with acquire by
        /// <see cref="Take"/>.</summary>
        private Folded _current;

        private EventSubscription? _subscription;

        internal Folder(EventStream<T> stream, Cursor<T> start, TState seed, Func<TState, T, TState> apply)
        {
            _stream = stream;
            _apply = apply;
            _cursor = start;
            _current = new Folded(seed, start.Segment!, start.Sequence);
        }

        public void OnSubscribed(EventSubscription subscription) => _subscription = subscription;

        public void OnNext(T value)
        {
            if (!_state.TryBeginFold())
            {
                return;
            }

            // Kept until the new state is out: a caller that takes the old one enters this segment.
            Segment<T> left = _cursor.Segment!;
            left.Enter();
            try
            {
                Fold(value);
            }
            finally
            {
                // Also where apply has thrown, and then the scheduler's token did.
                _stream.Log.Leave(left);
                if (!_state.TryEndFold())
                {
                    _cursor.Close(_stream.Log);
                }
            }
        }

        /// <summary>The end of the stream changes no state.</summary>
        public void OnCompleted()
        {
        }

        /// <summary>The end of the stream changes no state; followers of the position get the error.</summary>
        public void OnError(Exception error)
        {
        }

        public override string ToString()
        {
            Folded current = Volatile.Read(ref _current);
            return $"{current.Value} at {current.Sequence}";
        }

        /// <remarks>Lock-free: entering fails only if the state was replaced, or the projection has ended, in between.</remarks>
        internal EventSnapshot<TState, T> Take()
        {
            while (true)
            {
                _state.Error?.Throw();
                Folded current = Volatile.Read(ref _current);
                ObjectDisposedException.ThrowIf(_stream.IsDisposed, _stream);
                if (current.Segment.TryEnter())
                {
                    return new(current.Value, new EventPosition<T>(_stream, new Cursor<T>(current.Segment, current.Sequence)));
                }
            }
        }

        internal void Dispose() => TryEnd(new ObjectDisposedException(nameof(EventProjection<TState, T>)));

        private void Fold(T value)
        {
            try
            {
                TState applied = _apply(_current.Value, value);
                _cursor.TryRead(_stream.Log, out _);

                // Publishes the state and its place as one.
                Volatile.Write(ref _current, new Folded(applied, _cursor.Segment!, _cursor.Sequence));
            }
            catch (Exception error)
            {
                if (TryEnd(error))
                {
                    _subscription!.Dispose();
                }
            }
        }

        private bool TryEnd(Exception error)
        {
            bool isFirst = _state.TryEnd(error, out bool wasIdle);
            if (wasIdle)
            {
                _cursor.Close(_stream.Log);
            }

            return isFirst;
        }
    }

    private sealed record Folded(TState Value, Segment<T> Segment, long Sequence);
}
