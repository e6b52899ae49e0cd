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
public sealed class EventPosition<T>
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
    public EventView<T> AsObservable() => Stream.From(this);

    /// <summary>A reader that starts here.</summary>
    /// <exception cref="ObjectDisposedException">The stream is disposed.</exception>
    public EventReader<T> OpenReader() => AsObservable().OpenReader();

    /// <summary>The events from here on, for <c>await foreach</c>. Each enumeration starts here.</summary>
    /// <param name="ct">Ends the enumeration with an <see cref="OperationCanceledException"/>.</param>
    /// <remarks>It ends when the stream completes, and throws the stream's error if it has one.</remarks>
    public IAsyncEnumerable<T> ReadAllAsync(CancellationToken ct = default) => AsObservable().ReadAllAsync(ct);

    /// <summary>Gives the lease back at once, by one who has not handed the position out.</summary>
    internal void Release() => _cursor.Close(Stream.Log);

    /// <summary>A cursor here, with a lease of its own.</summary>
    internal Cursor<T> Fork()
    {
        Cursor<T> cursor = _cursor.Fork();
        GC.KeepAlive(this); // the finalizer must not give the lease back before the fork has its own
        return cursor;
    }
}
