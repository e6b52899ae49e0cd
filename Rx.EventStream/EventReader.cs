using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Rx.Storage;

namespace Rx;

/// <summary>Pulls events from a stream, at its own pace, as a <see cref="ChannelReader{T}"/> that takes nothing from others.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// A reader that is never disposed is given back by the garbage collector, with the events only it was holding.
/// <para><b>Concurrency.</b> One owner at a time, as for an enumerator: reading and waiting must not overlap, and a reader is
/// disposed by its owner, or while nothing but a wait is pending; that wait then ends. <see cref="Count"/>,
/// <see cref="Sequence"/> and <see cref="Completion"/> may be used from any thread.</para>
/// </remarks>
[DebuggerDisplay("Sequence = {Sequence}, Count = {Count}")]
public sealed partial class EventReader<T> : ChannelReader<T>, IDisposable
{
    private readonly EventStream<T> _stream;
    private readonly EventLog<T> _log;
    private readonly Wait _wait;

    /// <summary>Owned by whoever reads; its sequence is read by anyone for figures.</summary>
    private Cursor<T> _cursor;

    /// <summary>What <see cref="Completion"/> gave out, or null. Set once by CAS.</summary>
    private CompletionWatch? _completion;

    internal EventReader(EventStream<T> stream, Cursor<T> cursor)
    {
        _stream = stream;
        _log = stream.Log;
        _cursor = cursor;
        _wait = new Wait(this);
        _log.ExpectReaders();
    }

    /// <summary>Gives back what a forgotten reader holds.</summary>
    ~EventReader()
    {
        // Null if the constructor threw.
        if (_log is not null)
        {
            _cursor.Close(_log);
        }
    }

    /// <summary>The sequence of the next event that is read.</summary>
    public long Sequence => _cursor.Sequence;

    /// <summary>How many published events this reader has not read yet.</summary>
    public override int Count => (int)Math.Clamp(_log.NextSequence - _cursor.Sequence, 0, int.MaxValue);

    /// <summary>True.</summary>
    public override bool CanCount => true;

    /// <summary>True.</summary>
    public override bool CanPeek => true;

    /// <summary>Done when the stream has ended and everything was read; faulted with the stream's error if it has one, or with an
    /// <see cref="ObjectDisposedException"/> if the reader or the stream is disposed before.</summary>
    public override Task Completion
    {
        get
        {
            if (Volatile.Read(ref _completion) is { } watch)
            {
                return watch.Task;
            }

            watch = new CompletionWatch(this);
            if (Interlocked.CompareExchange(ref _completion, watch, null) is { } other)
            {
                return other.Task;
            }

            watch.Start(_log);
            if (_wait.IsDisposed)
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
            Volatile.Read(ref _completion)?.Abandon();
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
            ExceptionDispatchInfo.Throw(error);
        }

        return true;
    }

    private void CompleteIfDrained()
    {
        // The sequence was stored, now the end is loaded; who ends the stream stores the end, then loads the sequence.
        Interlocked.MemoryBarrier();
        Termination? termination = _log.Termination;
        if (termination is not null && (_cursor.IsAtEnd(_log) || ReferenceEquals(termination, Termination.Disposed)))
        {
            _completion!.Complete(termination);
        }
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_wait.IsDisposed, this);
}
