namespace Rx.Storage;

/// <summary>The segment that a cursor stands in.</summary>
/// <remarks>
/// <code>
///   a segment --TryMove--> the next one      a segment --Take--> closed, for good
/// </code>
/// The owner moves it. Where the object that has the cursor allows it, another thread may close it at the same time, or move it where the log is
/// disposed; one CAS decides.
/// A mutable struct: always used in place.
/// </remarks>
internal struct SegmentRef<T>(Segment<T> segment)
{
    private Segment<T>? _segment = segment;

    /// <summary>The segment, or null when closed; for the owner.</summary>
    internal readonly Segment<T>? Owned => _segment; // plain: the owner moves it, and finds a concurrent closing by the CAS in TryMove

    /// <summary>The segment, or null when closed, read with acquire; for any thread.</summary>
    internal readonly Segment<T>? Current => Volatile.Read(in _segment);

    /// <summary>Moves on; false if the cursor was closed, or moved by another thread.</summary>
    internal bool TryMove(Segment<T> from, Segment<T> to) => Interlocked.CompareExchange(ref _segment, to, from) == from;

    /// <summary>Closes; returns the segment for exactly one caller, and null for every other.</summary>
    internal Segment<T>? Take() => Interlocked.Exchange(ref _segment, null);
}
