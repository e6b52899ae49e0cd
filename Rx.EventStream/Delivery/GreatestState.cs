namespace Rx.Delivery;

/// <summary>The greatest of the numbers that were seen: what makes a figure that is read from several fields never fall.</summary>
/// <remarks>
/// <code>
///   n --Raise(greater)--> greater
/// </code>
/// Any thread raises it, and only code that reads the figure does. A mutable struct: always used in place.
/// </remarks>
internal struct GreatestState
{
    private long _greatest;

    /// <summary>Raises the greatest number to another one, and returns it.</summary>
    internal long Raise(long seen)
    {
        long greatest = Volatile.Read(ref _greatest);
        while (seen > greatest)
        {
            long found = Interlocked.CompareExchange(ref _greatest, seen, greatest);
            if (found == greatest)
            {
                return seen;
            }

            greatest = found;
        }

        return greatest;
    }
}
