namespace Rx.Samples.Dashboard;

/// <summary>The events of this sample.</summary>
/// <param name="Publisher">The number of the publisher, from 0.</param>
/// <param name="Number">The number of events that this publisher published before.</param>
internal readonly record struct PublishedEvent(int Publisher, long Number);
