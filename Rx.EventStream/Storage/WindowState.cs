namespace Rx.Storage;

/// <summary>The segment that a window holds a lease on, and which thread moves it.</summary>
/// <remarks>
/// <code>
///   Unopened --TryOpen--> Resting --TryBeginMove, BeginMove--> Moving --EndMove--> Resting
/// </code>
/// One thread at a time moves the segment. A thread that finds the window being moved leaves the work to the moving thread, which looks
/// again after <see cref="EndMove"/>. A mutable struct: always used in place.
/// </remarks>
internal struct WindowState<T>
{
    private Segment<T>? _segment;

    /// <summary>1 while a thread moves the window.</summary>
    private int _isMoving;

    /// <summary>The leased segment, or null while unopened, or <see cref="Segment{T}.Cut"/> once the log is disposed; read with acquire. It may be closed, and older than the window, when the caller
    /// looks at it.</summary>
    internal readonly Segment<T>? Segment => Volatile.Read(in _segment);

    /// <summary>Unopened to Resting, taking over a lease; false if the window was open. Publishes the segment; pairs with
    /// <see cref="Segment"/>.</summary>
    internal bool TryOpen(Segment<T> leased) => Interlocked.CompareExchange(ref _segment, leased, null) is null;

    /// <summary>Resting to Moving; false if another thread moves the window.</summary>
    internal bool TryBeginMove() => Interlocked.Exchange(ref _isMoving, 1) == 0;

    /// <summary>Resting to Moving, waiting while another thread moves the window.</summary>
    internal void BeginMove()
    {
        while (!TryBeginMove())
        {
            UninterruptibleSpin.Once();
        }
    }

    /// <summary>Replaces the segment, by the thread that moves. Publishes the new one; pairs with <see cref="Segment"/>.</summary>
    internal void MoveOwned(Segment<T> segment) => Volatile.Write(ref _segment, segment);

    /// <summary>Moving to Resting. A full fence: the caller then looks whether there is more to move.</summary>
    internal void EndMove() => Interlocked.Exchange(ref _isMoving, 0);
}
