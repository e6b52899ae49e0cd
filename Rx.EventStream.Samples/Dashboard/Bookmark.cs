namespace Rx.Samples.Dashboard;

/// <summary>A position that somebody may join at later. It keeps the events behind it in memory for as long as it is held.</summary>
internal sealed record Bookmark(string Name, EventPosition<Mark> Position);
