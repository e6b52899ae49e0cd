using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using System.Threading.Tasks.Sources;
using Rx.Storage;

namespace Rx;

/// <summary>Pulls events from a stream, at its own pace, as a <see cref="ChannelReader{T}"/> that takes nothing from others.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// A reader that is never disposed is given back by the garbage collector, with the events only it was holding.
/// <para><b>Concurrency.</b> One owner at a time, as for an enumerator: reading and waiting must not overlap. Disposing
/// while a wait is pending is allowed from any thread and ends it; <see cref="Count"/>, <see cref="Sequence"/> and
/// <see cref="Completion"/> may be used from any thread.</para>
/// </remarks>
[DebuggerDisplay("Sequence = {Sequence}, Count = {Count}")]
public sealed class EventReader<T> : ChannelReader<T>, IDisposable, IValueTaskSource<bool>, IParked
{
    private const int Idle = 0;
    private const int Waiting = 1;
    private const int Disposed = 2;

    private readonly EventStream<T> _stream;
    private readonly EventLog<T> _log;
    private readonly Waiter _waiter = new();

    /// <summary>Owned by whoever reads; its sequence is read by anyone for figures.</summary>
    private Cursor<T> _cursor;

    /// <summary>Whether a wait is pending. Whoever moves it from Waiting, by CAS, completes the wait: a publisher, a
    /// cancellation, or disposal.</summary>
    private int _state;

    /// <summary>The pending wait; used again for each. Owner-only, save for completing it.</summary>
    private ManualResetValueTaskSourceCore<bool> _wait = new() { RunContinuationsAsynchronously = true };

    /// <summary>The cancellation of the pending wait. Owner-only.</summary>
    private CancellationTokenRegistration _cancellation;
    private CancellationToken _token;

    /// <summary>What <see cref="Completion"/> gave out, or null. Set once by CAS.</summary>
    private CompletionWatch? _completion;

    internal EventReader(EventStream<T> stream, Cursor<T> cursor)
    {
        _stream = stream;
        _log = stream.Log;
        _cursor = cursor;
        _log.ExpectReaders();
    }

    /// <summary>Gives back what a forgotten reader holds.</summary>
    ~EventReader() => _cursor.Close(_log);

    /// <summary>The sequence of the next event that is read.</summary>
    public long Sequence => _cursor.Sequence;

    /// <summary>How many published events this reader has not read yet.</summary>
    public override int Count => (int)Math.Clamp(_log.NextSequence - _cursor.Sequence, 0, int.MaxValue);

    /// <summary>True.</summary>
    public override bool CanCount => true;

    /// <summary>True.</summary>
    public override bool CanPeek => true;

    /// <summary>Done when the stream has ended and everything was read; faulted with the stream's error if it has one.</summary>
    public override Task Completion
    {
        get
        {
            if (Volatile.Read(ref _completion) is null
                && Interlocked.CompareExchange(ref _completion, new CompletionWatch(this), null) is null)
            {
                _completion!.Start(_log);
            }

            return _completion!.Task;
        }
    }

    bool IParked.IsReadyWhileParked => _cursor.IsReadyWhileParked(_log) || _log.IsDisposed;

    /// <summary>Reads the next event, if there is one now.</summary>
    /// <param name="item">The event.</param>
    /// <exception cref="ObjectDisposedException">The reader is disposed.</exception>
    public override bool TryRead([MaybeNullWhen(false)] out T item)
    {
        bool isRead = _cursor.TryRead(_log, out item);
        if (!isRead)
        {
            ThrowIfDisposed();
        }

        if (_completion is not null)
        {
            CompleteIfDrained();
        }

        return isRead;
    }

    /// <summary>Reads the next event, if there is one now, and stays before it.</summary>
    /// <param name="item">The event.</param>
    /// <exception cref="ObjectDisposedException">The reader is disposed.</exception>
    public override bool TryPeek([MaybeNullWhen(false)] out T item)
    {
        bool isRead = _cursor.TryPeek(_log, out item);
        if (!isRead)
        {
            ThrowIfDisposed();
        }

        return isRead;
    }

