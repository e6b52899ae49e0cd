namespace Rx.Diagnostics;

/// <summary>How a stream is at one moment, or several streams of one name together.</summary>
internal readonly record struct StreamFigures(long Subscribers, long GreatestLag, long RetainedEvents, long Segments, KeptEvents Kept)
{
    internal StreamFigures Plus(StreamFigures other) => new(
        Subscribers + other.Subscribers,
        Math.Max(GreatestLag, other.GreatestLag),
        RetainedEvents + other.RetainedEvents,
        Segments + other.Segments,
        Kept.Plus(other.Kept));
}
