namespace Rx.Samples.Dashboard;

/// <summary>A position at which a subscriber can join later. It keeps the events after it in memory.</summary>
internal sealed record Bookmark(string Name, EventPosition<PublishedEvent> Position);