    /// <summary>Waits until there is an event to read. Allocates nothing.</summary>
    /// <param name="cancellationToken">Ends the wait, but not the reader.</param>
    /// <returns>True when there is an event; false when the stream has completed and all was read.</returns>
    /// <remarks>The stream's error, if it has one, is thrown instead of returning false.</remarks>
    /// <exception cref="ObjectDisposedException">The reader, or the stream, is disposed.</exception>
    /// <exception cref="InvalidOperationException">A wait is pending already.</exception>
    public override ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<bool>(cancellationToken);
        }

        if (_cursor.HasEvent(_log))
        {
            return new ValueTask<bool>(true);
        }

        return WaitSlow(cancellationToken);
    }

    /// <summary>Gives back what the reader holds. A pending wait ends with an <see cref="ObjectDisposedException"/>.</summary>
    public void Dispose()
    {
        int state = Interlocked.Exchange(ref _state, Disposed);
        if (state == Disposed)
        {
            return;
        }

        GC.SuppressFinalize(this);
        _waiter.Disarm();
        _cursor.Close(_log);
        if (_waiter.IsOnStack && _log.Waiting.Abandon(0))
        {
            _log.Waiting.Sweep();
        }

        if (state == Waiting)
        {
            _wait.SetException(new ObjectDisposedException(GetType().Name));
        }

        _completion?.Dispose();
    }

    void IParked.Wake()
    {
        if (Interlocked.CompareExchange(ref _state, Idle, Waiting) == Waiting)
        {
            _waiter.Disarm();
            _wait.SetResult(true);
        }
    }

    bool IValueTaskSource<bool>.GetResult(short token)
    {
        // Behind this no callback of this wait runs any more, so the next wait cannot be hit by it.
        _cancellation.Dispose();
        _cancellation = default;
        bool isReady = _wait.GetResult(token);
        // Woken: by an event, or by the end, or because the stream was disposed.
        return isReady && (_cursor.HasEvent(_log) || !HasEnded());
    }

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _wait.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wait.OnCompleted(continuation, state, token, flags);

    private ValueTask<bool> WaitSlow(CancellationToken cancellationToken)
    {
        try
        {
            if (HasEnded())
            {
                return new ValueTask<bool>(false);
            }
        }
        catch (Exception error)
        {
            return ValueTask.FromException<bool>(error);
        }

        _wait.Reset();
        short version = _wait.Version;
        int state = Interlocked.CompareExchange(ref _state, Waiting, Idle);
        if (state != Idle)
        {
            return ValueTask.FromException<bool>(state == Disposed
                ? new ObjectDisposedException(GetType().Name)
                : new InvalidOperationException("A wait for this reader is pending already; a reader has one owner at a time."));
        }

        if (_waiter.Arm(this))
        {
            _log.Waiting.Push(_waiter);
        }

        if (((IParked)this).IsReadyWhileParked)
        {
            _log.Waiting.WakeAll();
        }

        if (cancellationToken.CanBeCanceled)
        {
            _token = cancellationToken;
            _cancellation = cancellationToken.UnsafeRegister(static (reader, _) => ((EventReader<T>)reader!).Cancel(), this);
        }

        return new ValueTask<bool>(this, version);
    }

    private void Cancel()
    {
        if (Interlocked.CompareExchange(ref _state, Idle, Waiting) == Waiting)
        {
            // The entry stays on the stack, without an owner; the next wait uses it again.
            _waiter.Disarm();
            _wait.SetException(new OperationCanceledException(_token));
        }
    }

    /// <summary>Whether all was read and nothing comes any more; throws how the stream ended if it did not just complete.</summary>
    private bool HasEnded()
    {
        ThrowIfDisposed();
        ObjectDisposedException.ThrowIf(_log.IsDisposed, _stream);
        if (!_cursor.IsAtEnd(_log))
        {
            return false;
        }

        if (_log.Termination!.Error is { } error)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(error);
        }

        return true;
    }

    private void CompleteIfDrained()
    {
        // The sequence was stored, now the end is loaded; who ends the stream stores the end, then loads the sequence.
        Interlocked.MemoryBarrier();
        if (_cursor.IsAtEnd(_log))
        {
            _completion!.Complete(_log.Termination!);
        }
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _state) == Disposed, this);

    /// <summary>Waits for the end of the stream on behalf of <see cref="Completion"/>, without holding the reader.</summary>
    private sealed class CompletionWatch : IParked, IDisposable
    {
        private readonly WeakReference<EventReader<T>> _reader;
        private readonly TaskCompletionSource _source = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Waiter _waiter = new();

        internal CompletionWatch(EventReader<T> reader) => _reader = new WeakReference<EventReader<T>>(reader);

        public bool IsReadyWhileParked => true;

        internal Task Task => _source.Task;

        public void Wake()
        {
            if (_reader.TryGetTarget(out EventReader<T>? reader))
            {
                reader.CompleteIfDrained();
            }
        }

        public void Dispose()
        {
            _waiter.Disarm();
            _source.TrySetException(new ObjectDisposedException(nameof(EventReader<T>)));
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
                Dispose();
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
    }
}
