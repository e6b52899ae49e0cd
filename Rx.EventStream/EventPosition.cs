using System.Diagnostics;
using Rx.Storage;

namespace Rx;

/// <summary>A place in a stream: the events from <see cref="Sequence"/> on. Whoever holds it can join there at any time.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// Holding a position keeps the events after it alive. When nobody refers to it any more, the garbage collector gives
/// them back, as far as no one else needs them.
/// <para><b>Concurrency.</b> Immutable; may be shared and used from any thread.</para>
/// </remarks>
[DebuggerDisplay("Sequence = {Sequence}")]
public sealed class EventPosition<T> : IDisposable
{
    /// <summary>Never moved: it only holds the lease, and others fork from it.</summary>
    private Cursor<T> _cursor;

    internal EventPosition(EventStream<T> stream, Cursor<T> cursor, Fault? fault = null)
    {
        Stream = stream;
        Fault = fault;
        _cursor = cursor;
    }

    /// <summary>Gives the lease back, since a position is let go of by forgetting it.</summary>
    ~EventPosition() => _cursor.Close(Stream.Log);

    /// <summary>The sequence of the first event after this position; sequences count from 0, without holes.</summary>
    public long Sequence => _cursor.Sequence;

    internal EventStream<T> Stream { get; }

    /// <summary>Where those who join here end though the stream goes on, or null.</summary>
    internal Fault? Fault { get; }

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
    /// <remarks>Using the position afterwards throws <see cref="ObjectDisposedException"/>. A position that is not disposed is given back by the garbage collector.</remarks>
    public void Dispose()
    {
        _cursor.Close(Stream.Log);
        GC.SuppressFinalize(this);
    }

    internal void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(!_cursor.IsOpen, this);

    /// <summary>A cursor here, with a lease of its own.</summary>
    /// <exception cref="ObjectDisposedException">The position is disposed.</exception>
    internal Cursor<T> Fork()
    {
        bool isForked = _cursor.TryFork(out Cursor<T> cursor);
        GC.KeepAlive(this); // the finalizer must not give the lease back before the fork has its own
        ObjectDisposedException.ThrowIf(!isForked, this);
        return cursor;
    }
}
