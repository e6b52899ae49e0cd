namespace Rx.Delivery;

/// <summary>The first sequence number that a subscription gets.</summary>
/// <remarks>
/// <code>
///   Undecided --TryDecide--> n --Set--> later
/// </code>
/// One that replays nothing is in the list before that is decided: by the subscribing thread, or by a drainer that finds it first. The drainer that
/// admits it sets the number once more. A mutable struct: always used in place.
/// </remarks>
internal struct FirstEventState
{
    private const long Undecided = long.MaxValue;

    private long _first;

    /// <summary>Undecided.</summary>
    public FirstEventState() => _first = Undecided;

    internal FirstEventState(long first) => _first = first;

    /// <summary>Whether it is decided; read with acquire.</summary>
    internal readonly bool IsDecided => Volatile.Read(in _first) != Undecided;

    /// <summary>The number, read with acquire; <see cref="long.MaxValue"/> if it is undecided.</summary>
    internal readonly long Number => Volatile.Read(in _first);

    /// <summary>Undecided to <paramref name="next"/>, unless another thread was first. A full fence.</summary>
    internal void TryDecide(long next) => Interlocked.CompareExchange(ref _first, next, Undecided);

    /// <summary>To another number, with release. By the drainer that admits the subscription, or by the thread that ends it.</summary>
    internal void Set(long first) => Volatile.Write(ref _first, first);
}
