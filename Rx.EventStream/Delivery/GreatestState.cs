namespace Rx.Delivery;

/// <summary>The greatest of the numbers that were seen: what makes a figure that is read from several fields never fall.</summary>
/// <remarks>
/// <code>
///   n --Raise(greater)--> greater
///   n --Close-----------> n, or greater, for good
/// </code>
/// Code that reads the figure raises it, on any thread; the thread that ends what the figure is about closes it. A mutable struct: always used in
/// place.
/// </remarks>
internal struct GreatestState
{
    private const long Closed = long.MinValue;

    private long _greatest;

    /// <summary>The greatest number.</summary>
    internal readonly long Greatest => Volatile.Read(in _greatest) & ~Closed;

    /// <summary>Raises the greatest number to another one, unless it is closed, and returns it.</summary>
    internal long Raise(long seen) => Raise(seen, flag: 0);

    /// <summary>Raises the greatest number to another one, after which it stays as it is.</summary>
    internal void Close(long seen) => Raise(seen, Closed);

    private long Raise(long seen, long flag)
    {
        long greatest = Volatile.Read(ref _greatest);
        while (greatest >= 0 && (seen > greatest || flag != 0))
        {
            long raised = Math.Max(seen, greatest) | flag;
            long found = Interlocked.CompareExchange(ref _greatest, raised, greatest);
            greatest = found == greatest ? raised : found;
        }

        return greatest & ~Closed;
    }
}
