namespace Rx.Diagnostics;

/// <summary>The figures of a stream at one moment, or of several streams of one name together.</summary>
internal readonly record struct StreamFigures(
    long Published, long Delivered, long Dropped, long Subscribers, long GreatestLag, long RetainedEvents, long Segments)
{
    internal StreamFigures Plus(StreamFigures other) => new(
        Published + other.Published,
        Delivered + other.Delivered,
        Dropped + other.Dropped,
        Subscribers + other.Subscribers,
        Math.Max(GreatestLag, other.GreatestLag),
        RetainedEvents + other.RetainedEvents,
        Segments + other.Segments);
}
