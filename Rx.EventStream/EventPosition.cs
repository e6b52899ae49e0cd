using System.Diagnostics;
using Rx.Diagnostics;
using Rx.Storage;

namespace Rx;

/// <summary>A place in a stream: the events from <see cref="Sequence"/> on. A subscriber or reader can join there at any time.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// Holding a position keeps the events after it alive. Disposing it lets them go at once; a position that is not disposed lets them go when
/// the garbage collector finds it unreachable.
/// <para><b>Concurrency.</b> Immutable; may be shared and used from any thread.</para>
/// </remarks>
[DebuggerDisplay("Sequence = {Sequence}")]
public sealed class EventPosition<T> : IDisposable
{
    /// <summary>The stream, or null once disposed. Cleared with release by the thread that disposes the position, read with
    /// acquire.</summary>
    private EventStream<T>? _stream;

    /// <summary>Never moved: it holds the lease, and other cursors fork from it.</summary>
    private Cursor<T> _cursor;

    internal EventPosition(EventStream<T> stream, Cursor<T> cursor)
    {
        _stream = stream;
        _cursor = cursor;
    }

    /// <summary>Gives the lease back of a position that was not disposed.</summary>
    ~EventPosition() => Close();

    /// <summary>The sequence number of the first event after this position. Sequence numbers count from 0, without holes.</summary>
    public long Sequence => _cursor.Sequence;

    /// <exception cref="ObjectDisposedException">The position is disposed.</exception>
    internal EventStream<T> Stream
    {
        get
        {
            EventStream<T>? stream = Volatile.Read(ref _stream);
            DisposedError.ThrowIf(stream is null, typeof(EventPosition<T>));
            return stream;
        }
    }

    /// <summary>The stream from here on.</summary>
    /// <exception cref="ObjectDisposedException">The position is disposed.</exception>
    public EventObservable<T> AsObservable() => Stream.From(this);

    /// <summary>A reader that starts here.</summary>
    /// <exception cref="ObjectDisposedException">The position, or the stream, is disposed.</exception>
    public EventReader<T> OpenReader() => AsObservable().OpenReader();

    /// <summary>The events from here on, for <c>await foreach</c>. Each enumeration starts here.</summary>
    /// <param name="cancellationToken">Ends the enumeration with an <see cref="OperationCanceledException"/>.</param>
    /// <remarks>It ends when the stream completes, and throws the stream's error if it has one.</remarks>
    public IAsyncEnumerable<T> ReadAllAsync(CancellationToken cancellationToken = default) => AsObservable().ReadAllAsync(cancellationToken);

    /// <summary>Lets go at once of the events that only this position keeps alive. Calling it again does nothing.</summary>
    /// <remarks>Using the position afterwards throws <see cref="ObjectDisposedException"/>. The garbage collector frees a position that is
    /// not disposed.</remarks>
    public void Dispose()
    {
        Close();
        GC.SuppressFinalize(this);
    }

    /// <summary>A cursor here, with a lease of its own.</summary>
    /// <exception cref="ObjectDisposedException">The position is disposed.</exception>
    internal Cursor<T> Fork()
    {
        bool isForked = _cursor.TryFork(out Cursor<T> cursor);
        GC.KeepAlive(this); // the finalizer must not give the lease back before the fork has its own
        DisposedError.ThrowIf(!isForked, typeof(EventPosition<T>));
        return cursor;
    }

    private void Close()
    {
        if (Volatile.Read(ref _stream) is { } stream)
        {
            _cursor.Close(stream.Log);
            Volatile.Write(ref _stream, null); // a position may stay referenced for long after it was disposed
        }
    }
}
