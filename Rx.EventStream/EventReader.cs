using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Rx.Delivery;
using Rx.Parking;
using Rx.Storage;

namespace Rx;

/// <summary>Pulls events from a stream, at its own pace, as a <see cref="ChannelReader{T}"/> that takes nothing from others.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// The garbage collector frees a reader that is never disposed, with the events that only it was holding.
/// <para><b>Concurrency.</b> One owner at a time, as for an enumerator: reading and waiting must not overlap, and a reader is
/// disposed by its owner, or while nothing but a wait is pending; that wait then ends. <see cref="Count"/>,
/// <see cref="Sequence"/> and <see cref="Completion"/> may be used from any thread.</para>
/// </remarks>
[DebuggerDisplay("Sequence = {Sequence}, Count = {Count}")]
public sealed partial class EventReader<T> : ChannelReader<T>, IDisposable
{
    private readonly EventStream<T> _stream;
    private readonly EventLog<T> _log;
    private readonly ParkingLot<T> _parking;
    private readonly Wait _wait;

    /// <summary>Owned by the reader's owner; any thread reads its sequence number, for figures.</summary>
    private Cursor<T> _cursor;

    /// <summary>What <see cref="Completion"/> returned, or null. Set once, by the first caller; read with acquire.</summary>
    private CompletionWatch? _completion;

    private readonly string? _name;

    /// <summary>Called once when the reader has given back what it held, or null. Set before the constructor returns.</summary>
    private readonly Action? _ended;

    internal EventReader(EventStream<T> stream, Cursor<T> cursor, string? name, WaitGate? gate, int capacity)
    {
        _name = name;
        _stream = stream;
        _log = stream.Log;
        _parking = stream.Parking;
        _cursor = cursor;
        _wait = new Wait(this);
        _parking.AnnounceWaiters();
        if (gate is not null)
        {
            // Weak: publishers do not wait for a reader that is no longer referenced.
            var self = new WeakReference<EventReader<T>>(this);
            var member = new WaitGate.Member(
                () => self.TryGetTarget(out EventReader<T>? reader) ? reader.Sequence : long.MaxValue / 2, capacity);
            gate.Add(member);
            ParkingLot<T> parking = _parking;
            _ended = () =>
            {
                gate.Remove(member);
                parking.NotifyProgress();
            };
        }
    }

    /// <summary>Gives back what a reader holds that was not disposed.</summary>
    ~EventReader()
    {
        // Null if the constructor threw.
        if (_log is not null)
        {
            _cursor.Close(_log);
            _completion?.Abandon();
            _ended?.Invoke();
        }
    }

    /// <summary>The sequence number of the next event that is read.</summary>
    public long Sequence => _cursor.Sequence;

    /// <summary>How many events this reader missed because it lagged too far; see <see cref="LagPolicy"/>.</summary>
    public long Dropped => _cursor.Dropped;

    /// <summary>How many published events this reader has not read yet: its lag.</summary>
    public override int Count => (int)Math.Clamp(_log.NextSequence - _cursor.Sequence, 0, int.MaxValue);

    /// <summary>True.</summary>
    public override bool CanCount => true;

    /// <summary>True.</summary>
    public override bool CanPeek => true;

    /// <summary>Done when the stream has ended and everything was read; faulted with the stream's error if it has one, with the
    /// reader's own if it did not get that far, or with an <see cref="ObjectDisposedException"/> if the reader or the stream is disposed
    /// before.</summary>
    public override Task Completion
    {
        get
        {
            CompletionWatch watch = LazyInitializer.EnsureInitialized(ref _completion, () => new CompletionWatch(this, _log, _parking));
            watch.Start();
            if (_wait.IsEnded)
            {
                watch.Abandon();
            }

            return watch.Task;
        }
    }

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

        OnRead();
        return isRead;
    }

    /// <summary>Reads the events that are there now and lie side by side, without copying.</summary>
    /// <param name="maxCount">The most events to read; at least 1.</param>
    /// <param name="batch">A slice of the stream's own memory. It stays valid, and in use, for as long as it is held.</param>
    /// <returns>True if there was one.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxCount"/> is less than 1.</exception>
    /// <exception cref="ObjectDisposedException">The reader is disposed.</exception>
    public bool TryReadBatch(int maxCount, out ReadOnlyMemory<T> batch)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxCount, 1);
        batch = _cursor.PeekRun(_log, maxCount); // not PeekBatch: once a reader has existed, no arrays are used again
        if (batch.IsEmpty)
        {
            ThrowIfDisposed();
        }

        _cursor.MoveTo(_cursor.Sequence + batch.Length);
        OnRead();
        return !batch.IsEmpty;
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

    /// <summary>Waits until there is an event to read. Allocates nothing, except now and then the segment for the event it waits
    /// for.</summary>
    /// <param name="cancellationToken">Ends the wait, but not the reader.</param>
    /// <returns>True when there is an event; false when the stream has completed and all was read.</returns>
    /// <remarks>The stream's error, if it has one, is thrown instead of returning false; so is a
    /// <see cref="SubscriberLaggedException"/> where the lag policy says so.</remarks>
    /// <exception cref="ObjectDisposedException">The reader, or the stream, is disposed.</exception>
    /// <exception cref="InvalidOperationException">A wait is already pending.</exception>
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

        try
        {
            return HasEnded() ? new ValueTask<bool>(false) : _wait.Start(cancellationToken);
        }
        catch (Exception error)
        {
            return ValueTask.FromException<bool>(error);
        }
    }

    /// <summary>Gives back what the reader holds. A pending wait ends with an <see cref="ObjectDisposedException"/>.</summary>
    public void Dispose()
    {
        if (_wait.TryDispose())
        {
            GC.SuppressFinalize(this);
            _cursor.Close(_log);
            _ended?.Invoke();
            Volatile.Read(ref _completion)?.Abandon();
        }
    }

    /// <summary>Whether everything was read and the stream has completed; throws if it has ended in another way.</summary>
    private bool HasEnded()
    {
        ThrowIfDisposed();
        Termination? termination = _log.Termination;
        ObjectDisposedException.ThrowIf(ReferenceEquals(termination, Termination.Disposed), _stream);
        if (_cursor.HasFailed)
        {
            SubscriberLaggedException failure = Observers.LaggedError(_name, in _cursor);
            _completion?.Fail(failure);
            throw failure;
        }

        if (termination is null || !_cursor.IsAtEnd(_log))
        {
            return false;
        }

        if (termination.Error is { } error)
        {
            ExceptionDispatchInfo.Throw(error);
        }

        return true;
    }

    private void OnRead()
    {
        if (_completion is not null)
        {
            CompleteIfDrained();
        }

        _parking.NotifyProgress();
    }

    private void CompleteIfDrained()
    {
        // The sequence number was stored, now the end is loaded; the thread that ends the stream stores the end, then loads the sequence
        // number.
        Interlocked.MemoryBarrier();
        Termination? termination = _log.Termination;
        if (_cursor.HasFailed)
        {
            _completion!.Fail(Observers.LaggedError(_name, in _cursor));
        }
        else if (termination is not null && (_cursor.IsAtEnd(_log) || ReferenceEquals(termination, Termination.Disposed)))
        {
            _completion!.Complete(termination);
        }
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_wait.IsEnded, this);
}
