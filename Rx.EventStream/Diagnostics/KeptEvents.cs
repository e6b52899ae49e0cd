namespace Rx.Diagnostics;

/// <summary>How many events of a stream each kind of holder keeps in memory. The kinds overlap.</summary>
internal readonly record struct KeptEvents(long ByRetention, long ByObservers, long ByReaders, long ByPositions)
{
    internal KeptEvents Plus(KeptEvents other) => new(
        ByRetention + other.ByRetention,
        ByObservers + other.ByObservers,
        ByReaders + other.ByReaders,
        ByPositions + other.ByPositions);
}
